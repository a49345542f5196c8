//! The workload of the benches on Tidewire, and on the floor that it is measured against.

mod floor;
mod tidewire;

pub use floor::Floor;
pub use tidewire::Tidewire;
