//! A stream behind a filter.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use tidewire_state::{Schema, StreamSchema, Tracked, Viewer, Visitor};

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Unit {
    name: String,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Field {
    #[schema(filter = yes)]
    units: StreamSchema<Unit>,
}

fn yes(_: &Field, _: &Viewer<'_>) -> bool {
    true
}

#[test]
fn entries_that_come_behind_a_filter_that_passes_are_seen() {
    let mut field = Tracked::new(Field::default());
    let view = field.create_view("ada");
    for at in 0..3 {
        let key = field.units.add(Unit { name: "a".into() }).to_string();
        let nobody: &mut [&mut dyn Visitor] = &mut [];
        field.sync(nobody);
        let node = field.node(&["units", &key]).unwrap();
        assert!(field.view(view).unwrap().is_through(node), "{at}");
    }
}
