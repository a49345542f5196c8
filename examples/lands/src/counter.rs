//! A number, and an action that makes it one more.

use std::time::Duration;

use tidewire::prelude::*;

/// What everybody sees.
#[derive(Schema, Default)]
pub struct CounterState {
    /// How often somebody incremented it.
    pub count: i32,
}

/// The payload of `Increment`: nothing.
#[derive(Schema, Default, Deserialize)]
pub struct IncrementAction {}

/// The answer to it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IncrementResponse {
    /// The number now.
    pub new_count: i32,
}

/// The land.
pub struct CounterRoom {
    /// How many times as fast as usual.
    pub speed: u32,
}

impl Room for CounterRoom {
    type State = CounterState;

    fn on_create(&mut self, room: &mut RoomContext<Self>) -> Result<()> {
        room.set_max_clients(10);
        let interval = Duration::from_millis(100) / self.speed.max(1);
        // What clients ask for is done at the ticks, so there are ticks, though nothing else happens.
        room.set_simulation_interval(interval, |_, _, _| Ok(()));
        room.set_patch_rate(interval);
        room.on_action("Increment", |_, room, _, IncrementAction {}| {
            room.state.count = room.state.count.wrapping_add(1);
            Ok(IncrementResponse { new_count: room.state.count })
        });
        Ok(())
    }
}
