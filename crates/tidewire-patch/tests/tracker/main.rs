//! What listeners of a tracker are told: who sees what by tags, and what follows when they are given and
//! taken.
#![expect(clippy::unwrap_used, reason = "a test may")]

mod listener_tags;

use tidewire_patch::{ListenerConfig, ListenerId, Op, Tracker, TrackerConfig, TrackerError};
use tidewire_state::{ArraySchema, Instance, MapSchema, RefId, Schema, Tracked};

#[derive(Schema, Default, Clone)]
#[schema(crate = "tidewire_state")]
struct Card {
    suit: u8,
}

#[derive(Schema, Default, Clone)]
#[schema(crate = "tidewire_state")]
struct Player {
    name: String,
    #[schema(view)]
    gold: u32,
    #[schema(view)]
    hand: ArraySchema<Card>,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Table {
    players: MapSchema<Player>,
    deck: MapSchema<Card>,
    pile: ArraySchema<Card>,
    trump: Option<Instance<Card>>,
    round: u32,
    #[schema(computed = Table::half)]
    half: u32,
}

impl Table {
    fn half(&self) -> u32 {
        self.round / 2
    }
}

fn private_cards() -> TrackerConfig {
    let mut config = TrackerConfig::default();
    config.private_types = vec!["Card".to_owned()];
    config
}

/// The patches of a listener, a line each.
fn told(tracker: &Tracker, listener: ListenerId) -> Vec<String> {
    tracker.patches(listener).map(|patch| patch.to_json().to_string()).collect()
}

fn node(state: &mut Tracked<Table>, path: &[&str]) -> RefId {
    state.node(path).unwrap()
}

/// A table with a player and a card, a tracker, and a listener for each of `a` and `b`.
fn begin(config: TrackerConfig) -> (Tracked<Table>, Tracker, ListenerId, ListenerId) {
    let mut state = Tracked::new(Table::default());
    let player = Player { name: "Ada".into(), gold: 7, ..Player::default() };
    state.players.insert("ada", player);
    state.deck.insert("x", Card { suit: 3 });
    let mut tracker = Tracker::new(&state, config).unwrap();
    let mut reversible = ListenerConfig::default();
    reversible.reversible = true;
    let a = tracker.listen(["a"], ListenerConfig::default()).unwrap();
    let b = tracker.listen(["b"], reversible).unwrap();
    tracker.patch(&mut state);
    assert_eq!(told(&tracker, a), [""; 0]);
    (state, tracker, a, b)
}

#[test]
fn a_tag_opens_private_fields_and_taking_it_closes_them() {
    let (mut state, mut tracker, a, b) = begin(TrackerConfig::default());
    let ada = node(&mut state, &["players", "ada"]);
    tracker.add_tag(&state, ada, "b").unwrap();
    tracker.patch(&mut state);
    assert_eq!(told(&tracker, a), [""; 0]);
    let adds = [
        r#"{"op":"add","path":"/players/ada/gold","value":7}"#,
        r#"{"op":"add","path":"/players/ada/hand","value":[]}"#,
    ];
    assert_eq!(told(&tracker, b), adds);
    state.players.get_mut("ada").unwrap().gold = 8;
    state.players.get_mut("ada").unwrap().hand.push(Card { suit: 1 });
    tracker.patch(&mut state);
    assert_eq!(told(&tracker, a), [""; 0]);
    let changes = [
        r#"{"op":"replace","path":"/players/ada/gold","value":8,"oldValue":7}"#,
        r#"{"op":"add","path":"/players/ada/hand/0","value":{"suit":1}}"#,
    ];
    assert_eq!(told(&tracker, b), changes);
    tracker.delete_tag(&state, ada, "b").unwrap();
    tracker.patch(&mut state);
    let removes = [
        r#"{"op":"remove","path":"/players/ada/gold","oldValue":8}"#,
        r#"{"op":"remove","path":"/players/ada/hand","oldValue":[{"suit":1}]}"#,
    ];
    assert_eq!(told(&tracker, b), removes);
    assert_eq!(tracker.snapshot(b), tracker.snapshot(a));
    tracker.patch(&mut state);
    assert_eq!(told(&tracker, b), [""; 0]);
}

#[test]
fn a_private_struct_comes_to_a_map_with_its_tag_and_goes_with_it() {
    let (mut state, mut tracker, a, _) = begin(private_cards());
    let card = node(&mut state, &["deck", "x"]);
    tracker.add_tag(&state, card, "a").unwrap();
    tracker.patch(&mut state);
    assert_eq!(told(&tracker, a), [r#"{"op":"add","path":"/deck/x","value":{"suit":3}}"#]);
    state.deck.get_mut("x").unwrap().suit = 4;
    tracker.patch(&mut state);
    assert_eq!(told(&tracker, a), [r#"{"op":"replace","path":"/deck/x/suit","value":4}"#]);
    tracker.delete_tag(&state, card, "a").unwrap();
    tracker.patch(&mut state);
    assert_eq!(told(&tracker, a), [r#"{"op":"remove","path":"/deck/x"}"#]);
}

#[test]
fn with_private_map_values_everyone_knows_the_keys() {
    let mut config = private_cards();
    config.private_map_value_patch = true;
    let (mut state, mut tracker, a, b) = begin(config);
    state.deck.insert("y", Card { suit: 5 });
    let card = node(&mut state, &["deck", "y"]);
    tracker.add_tag(&state, card, "a").unwrap();
    tracker.patch(&mut state);
    assert_eq!(told(&tracker, a), [r#"{"op":"add","path":"/deck/y","value":{"suit":5}}"#]);
    let patch = tracker.patches(b).next().unwrap();
    assert_eq!((patch.op, patch.path.to_string().as_str()), (Op::Add, "/deck/y"));
    assert!(patch.value.unwrap().is_undefined());
    // Given and taken, it is replaced in its place; what changes while it is veiled is not told.
    tracker.delete_tag(&state, card, "a").unwrap();
    tracker.add_tag(&state, card, "b").unwrap();
    tracker.patch(&mut state);
    let patch = tracker.patches(a).next().unwrap();
    assert!(patch.op == Op::Replace && patch.value.unwrap().is_undefined());
    let patch = tracker.patches(b).next().unwrap();
    assert_eq!((patch.op, patch.path.to_string().as_str()), (Op::Replace, "/deck/y"));
    assert_eq!(patch.value.unwrap().to_json().to_string(), r#"{"suit":5}"#);
    assert!(patch.old.unwrap().is_undefined());
    state.deck.get_mut("y").unwrap().suit = 6;
    tracker.patch(&mut state);
    assert_eq!(told(&tracker, a), [""; 0]);
    state.deck.remove("y");
    tracker.patch(&mut state);
    assert_eq!(told(&tracker, a), [r#"{"op":"remove","path":"/deck/y"}"#]);
}

#[test]
fn in_fields_and_arrays_a_private_struct_is_undefined() {
    let (mut state, mut tracker, a, b) = begin(private_cards());
    state.trump = Some(Instance::new(Card { suit: 1 }));
    state.pile.push(Card { suit: 2 });
    let trump = node(&mut state, &["trump"]);
    tracker.add_tag(&state, trump, "a").unwrap();
    tracker.patch(&mut state);
    let values = |listener| {
        let patches = tracker.patches(listener);
        let line = |patch: tidewire_patch::Patch| {
            let value = patch.value.unwrap();
            (patch.path.to_string(), value.is_undefined())
        };
        patches.map(line).collect::<Vec<_>>()
    };
    assert_eq!(values(a), [("/trump".to_owned(), false), ("/pile/0".to_owned(), true)]);
    assert_eq!(values(b), [("/trump".to_owned(), true), ("/pile/0".to_owned(), true)]);
    let card = node(&mut state, &["pile", "0"]);
    tracker.add_tag(&state, card, "b").unwrap();
    tracker.patch(&mut state);
    let patch = tracker.patches(b).next().unwrap().to_json().to_string();
    assert!(patch.starts_with(r#"{"op":"replace","path":"/pile/0","value":{"suit":2}"#), "{patch}");
}

#[test]
fn tags_come_from_the_parent_and_without_one_from_the_root() {
    let (mut state, mut tracker, a, b) = begin(TrackerConfig::default());
    let ada = node(&mut state, &["players", "ada"]);
    let card = node(&mut state, &["deck", "x"]);
    tracker.add_tag(&state, RefId::ROOT, "a").unwrap();
    assert_eq!(tracker.tags(ada), ["a"]);
    tracker.patch(&mut state);
    assert_eq!(told(&tracker, a).len(), 2);
    tracker.add_tag(&state, card, "b").unwrap();
    tracker.set_parent(&state, ada, Some(card)).unwrap();
    assert_eq!(tracker.set_parent(&state, card, Some(ada)), Err(TrackerError::OwnParent));
    tracker.patch(&mut state);
    assert_eq!(tracker.tags(ada), ["a", "b"]);
    assert_eq!(told(&tracker, b).len(), 2);
    // When the parent is gone, its tags are.
    state.deck.remove("x");
    tracker.add_tag(&state, card, "c").unwrap();
    tracker.patch(&mut state);
    tracker.patch(&mut state);
    assert_eq!(tracker.tags(ada), ["a"]);
}

#[test]
fn filters_spies_and_listeners_that_come_and_go() {
    let (mut state, mut tracker, a, _) = begin(private_cards());
    let mut config = ListenerConfig::default();
    config.only = vec![Op::Remove];
    let removals = tracker.listen(["a"], config).unwrap();
    let mut config = ListenerConfig::default();
    config.spy = true;
    let spy = tracker.listen([""; 0], config).unwrap();
    let all = r#"{"players":{"ada":{"name":"Ada","gold":7,"hand":[]}},"deck":{"x":{"suit":3}},"pile":[],"round":0,"half":0}"#;
    assert_eq!(tracker.snapshot(spy).to_json().to_string(), all);
    state.round = 5;
    state.deck.remove("x");
    state.players.remove("ada");
    tracker.patch(&mut state);
    let a_told = told(&tracker, a);
    assert_eq!(
        a_told,
        [
            r#"{"op":"replace","path":"/round","value":5}"#,
            r#"{"op":"replace","path":"/half","value":2}"#,
            r#"{"op":"remove","path":"/players/ada"}"#,
        ],
    );
    assert_eq!(told(&tracker, removals), a_told[2..]);
    assert_eq!(told(&tracker, spy).len(), 4);
    // A tag is nothing to a spy.
    tracker.add_tag(&state, RefId::ROOT, "a").unwrap();
    tracker.patch(&mut state);
    assert_eq!(told(&tracker, spy), [""; 0]);
    tracker.dispose(spy);
    state.round = 6;
    tracker.patch(&mut state);
    assert_eq!(told(&tracker, spy), [""; 0]);
    assert_eq!(told(&tracker, a).len(), 2);
    assert!(tracker.snapshot(spy).is_undefined());
}

#[test]
fn types_that_cannot_be_private_are_refused() {
    let state = Tracked::new(Table::default());
    let refused = |name: &str| {
        let mut config = TrackerConfig::default();
        config.private_types = vec![name.to_owned()];
        Tracker::new(&state, config).unwrap_err().to_string()
    };
    assert_eq!(refused("Coin"), "the state has no type `Coin` that could be private or public");
    assert!(refused("Table").contains("cannot be private"));
}

#[test]
fn a_key_that_clients_cannot_hold_is_told_of_to_the_program_alone() {
    let (mut state, mut tracker, a, b) = begin(TrackerConfig::default());
    assert_eq!(tracker.refusal(a), None);
    state.deck.insert("__proto__", Card { suit: 3 });
    tracker.patch(&mut state);
    assert_eq!([told(&tracker, a), told(&tracker, b)], [[""; 0]; 2]);
    for listener in [a, b] {
        let refusal = tracker.refusal(listener).unwrap();
        assert!(refusal.to_string().contains("`/deck/__proto__`"), "{refusal}");
    }
}

#[test]
fn a_zero_changes_its_sign() {
    #[derive(Schema, Default)]
    #[schema(crate = "tidewire_state")]
    struct Dial {
        angle: f64,
    }
    let mut state = Tracked::new(Dial::default());
    let mut tracker = Tracker::new(&state, TrackerConfig::default()).unwrap();
    let listener = tracker.listen([""; 0], ListenerConfig::default()).unwrap();
    tracker.patch(&mut state);
    state.angle = -0.0;
    tracker.patch(&mut state);
    assert_eq!(told(&tracker, listener), [r#"{"op":"replace","path":"/angle","value":-0.0}"#]);
    assert_eq!(tracker.snapshot_for([""; 0]).to_json().to_string(), r#"{"angle":-0.0}"#);
}
