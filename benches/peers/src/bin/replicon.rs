//! The workload on `bevy_replicon`: a server app and a client app that hand each other messages.
//!
//! Only the schedules that do the work are run, not the rest of a Bevy frame: `PostUpdate` of the
//! server, where changes are collected and written, and `PreUpdate` of the client, where messages
//! are read.

use std::collections::HashMap;

use bevy::{ecs::schedule::ScheduleLabel, prelude::*, state::app::StatesPlugin};
use bevy_replicon::{
    prelude::*,
    shared::server_entity_map::ServerEntityMap,
    test_app::{ServerTestAppExt, TestClientEntity},
};
use serde::{Deserialize, Serialize};
use tidewire_bench_harness::{CASES, Contender, Peer, Tick, Workload, measure};

/// Two floats that change together are one component, as one would have them in a game.
#[derive(Component, Serialize, Deserialize)]
struct Position {
    x: f32,
    y: f32,
}

#[derive(Component, Serialize, Deserialize)]
struct Hp(u16);

#[derive(Component, Serialize, Deserialize)]
struct PlayerName(String);

struct Replicon {
    server: App,
    client: App,
    client_entity: Entity,
    players: HashMap<String, Entity, bevy::platform::hash::FixedHasher>,
    order: Vec<Entity>,
    query: QueryState<(&'static mut Position, &'static mut Hp)>,
}

impl Replicon {
    fn new(workload: &Workload) -> Self {
        let [mut server, mut client] = [(); 2].map(|()| {
            let mut app = App::new();
            let replicon = RepliconPlugins.set(ServerPlugin::new(PostUpdate));
            app.add_plugins((MinimalPlugins, StatesPlugin, replicon))
                .replicate::<Position>()
                .replicate::<Hp>()
                .replicate::<PlayerName>()
                .finish();
            app
        });
        server.connect_client(&mut client);

        let (mut players, mut order) = (HashMap::default(), Vec::new());
        for (key, entity) in workload.entities() {
            let position = Position { x: entity.x, y: entity.y };
            let id = server
                .world_mut()
                .spawn((Replicated, position, Hp(entity.hp), PlayerName(entity.name)))
                .id();
            players.insert(key.to_owned(), id);
            order.push(id);
        }
        server.update();
        server.exchange_with_client(&mut client);
        client.update();
        server.exchange_with_client(&mut client);

        let client_entity = **client.world().resource::<TestClientEntity>();
        let query = server.world_mut().query();
        Self { server, client, client_entity, players, order, query }
    }
}

impl Peer for Replicon {
    fn mutate(&mut self, tick: &Tick<'_>) {
        let world = self.server.world_mut();
        for change in tick.moves() {
            let entity = self.players[change.key];
            let (mut position, mut hp) =
                self.query.get_mut(world, entity).expect("every key names an entity");
            position.x += change.dx;
            position.y += change.dy;
            if change.hit {
                hp.0 = hp.0.wrapping_sub(1);
            }
        }
    }

    fn encode(&mut self) -> usize {
        run(&mut self.server, PostUpdate);
        let mut bytes = 0;
        let mut received = self.client.world_mut().resource_mut::<ClientMessages>();
        let mut sent = self.server.world_mut().resource_mut::<ServerMessages>();
        for (_, channel, message) in sent.drain_sent() {
            bytes += message.len();
            received.insert_received(channel, message);
        }
        bytes
    }

    fn patch(&self) -> Option<&[u8]> {
        None
    }

    fn apply(&mut self, _: &[u8]) {
        run(&mut self.client, PreUpdate);
    }

    /// Takes the acknowledgements back to the server, which resends whatever has none, and lets
    /// both worlds end their frame.
    fn settle(&mut self) {
        run(&mut self.client, PostUpdate);
        let mut sent = self.client.world_mut().resource_mut::<ClientMessages>();
        let mut received = self.server.world_mut().resource_mut::<ServerMessages>();
        for (channel, message) in sent.drain_sent() {
            received.insert_received(self.client_entity, channel, message);
        }
        for app in [&mut self.client, &mut self.server] {
            run(app, Last);
            app.world_mut().clear_trackers();
            run(app, First);
        }
        run(&mut self.server, PreUpdate);
    }

    fn copies(&mut self) -> [Vec<tidewire_bench_harness::Entity>; 2] {
        let to_client = self.client.world().resource::<ServerEntityMap>().to_client();
        [
            self.order.iter().map(|entity| plain(self.server.world(), *entity)).collect(),
            self.order.iter().map(|entity| plain(self.client.world(), to_client[entity])).collect(),
        ]
    }
}

fn run(app: &mut App, schedule: impl ScheduleLabel) {
    app.world_mut().run_schedule(schedule);
}

fn plain(world: &World, entity: Entity) -> tidewire_bench_harness::Entity {
    let (position, hp, name) = world
        .entity(entity)
        .get_components::<(&Position, &Hp, &PlayerName)>()
        .expect("every entity has all components");
    tidewire_bench_harness::Entity { x: position.x, y: position.y, hp: hp.0, name: name.0.clone() }
}

fn main() {
    let contender = Contender {
        name: "bevy_replicon 0.44",
        build: |workload| Box::new(Replicon::new(workload)),
    };
    for case in CASES {
        for row in measure(&Workload::new(case), &[contender]) {
            println!("{row}");
        }
    }
}
