//! Listeners whose tags change while they listen.

use tidewire_patch::{ListenerConfig, Tracker, TrackerConfig};
use tidewire_state::Tracked;

use crate::{Player, Table, told};

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
