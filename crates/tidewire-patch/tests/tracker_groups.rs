//! What is told is worked out once for those who are shown the same, however many they are and whatever tags they
//! have that show nothing.
#![expect(clippy::unwrap_used, reason = "a test may")]

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tidewire_patch::{
    ListenerConfig, ListenerId, Op, Patch, PatchpackDecoder, Tracker, TrackerConfig, TrackerError,
    TrackerSerializer, mpack,
    notepack::Value,
    serializer::{Change, Serializer, SerializerError, View},
};
use tidewire_state::{Handle, MapSchema, Pool, Schema, SetSchema, Tracked};

#[derive(Schema, Default, Clone)]
#[schema(crate = "tidewire_state")]
struct Player {
    x: u32,
    #[schema(view)]
    gold: u32,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Arena {
    players: MapSchema<Player>,
}

/// Counts what it is asked for.
#[derive(Clone, Default)]
struct Counter {
    made: Arc<AtomicUsize>,
    encoded: Arc<AtomicUsize>,
}

impl Serializer for Counter {
    fn id(&self) -> &str {
        "counter"
    }

    fn for_view(&self) -> Option<Box<dyn Serializer>> {
        self.made.fetch_add(1, Ordering::Relaxed);
        Some(Box::new(self.clone()))
    }

    fn encode_snapshot(&mut self, _: View<'_>, out: &mut Vec<u8>) {
        out.push(0);
    }

    fn encode_patch(&mut self, _: &Change<'_>, _: View<'_>, out: &mut Vec<u8>) {
        self.encoded.fetch_add(1, Ordering::Relaxed);
        out.push(1);
    }

    fn decode_snapshot(&mut self, _: &[u8]) -> Result<Value, SerializerError> {
        Ok(Value::Undefined)
    }

    fn decode_patch(&mut self, _: &[u8]) -> Result<Vec<Patch>, SerializerError> {
        Ok(Vec::new())
    }
}

fn arena(players: u32) -> Tracked<Arena> {
    let mut state = Tracked::new(Arena::default());
    for x in 0..players {
        state.players.insert(format!("p{x}"), Player { x, gold: x });
    }
    state
}

fn listeners(tracker: &mut Tracker, count: usize) -> Vec<ListenerId> {
    let listen = |at| tracker.listen([format!("own {at}")], ListenerConfig::default()).unwrap();
    (0..count).map(listen).collect()
}

#[test]
fn a_hundred_listeners_with_tags_that_nothing_has_are_told_once() {
    let mut state = arena(3);
    let counter = Counter::default();
    let own = Box::new(counter.clone());
    let mut tracker = Tracker::with_serializer(&state, TrackerConfig::default(), own).unwrap();
    let all = listeners(&mut tracker, 100);
    tracker.patch(&mut state);
    state.players.get_mut("p1").unwrap().x = 9;
    tracker.patch(&mut state);
    assert_eq!((tracker.group_count(), counter.encoded.load(Ordering::Relaxed)), (1, 1));
    assert!(all.iter().all(|one| tracker.messages(*one).eq([b"\x01"])));
    // Two tags that show something make two more groups. Spies are one.
    for (name, tag) in [("p0", "own 7"), ("p1", "own 8")] {
        let node = state.node(&["players", name]).unwrap();
        tracker.add_tag(&state, node, tag).unwrap();
    }
    for tag in ["a", "b", "own 7"] {
        tracker.listen([tag], ListenerConfig::SPY).unwrap();
    }
    tracker.patch(&mut state);
    assert_eq!(tracker.group_count(), 4);
    counter.encoded.store(0, Ordering::Relaxed);
    state.players.get_mut("p0").unwrap().gold = 99;
    state.players.get_mut("p2").unwrap().x = 10;
    tracker.patch(&mut state);
    // Everyone is told of x; one group and the spies of the gold.
    assert_eq!(counter.encoded.load(Ordering::Relaxed), 4 + 2);
    assert_eq!(tracker.messages(all[7]).next().unwrap().len(), 2);
}

#[test]
fn a_hundred_listeners_cost_the_memory_of_one() {
    let held = |count: usize| {
        let mut kept = None;
        let counted = allocation_counter::measure(|| {
            let mut state = arena(200);
            let mut tracker = Tracker::new(&state, TrackerConfig::default()).unwrap();
            listeners(&mut tracker, count);
            tracker.patch(&mut state);
            kept = Some((state, tracker));
        });
        assert!(kept.is_some());
        counted.bytes_current
    };
    let (one, many) = (held(1), held(100));
    assert!(many - one < 100 * 1_024, "{one} bytes for one, {many} for a hundred");
}

#[test]
fn what_only_the_gone_were_told_is_forgotten() {
    let mut state = arena(200);
    let mut tracker = Tracker::new(&state, TrackerConfig::default()).unwrap();
    tracker.patch(&mut state);
    for at in 0..50 {
        let node = state.node(&["players", &format!("p{at}")]).unwrap();
        tracker.add_tag(&state, node, format!("own {at}")).unwrap();
    }
    let mut all = Vec::new();
    let come = allocation_counter::measure(|| {
        all = listeners(&mut tracker, 50);
        tracker.patch(&mut state);
    });
    assert_eq!(tracker.group_count(), 50);
    let go = allocation_counter::measure(|| {
        all.iter().for_each(|one| tracker.dispose(*one));
    });
    assert_eq!(tracker.group_count(), 0);
    let left = come.bytes_current + go.bytes_current;
    assert!(left < come.bytes_current / 20, "{left} of {} bytes", come.bytes_current);
    // No newcomer is taken for one who is gone.
    let newcomer = tracker.listen([""; 0], ListenerConfig::default()).unwrap();
    assert!(!all.contains(&newcomer) && tracker.snapshot(all[0]).is_undefined());
}

#[test]
fn groups_that_come_to_hold_the_same_are_one_again() {
    let mut state = arena(2);
    let mut tracker = Tracker::new(&state, TrackerConfig::default()).unwrap();
    let all = listeners(&mut tracker, 2);
    tracker.patch(&mut state);
    let node = state.node(&["players", "p0"]).unwrap();
    tracker.add_tag(&state, node, "own 0").unwrap();
    tracker.patch(&mut state);
    assert_eq!((tracker.group_count(), tracker.patches(all[0]).count()), (2, 1));
    tracker.delete_tag(&state, node, "own 0").unwrap();
    for _ in 0..2 {
        tracker.patch(&mut state);
    }
    assert_eq!((tracker.group_count(), tracker.patches(all[0]).count()), (1, 0));
    state.players.get_mut("p0").unwrap().x = 5;
    tracker.patch(&mut state);
    let told = all.map_told(&tracker);
    assert_eq!(told, ["/players/p0/x", "/players/p0/x"]);
}

trait Told {
    fn map_told(&self, tracker: &Tracker) -> Vec<String>;
}

impl Told for Vec<ListenerId> {
    fn map_told(&self, tracker: &Tracker) -> Vec<String> {
        let patches = self.iter().flat_map(|one| tracker.patches(*one));
        patches.map(|patch| patch.path.to_string()).collect()
    }
}

#[test]
fn a_set_is_followed_by_those_who_were_shown_its_structs_one_after_another() {
    #[derive(Schema, Default)]
    #[schema(crate = "tidewire_state")]
    struct Table {
        #[schema(pool)]
        pool: Pool<Player>,
        chips: SetSchema<Handle<Player>>,
    }
    let mut state = Tracked::new(Table::default());
    let config = TrackerConfig::default().with_private_type("Player");
    let mut tracker = Tracker::new(&state, config).unwrap();
    let all = [("a", 1), ("b", 2)].map(|(tag, x)| {
        let chip = state.pool.insert(Player { x, gold: 0 });
        state.chips.insert(chip);
        (tag, chip, tracker.listen([tag], ListenerConfig::default()).unwrap())
    });
    tracker.patch(&mut state);
    for (at, (tag, ..)) in all.iter().enumerate() {
        let node = state.node(&["chips", &at.to_string()]).unwrap();
        tracker.add_tag(&state, node, *tag).unwrap();
    }
    tracker.patch(&mut state);
    let mut held = all.map(|(_, _, one)| tracker.snapshot(one));
    for (_, _, one) in all {
        tracker.set_listener_tags(one, ["a", "b"]);
    }
    for x in 5..9 {
        state.pool.get_mut(all[0].1).unwrap().x = x;
        tracker.patch(&mut state);
        for ((_, _, one), held) in std::iter::zip(all, &mut held) {
            tracker.patches(one).for_each(|patch| patch.apply(held).unwrap());
            let json = held.to_json();
            let mut shown: Vec<u64> = json["chips"]
                .as_array()
                .unwrap()
                .iter()
                .map(|chip| chip["x"].as_u64().unwrap())
                .collect();
            shown.sort_unstable();
            assert_eq!(shown, [2, x.into()]);
        }
    }
}

#[test]
fn a_listener_that_comes_after_a_sync_is_not_told_of_it() {
    let mut state = arena(1);
    let config = TrackerConfig::default().with_serializer(TrackerSerializer::Mpack);
    let mut tracker = Tracker::new(&state, config).unwrap();
    let first = tracker.listen([""; 0], ListenerConfig::default()).unwrap();
    tracker.patch(&mut state);
    state.players.insert("p1", Player::default());
    tracker.patch(&mut state);
    let second = tracker.listen([""; 0], ListenerConfig::default()).unwrap();
    assert_eq!((tracker.patches(first).count(), tracker.messages(first).count()), (1, 1));
    assert_eq!((tracker.patches(second).count(), tracker.messages(second).count()), (0, 0));
    assert_eq!(tracker.snapshot(first), tracker.snapshot(second));
}

#[test]
fn only_some_operations_in_bytes() {
    let mut state = arena(1);
    for kind in [TrackerSerializer::Mpack, TrackerSerializer::Light] {
        let mut state = arena(1);
        let config = TrackerConfig::default().with_serializer(kind);
        let mut tracker = Tracker::new(&state, config).unwrap();
        let only = ListenerConfig::default().with_only([Op::Remove, Op::Add]);
        let one = tracker.listen([""; 0], only).unwrap();
        tracker.patch(&mut state);
        state.players.get_mut("p0").unwrap().x = 4;
        state.players.insert("p1", Player::default());
        tracker.patch(&mut state);
        assert_eq!((tracker.messages(one).count(), tracker.patches(one).count()), (1, 1));
        if kind == TrackerSerializer::Mpack {
            let patch = mpack::decode_patch(tracker.messages(one).next().unwrap()).unwrap();
            assert_eq!((patch.op, patch.path.to_string()), (Op::Add, "/players/p1".to_owned()));
        }
    }
    let config = TrackerConfig::default().with_serializer(TrackerSerializer::Patchpack);
    let mut tracker = Tracker::new(&state, config).unwrap();
    let only = ListenerConfig::default().with_only([Op::Add]);
    assert_eq!(tracker.listen(["a"], only), Err(TrackerError::Only("patchpack".to_owned())));
    let one = tracker.listen(["a"], ListenerConfig::default()).unwrap();
    tracker.patch(&mut state);
    let snapshot = tracker.encoded_snapshot(one).unwrap();
    let (_, held) = PatchpackDecoder::from_state(&snapshot).unwrap();
    assert_eq!(held, tracker.snapshot(one));
}

#[test]
fn a_serializer_for_one_audience_is_refused() {
    struct Alone;
    impl Serializer for Alone {
        fn id(&self) -> &str {
            "alone"
        }
        fn encode_snapshot(&mut self, _: View<'_>, _: &mut Vec<u8>) {}
        fn encode_patch(&mut self, _: &Change<'_>, _: View<'_>, _: &mut Vec<u8>) {}
        fn decode_snapshot(&mut self, _: &[u8]) -> Result<Value, SerializerError> {
            Ok(Value::Undefined)
        }
        fn decode_patch(&mut self, _: &[u8]) -> Result<Vec<Patch>, SerializerError> {
            Ok(Vec::new())
        }
    }
    let state = arena(0);
    let refused = Tracker::with_serializer(&state, TrackerConfig::default(), Box::new(Alone));
    assert!(refused.unwrap_err().to_string().contains("implement `Serializer::for_view`"));
}

#[test]
fn a_serializer_that_counts_goes_on_counting_where_its_group_is_split() {
    /// Writes how many messages there were, if it may be forked.
    struct Numbered(u8, bool);
    impl Serializer for Numbered {
        fn id(&self) -> &str {
            "numbered"
        }
        fn for_view(&self) -> Option<Box<dyn Serializer>> {
            Some(Box::new(Self(0, self.1)))
        }
        fn fork(&self) -> Option<Box<dyn Serializer>> {
            self.1.then(|| Box::new(Self(self.0, true)) as Box<dyn Serializer>)
        }
        fn encode_snapshot(&mut self, _: View<'_>, _: &mut Vec<u8>) {}
        fn encode_patch(&mut self, _: &Change<'_>, _: View<'_>, out: &mut Vec<u8>) {
            self.0 += 1;
            out.push(self.0);
        }
        fn decode_snapshot(&mut self, _: &[u8]) -> Result<Value, SerializerError> {
            Ok(Value::Undefined)
        }
        fn decode_patch(&mut self, _: &[u8]) -> Result<Vec<Patch>, SerializerError> {
            Ok(Vec::new())
        }
    }
    for (may_fork, expected) in [(true, [3, 3]), (false, [3, 1])] {
        let mut state = arena(1);
        let own = Box::new(Numbered(0, may_fork));
        let mut tracker = Tracker::with_serializer(&state, TrackerConfig::default(), own).unwrap();
        let all = listeners(&mut tracker, 2);
        tracker.patch(&mut state);
        for x in 1..3 {
            state.players.get_mut("p0").unwrap().x = x;
            tracker.patch(&mut state);
        }
        let node = state.node(&["players", "p0"]).unwrap();
        tracker.add_tag(&state, node, "own 0").unwrap();
        state.players.get_mut("p0").unwrap().x = 7;
        tracker.patch(&mut state);
        let mut first = all.iter().map(|one| tracker.messages(*one).next().unwrap()[0]);
        let mut told = [first.next().unwrap(), first.next().unwrap()];
        told.sort_unstable_by(|a, b| b.cmp(a));
        assert_eq!((tracker.group_count(), told), (2, expected));
    }
}

#[test]
fn a_change_of_one_of_many_costs_what_one_of_few_does() {
    let told = |players: u32| {
        let mut state = arena(players);
        let mut tracker = Tracker::new(&state, TrackerConfig::default()).unwrap();
        let one = tracker.listen([""; 0], ListenerConfig::default()).unwrap();
        tracker.patch(&mut state);
        let mut step = |x| {
            state.players.get_mut("p1").unwrap().x = x;
            tracker.patch(&mut state);
            assert_eq!(tracker.patches(one).count(), 1);
        };
        (10..14).for_each(&mut step);
        allocation_counter::measure(|| step(20)).bytes_total
    };
    let (few, many) = (told(10), told(2_000));
    assert_eq!(few, many, "bytes that a sync asks for");
}
