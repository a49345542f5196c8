//! Types whose spelling tells nothing are refused by the traits, at the field.

use tidewire_state::Schema;

struct NotDerived;

#[derive(Schema)]
#[schema(crate = "tidewire_state")]
struct Holder {
    #[schema(skip)]
    fine: Option<NotDerived>,
    field: NotDerived,
}

#[derive(Schema)]
#[schema(crate = "tidewire_state")]
struct Number {
    #[schema(number)]
    duration: std::time::Duration,
}

fn main() {}
