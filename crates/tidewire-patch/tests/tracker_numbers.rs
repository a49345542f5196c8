//! Tags are those of a struct: whatever becomes of its number, no other struct has them.
#![expect(clippy::unwrap_used, reason = "a test may")]

use tidewire_patch::{ListenerConfig, ListenerId, Tracker, TrackerConfig, TrackerError};
use tidewire_state::{
    ArraySchema, Handle, Instance, MapSchema, Pool, RefId, Schema, StreamSchema, Tracked,
};

#[derive(Schema, Default, Clone)]
#[schema(crate = "tidewire_state")]
struct Player {
    #[schema(view)]
    gold: u32,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct World {
    #[schema(pool)]
    pool: Pool<Player>,
    players: MapSchema<Player>,
    line: ArraySchema<Player>,
    #[schema(max_per_tick = 1)]
    queue: StreamSchema<Player>,
    boss: Option<Instance<Player>>,
    boxed: Option<Box<Player>>,
    held: Option<Handle<Player>>,
}

struct Stage {
    state: Tracked<World>,
    tracker: Tracker,
    ada: ListenerId,
}

impl Stage {
    fn new() -> Self {
        let state = Tracked::new(World::default());
        let mut tracker = Tracker::new(&state, TrackerConfig::default()).unwrap();
        let ada = tracker.listen(["ada"], ListenerConfig::default()).unwrap();
        let mut stage = Self { state, tracker, ada };
        stage.sync();
        stage
    }

    fn sync(&mut self) {
        self.tracker.patch(&mut self.state);
    }

    /// Gives the struct at a path the tag, and tells its number.
    fn tag(&mut self, path: &[&str]) -> RefId {
        let node = self.state.node(path).unwrap();
        self.tracker.add_tag(&self.state, node, "ada").unwrap();
        node
    }

    /// Makes structs until one gets the number, and sees to it that no gold shows.
    fn nobody_has(mut self, node: RefId) {
        self.sync();
        let mut found = false;
        for name in ["p0", "p1", "p2", "p3", "p4", "p5"] {
            self.sync();
            self.state.players.insert(name, Player { gold: 99 });
            self.sync();
            found |= self.state.node(&["players", name]).unwrap() == node;
        }
        assert!(found, "no struct got the number {node:?} again");
        self.shows_nothing();
    }

    fn shows_nothing(&self) {
        let shown = self.tracker.snapshot(self.ada).to_json().to_string();
        assert!(!shown.contains("gold"), "{shown}");
    }
}

fn player() -> Player {
    Player { gold: 7 }
}

#[test]
fn a_struct_that_came_and_went_in_one_tick() {
    let mut stage = Stage::new();
    stage.state.players.insert("bob", player());
    let bob = stage.tag(&["players", "bob"]);
    stage.state.players.remove("bob");
    stage.nobody_has(bob);
}

#[test]
fn a_struct_that_was_replaced_before_anyone_saw_it() {
    let mut stage = Stage::new();
    stage.state.players.insert("bob", player());
    let bob = stage.tag(&["players", "bob"]);
    stage.state.players.insert("bob", player());
    stage.sync();
    stage.shows_nothing();
    stage.nobody_has(bob);
}

#[test]
fn a_struct_that_was_seen_and_went() {
    let mut stage = Stage::new();
    stage.state.players.insert("bob", player());
    stage.sync();
    let bob = stage.tag(&["players", "bob"]);
    stage.sync();
    stage.state.players.insert("bob", player());
    stage.sync();
    stage.shows_nothing();
    stage.nobody_has(bob);
}

#[test]
fn a_struct_that_gets_its_tag_when_it_is_gone_already() {
    let mut stage = Stage::new();
    stage.state.players.insert("bob", player());
    stage.sync();
    let bob = stage.state.node(&["players", "bob"]).unwrap();
    stage.state.players.remove("bob");
    stage.tracker.add_tag(&stage.state, bob, "ada").unwrap();
    stage.nobody_has(bob);
}

#[test]
fn an_item_that_was_taken_from_an_array() {
    let mut stage = Stage::new();
    stage.state.line.push(player());
    let item = stage.tag(&["line", "0"]);
    stage.state.line.pop();
    stage.nobody_has(item);
}

#[test]
fn an_instance_in_a_field_that_was_replaced() {
    let mut stage = Stage::new();
    stage.state.boss = Some(Instance::new(player()));
    let boss = stage.tag(&["boss"]);
    stage.state.boss = Some(Instance::new(player()));
    stage.sync();
    stage.shows_nothing();
    stage.nobody_has(boss);
}

#[test]
fn a_struct_in_an_optional_field_that_was_emptied() {
    let mut stage = Stage::new();
    stage.state.boxed = Some(Box::new(player()));
    let boxed = stage.tag(&["boxed"]);
    stage.state.boxed = None;
    stage.nobody_has(boxed);
}

#[test]
fn an_instance_of_a_pool_that_nothing_led_to_in_the_end() {
    let mut stage = Stage::new();
    let handle = stage.state.pool.insert(player());
    stage.state.held = Some(handle);
    let held = stage.tag(&["held"]);
    stage.state.held = None;
    stage.nobody_has(held);
}

#[test]
fn an_instance_of_a_pool_that_comes_back_takes_no_number_of_another() {
    let mut stage = Stage::new();
    let handle = stage.state.pool.insert(Player { gold: 99 });
    stage.state.held = Some(handle);
    stage.state.node(&["held"]).unwrap();
    stage.state.held = None;
    stage.sync();
    stage.sync();
    stage.state.players.insert("bob", player());
    stage.tag(&["players", "bob"]);
    stage.state.held = Some(handle);
    stage.sync();
    let shown = stage.tracker.snapshot(stage.ada).to_json();
    assert_eq!(shown["players"]["bob"]["gold"], 7);
    assert!(shown["held"].get("gold").is_none(), "{shown}");
}

#[test]
fn what_waits_in_a_stream_has_no_number_yet() {
    let mut stage = Stage::new();
    let keys = [stage.state.queue.add(player()), stage.state.queue.add(player())];
    let texts = keys.map(|key| key.to_string());
    assert!(stage.state.node(&["queue", &texts[0]]).is_err());
    stage.sync();
    let first = stage.state.node(&["queue", &texts[0]]).unwrap();
    stage.tracker.add_tag(&stage.state, first, "ada").unwrap();
    stage.sync();
    let shown = stage.tracker.snapshot(stage.ada).to_json().to_string();
    assert_eq!(shown.matches("gold").count(), 1, "{shown}");
    stage.state.queue.remove(keys[0]);
    stage.nobody_has(first);
}

#[test]
fn a_number_that_became_another_takes_its_tags_along() {
    // What was hidden and is not any more has another number.
    #[derive(Schema, Default)]
    #[schema(crate = "tidewire_state")]
    struct Safe {
        #[schema(pool)]
        pool: Pool<Player>,
        #[schema(view)]
        inside: Option<Handle<Player>>,
        outside: Option<Handle<Player>>,
    }
    let mut state = Tracked::new(Safe::default());
    let mut tracker = Tracker::new(&state, TrackerConfig::default()).unwrap();
    let ada = tracker.listen(["ada"], ListenerConfig::default()).unwrap();
    let handle = state.pool.insert(player());
    state.inside = Some(handle);
    tracker.patch(&mut state);
    let before = state.node(&["inside"]).unwrap();
    tracker.add_tag(&state, before, "ada").unwrap();
    state.outside = Some(handle);
    tracker.patch(&mut state);
    let after = state.node(&["outside"]).unwrap();
    assert_ne!(before, after);
    assert_eq!((tracker.tags(after), tracker.tags(before)), (vec!["ada"], vec![]));
    let shown = tracker.snapshot(ada).to_json().to_string();
    assert_eq!(shown, r#"{"outside":{"gold":7}}"#);
    assert_eq!(tracker.add_tag(&state, before, "b"), Err(TrackerError::NoNode(before)));
}

#[test]
fn a_parent_that_went_is_no_others() {
    let mut stage = Stage::new();
    for name in ["bob", "eve"] {
        stage.state.players.insert(name, player());
    }
    let (bob, eve) =
        (stage.tag(&["players", "bob"]), stage.state.node(&["players", "eve"]).unwrap());
    stage.tracker.set_parent(&stage.state, eve, Some(bob)).unwrap();
    stage.sync();
    assert_eq!(stage.tracker.parent(eve), Some(bob));
    assert_eq!(stage.tracker.patches(stage.ada).count(), 2);
    stage.state.players.remove("bob");
    stage.sync();
    // With the very sync in which it goes.
    assert_eq!((stage.tracker.parent(eve), stage.tracker.tags(eve)), (None, vec![]));
    stage.shows_nothing();
    stage.sync();
    stage.state.players.insert("zoe", player());
    let zoe = stage.tag(&["players", "zoe"]);
    assert_eq!(zoe, bob);
    stage.sync();
    let shown = stage.tracker.snapshot(stage.ada).to_json();
    assert!(shown["players"]["eve"].get("gold").is_none(), "{shown}");
}

#[test]
fn numbers_that_no_struct_has_are_refused() {
    let mut stage = Stage::new();
    let (state, tracker) = (&mut stage.state, &mut stage.tracker);
    let (never, players) = (RefId(99), state.node(&["players"]).unwrap());
    state.players.insert("bob", player());
    let bob = state.node(&["players", "bob"]).unwrap();
    assert_eq!(tracker.add_tag(state, never, "a"), Err(TrackerError::NoNode(never)));
    assert_eq!(tracker.delete_tag(state, never, "a"), Err(TrackerError::NoNode(never)));
    assert_eq!(tracker.set_parent(state, never, Some(bob)), Err(TrackerError::NoNode(never)));
    assert_eq!(tracker.set_parent(state, bob, Some(never)), Err(TrackerError::NoNode(never)));
    assert_eq!(tracker.set_parent(state, never, None), Err(TrackerError::NoNode(never)));
    let error = tracker.add_tag(state, players, "a").unwrap_err();
    assert_eq!(error, TrackerError::Collection(players));
    assert!(error.to_string().contains("give tags to the structs in it"), "{error}");
    tracker.patch(state);
    state.players.remove("bob");
    tracker.patch(state);
    let error = tracker.add_tag(state, bob, "a").unwrap_err().to_string();
    assert!(error.starts_with("there is no struct of the number"), "{error}");
    // A collection that was never seen is known for one too.
    let mut fresh = Tracked::new(World::default());
    let mut tracker = Tracker::new(&fresh, TrackerConfig::default()).unwrap();
    let players = fresh.node(&["players"]).unwrap();
    assert_eq!(tracker.add_tag(&fresh, players, "a"), Err(TrackerError::Collection(players)));
    assert_eq!(tracker.add_tag(&fresh, RefId::ROOT, "a"), Ok(()));
}
