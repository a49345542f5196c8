//! The workloads of the benches on Tidewire, and on the floor that it is measured against.

mod arena;
mod arrays;
mod churn;
mod floor;
pub mod hands;
mod joins;
mod names;
mod tidewire;
mod views;

pub use arrays::{Arrays, Edit};
pub use churn::Churn;
pub use floor::{Floor, FloorJoin, FloorNames};
pub use joins::{Join, Storm};
pub use names::Names;
pub use tidewire::Tidewire;
pub use views::{Views, Watching};
