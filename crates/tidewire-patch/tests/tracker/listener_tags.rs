//! Listeners whose tags change while they listen.

use proptest::prelude::*;
use tidewire_patch::{ListenerConfig, ListenerId, Tracker, TrackerConfig, notepack::Value};
use tidewire_state::{Instance, Tracked};

use crate::{Card, Player, Table, told};

/// A table with two players, whose own tags are `a` and `b`.
fn begin(config: TrackerConfig) -> (Tracked<Table>, Tracker) {
    let mut state = Tracked::new(Table::default());
    for (name, gold) in [("ada", 7), ("bob", 8)] {
        let player = Player { name: name.into(), gold, ..Player::default() };
        state.players.insert(name, player);
    }
    let mut tracker = Tracker::new(&state, config).unwrap();
    tracker.patch(&mut state);
    for (name, tag) in [("ada", "a"), ("bob", "b")] {
        let player = state.node(&["players", name]).unwrap();
        tracker.add_tag(&state, player, tag).unwrap();
    }
    (state, tracker)
}

#[test]
fn what_other_tags_show_comes_and_what_they_hide_goes() {
    let (mut state, mut tracker) = begin(TrackerConfig::default());
    let eve = tracker.listen(["a"], ListenerConfig::default()).unwrap();
    tracker.patch(&mut state);
    let before = tracker.snapshot(eve);
    tracker.set_listener_tags(eve, ["b"]);
    assert_eq!(tracker.listener_tags(eve), ["b"]);
    // Patches follow what it holds, so that is what it is shown until they come.
    assert_eq!(tracker.snapshot(eve), before);
    state.round = 1;
    tracker.patch(&mut state);
    let patches = [
        r#"{"op":"replace","path":"/round","value":1}"#,
        r#"{"op":"remove","path":"/players/ada/gold"}"#,
        r#"{"op":"remove","path":"/players/ada/hand"}"#,
        r#"{"op":"add","path":"/players/bob/gold","value":8}"#,
        r#"{"op":"add","path":"/players/bob/hand","value":[]}"#,
    ];
    assert_eq!(told(&tracker, eve), patches);
    tracker.patch(&mut state);
    assert_eq!(told(&tracker, eve), [""; 0]);
    tracker.add_listener_tag(eve, "a");
    tracker.delete_listener_tag(eve, "b");
    tracker.delete_listener_tag(eve, "nobody's");
    tracker.patch(&mut state);
    assert_eq!(told(&tracker, eve).len(), 4);
    assert_eq!(tracker.snapshot(eve).to_json()["players"], before.to_json()["players"]);
}

#[test]
fn those_who_had_the_same_tags_keep_them() {
    let (mut state, mut tracker) = begin(TrackerConfig::default());
    let mut reversible = ListenerConfig::default();
    reversible.reversible = true;
    let eve = tracker.listen(["a"], reversible).unwrap();
    let other = tracker.listen(["a"], ListenerConfig::default()).unwrap();
    tracker.patch(&mut state);
    tracker.set_listener_tags(eve, ["c"]);
    tracker.patch(&mut state);
    let removes = [
        r#"{"op":"remove","path":"/players/ada/gold","oldValue":7}"#,
        r#"{"op":"remove","path":"/players/ada/hand","oldValue":[]}"#,
    ];
    assert_eq!(told(&tracker, eve), removes);
    assert_eq!((told(&tracker, other).len(), tracker.listener_tags(other)), (0, vec!["a"]));
    // When it has them again, both are told the same.
    tracker.set_listener_tags(eve, ["a"]);
    tracker.patch(&mut state);
    assert_eq!((told(&tracker, eve).len(), told(&tracker, other).len()), (2, 0));
    for gold in 1..3 {
        state.players.get_mut("ada").unwrap().gold = gold;
        tracker.patch(&mut state);
        let patches = tracker.patches(eve).map(|patch| patch.to_json());
        let mut patches = patches.collect::<Vec<_>>();
        assert!(patches[0].as_object_mut().unwrap().remove("oldValue").is_some());
        assert_eq!(patches[0].to_string(), told(&tracker, other)[0]);
    }
}

#[test]
fn tags_of_a_newcomer_a_spy_and_one_who_is_gone() {
    let (mut state, mut tracker) = begin(TrackerConfig::default());
    let eve = tracker.listen(["c"], ListenerConfig::default()).unwrap();
    tracker.set_listener_tags(eve, ["a"]);
    let other = tracker.listen(["a"], ListenerConfig::default()).unwrap();
    let mut config = ListenerConfig::default();
    config.spy = true;
    let spy = tracker.listen([""; 0], config).unwrap();
    tracker.patch(&mut state);
    // Whoever has its tags before the others are told begins with what they show.
    assert_eq!(tracker.snapshot(eve), tracker.snapshot(other));
    tracker.add_listener_tag(spy, "a");
    tracker.patch(&mut state);
    assert_eq!((told(&tracker, spy), tracker.listener_tags(spy)), (vec![], vec!["a"]));
    tracker.dispose(eve);
    tracker.set_listener_tags(eve, ["b"]);
    tracker.patch(&mut state);
    assert_eq!((told(&tracker, eve), tracker.listener_tags(eve)), (vec![], vec![]));
    assert_eq!(told(&tracker, other), [""; 0]);
}

const NAMES: [&str; 3] = ["ada", "bob", "eve"];
const TAGS: [&str; 3] = ["a", "b", "c"];

/// Changes the state, the tags of its structs, or those of a listener.
fn edit(
    state: &mut Tracked<Table>,
    tracker: &mut Tracker,
    listeners: &[ListenerId],
    (kind, which, what): (u8, usize, u8),
) {
    let (name, tag) = (NAMES[which % 3], TAGS[usize::from(what) % 3]);
    let card = Card { suit: what };
    let place: &[&str] = match which % 4 {
        0 => &["deck", name],
        1 => &["players", name],
        2 => &["trump"],
        _ => &["pile", "0"],
    };
    let node = state.node(place).ok();
    match (kind % 13, node) {
        (0, _) => drop(state.deck.insert(name, card)),
        (1, _) => drop(state.deck.remove(name)),
        (2, _) => state.pile.push(card),
        (3, _) => drop(state.pile.pop()),
        (4, _) => state.trump = (what % 2 == 0).then(|| Instance::new(card)),
        (5, _) => match state.players.get_mut(name) {
            Some(player) if what % 2 == 0 => player.gold += 1,
            Some(player) => player.hand.push(card),
            None => drop(state.players.insert(name, Player::default())),
        },
        (6, _) => drop(state.players.remove(name)),
        (7, Some(node)) => tracker.add_tag(state, node, tag).unwrap(),
        (8, Some(node)) => tracker.delete_tag(state, node, tag).unwrap(),
        (9, _) => {
            let tags = TAGS.into_iter().zip([1, 2, 4]).filter(|(_, bit)| what & bit != 0);
            tracker.set_listener_tags(listeners[which % 3], tags.map(|(tag, _)| tag));
        }
        (10, _) => tracker.add_listener_tag(listeners[which % 3], tag),
        (11, _) => tracker.delete_listener_tag(listeners[which % 3], tag),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn patches_lead_to_what_a_newcomer_with_those_tags_is_shown(
        is_private in any::<bool>(),
        private_map_value_patch in any::<bool>(),
        edits in prop::collection::vec((any::<u8>(), any::<usize>(), any::<u8>()), 1..60),
    ) {
        let mut config = TrackerConfig::default();
        config.private_map_value_patch = private_map_value_patch;
        config.private_types = if is_private { vec!["Card".to_owned()] } else { Vec::new() };
        let (mut state, mut tracker) = begin(config);
        let mut reversible = ListenerConfig::default();
        reversible.reversible = true;
        let listeners = [
            tracker.listen(["a"], ListenerConfig::default()).unwrap(),
            tracker.listen(["a"], reversible).unwrap(),
            tracker.listen(["b"], ListenerConfig::default()).unwrap(),
        ];
        tracker.patch(&mut state);
        let mut held: Vec<Value> = listeners.map(|listener| tracker.snapshot(listener)).into();
        for edits in edits.chunks(4) {
            for change in edits {
                edit(&mut state, &mut tracker, &listeners, *change);
            }
            tracker.patch(&mut state);
            for (listener, held) in std::iter::zip(listeners, &mut held) {
                let before = held.clone();
                let patches: Vec<_> = tracker.patches(listener).collect();
                for patch in &patches {
                    patch.apply(held).unwrap();
                }
                let mut tags: Vec<String> =
                    tracker.listener_tags(listener).into_iter().map(str::to_owned).collect();
                // With a tag of its own it is told all anew, and not what the others know.
                tags.push("newcomer".to_owned());
                let newcomer = tracker.listen(tags, ListenerConfig::default()).unwrap();
                prop_assert_eq!(&*held, &tracker.snapshot(newcomer));
                tracker.dispose(newcomer);
                if listener == listeners[1] {
                    let mut undone = held.clone();
                    for patch in patches.iter().rev() {
                        patch.inverse().unwrap().apply(&mut undone).unwrap();
                    }
                    prop_assert_eq!(undone, before);
                }
            }
        }
    }
}
