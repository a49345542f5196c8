//! A snapshot over a state that was there before.

use std::cell::RefCell;

use proptest::prelude::*;
use tidewire_schema::{Decoder, Encoder, OwnedChange, OwnedPlace, OwnedValue, Profile};
use tidewire_state::{
    ArraySchema, CollectionSchema, DynStruct, Instance, MapSchema, Number, Primitive, Schema,
    SetSchema, Tracked,
};

use crate::common::{bytes, to_json};

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Item {
    name: String,
    n: u8,
}

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Player {
    hp: u8,
    #[schema(number)]
    x: f64,
    items: ArraySchema<Item>,
    best: Option<Instance<Item>>,
    /// What this client alone knows.
    #[schema(skip)]
    note: RefCell<String>,
}

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct State {
    title: String,
    round: Option<u8>,
    players: MapSchema<Player>,
    scores: MapSchema<Number>,
    deck: ArraySchema<Item>,
    log: ArraySchema<String>,
    tags: SetSchema<String>,
    bets: CollectionSchema<u8>,
    hero: Option<Instance<Player>>,
    own: Item,
}

#[derive(Clone, Debug)]
enum Edit {
    Title(u8),
    Round(Option<u8>),
    Join(u8, u8),
    Leave(u8),
    Hp(u8, f64),
    Give(u8, u8),
    Best(u8, bool),
    Score(u8, f64),
    Unscore(u8),
    Deck(usize, u8),
    Draw(usize),
    Sort,
    Reverse,
    Log(usize, u8),
    Unlog(usize),
    Tag(u8),
    Untag(u8),
    Bet(u8),
    Unbet(usize),
    Hero(bool),
    Own(u8),
    Tick,
}

fn edit() -> impl Strategy<Value = Edit> {
    let few = || 0..5_u8;
    let number = || prop_oneof![Just(0.1), Just(1e300), Just(7.0), Just(-2.5)];
    prop_oneof![
        few().prop_map(Edit::Title),
        prop::option::of(few()).prop_map(Edit::Round),
        (few(), few()).prop_map(|(a, b)| Edit::Join(a, b)),
        (few(), few()).prop_map(|(a, b)| Edit::Join(a, b)),
        few().prop_map(Edit::Leave),
        (few(), number()).prop_map(|(a, b)| Edit::Hp(a, b)),
        (few(), few()).prop_map(|(a, b)| Edit::Give(a, b)),
        (few(), any::<bool>()).prop_map(|(a, b)| Edit::Best(a, b)),
        (few(), number()).prop_map(|(a, b)| Edit::Score(a, b)),
        few().prop_map(Edit::Unscore),
        (0..6_usize, few()).prop_map(|(a, b)| Edit::Deck(a, b)),
        (0..6_usize, few()).prop_map(|(a, b)| Edit::Deck(a, b)),
        (0..6_usize).prop_map(Edit::Draw),
        Just(Edit::Sort),
        Just(Edit::Reverse),
        (0..6_usize, few()).prop_map(|(a, b)| Edit::Log(a, b)),
        (0..6_usize).prop_map(Edit::Unlog),
        few().prop_map(Edit::Tag),
        few().prop_map(Edit::Untag),
        few().prop_map(Edit::Bet),
        (0..4_usize).prop_map(Edit::Unbet),
        any::<bool>().prop_map(Edit::Hero),
        few().prop_map(Edit::Own),
        Just(Edit::Tick),
    ]
}

fn item(n: u8) -> Item {
    Item { name: format!("item {n}"), n }
}

fn player(n: u8) -> Player {
    Player { hp: n, x: f64::from(n) / 2.0, items: [item(n)].into(), ..Player::default() }
}

/// A server with one encoder.
struct Server {
    state: Tracked<State>,
    encoder: Encoder,
}

impl Server {
    fn new() -> Self {
        let mut state = Tracked::new(State::default());
        let mut encoder = Encoder::new(&state);
        encoder.patch(&mut state);
        Self { state, encoder }
    }

    fn edit(&mut self, edit: &Edit) {
        let state = &mut self.state;
        match *edit {
            Edit::Title(n) => state.title = n.to_string(),
            Edit::Round(round) => state.round = round,
            Edit::Join(key, n) => drop(state.players.insert(key.to_string(), player(n))),
            Edit::Leave(key) => drop(state.players.remove(&key.to_string())),
            Edit::Hp(key, x) => {
                if let Some(player) = state.players.get_mut(&key.to_string()) {
                    player.hp = player.hp.wrapping_add(1);
                    player.x = x;
                }
            }
            Edit::Give(key, n) => {
                if let Some(player) = state.players.get_mut(&key.to_string()) {
                    player.items.push(item(n));
                }
            }
            Edit::Best(key, there) => {
                if let Some(player) = state.players.get_mut(&key.to_string()) {
                    player.best = there.then(|| Instance::new(item(key)));
                }
            }
            Edit::Score(key, n) => drop(state.scores.insert(key.to_string(), Number(n))),
            Edit::Unscore(key) => drop(state.scores.remove(&key.to_string())),
            Edit::Deck(at, n) => {
                let at = at.min(state.deck.len());
                state.deck.insert(at, item(n));
            }
            Edit::Draw(at) if at < state.deck.len() => drop(state.deck.remove(at)),
            Edit::Sort => state.deck.sort_by_key(|item| item.n),
            Edit::Reverse => state.deck.reverse(),
            Edit::Log(at, n) => {
                let at = at.min(state.log.len());
                state.log.insert(at, n.to_string());
            }
            Edit::Unlog(at) if at < state.log.len() => drop(state.log.remove(at)),
            Edit::Tag(n) => drop(state.tags.insert(n.to_string())),
            Edit::Untag(n) => drop(state.tags.remove(&n.to_string())),
            Edit::Bet(n) => state.bets.add(n),
            Edit::Unbet(at) if at < state.bets.len() => drop(state.bets.remove_at(at)),
            Edit::Hero(there) => state.hero = there.then(|| Instance::new(player(9))),
            Edit::Own(n) => state.own = item(n),
            Edit::Draw(_) | Edit::Unlog(_) | Edit::Unbet(_) => {}
            Edit::Tick => drop(self.tick()),
        }
    }

    fn tick(&mut self) -> Vec<u8> {
        self.encoder.patch(&mut self.state).to_vec()
    }

    fn snapshot(&mut self) -> Vec<u8> {
        self.tick();
        self.encoder.snapshot(&self.state).to_vec()
    }
}

/// What changes say that collections hold: a list for each, the key and what was last put there.
#[derive(Default)]
struct Told(Vec<(u32, String, OwnedValue)>);

impl Told {
    /// Takes changes of maps over, each of which must fit what was told before.
    fn hear(&mut self, changes: &[OwnedChange]) -> Result<(), TestCaseError> {
        for change in changes {
            let OwnedPlace::Entry(key) = &change.place else { continue };
            let id = change.structure.0;
            let at = self.0.iter().position(|(of, other, _)| *of == id && other == key);
            let known = at.map(|at| self.0.remove(at).2);
            prop_assert_eq!(&known, &change.previous, "{:?}", change);
            prop_assert!(change.previous != change.value, "no difference: {:?}", change);
            if let Some(value) = &change.value {
                self.0.push((id, key.clone(), value.clone()));
            }
        }
        Ok(())
    }

    fn count(&self, id: u32) -> usize {
        self.0.iter().filter(|(of, ..)| *of == id).count()
    }
}

/// One client that resyncs and one that is new hold the same, now and later.
fn same_as_new(
    old: &mut Decoder<State>,
    dynamic: &mut Decoder<DynStruct>,
    server: &mut Server,
    told: &mut Told,
    later: &[Edit],
) -> Result<(), TestCaseError> {
    let snapshot = server.snapshot();
    let mut new = Decoder::<State>::new();
    new.apply(&snapshot).unwrap();
    let mut changes: Vec<OwnedChange> = Vec::new();
    if let Err(error) = old.resync_with(&snapshot, &mut changes) {
        return Err(TestCaseError::fail(error.to_string()));
    }
    dynamic.resync(&snapshot).unwrap();
    prop_assert_eq!(format!("{old:?}"), format!("{new:?}"));
    prop_assert_eq!(old.node_count(), new.node_count());
    prop_assert_eq!(dynamic.node_count(), new.node_count());
    told.hear(&changes)?;
    // The same once more changes nothing.
    changes.clear();
    old.resync_with(&snapshot, &mut changes).unwrap();
    prop_assert!(changes.is_empty(), "{:?}", changes);
    for edit in later {
        server.edit(edit);
        let patch = server.tick();
        new.apply(&patch).unwrap();
        let mut changes: Vec<OwnedChange> = Vec::new();
        if let Err(error) = old.apply_with(&patch, &mut changes) {
            return Err(TestCaseError::fail(error.to_string()));
        }
        dynamic.apply(&patch).unwrap();
        told.hear(&changes)?;
        prop_assert_eq!(format!("{old:?}"), format!("{new:?}"));
    }
    let mut other = Decoder::from_types(dynamic.types().clone());
    other.apply(&server.snapshot()).unwrap();
    prop_assert_eq!(to_json(dynamic.state()), to_json(other.state()));
    let players = server.state.players.len() + server.state.scores.len();
    prop_assert!(told.0.len() >= players, "{} of {players}", told.0.len());
    Ok(())
}

fn clients(server: &mut Server, told: &mut Told) -> (Decoder<State>, Decoder<DynStruct>) {
    let mut old = Decoder::<State>::new();
    let mut changes: Vec<OwnedChange> = Vec::new();
    let snapshot = server.snapshot();
    old.apply_with(&snapshot, &mut changes).unwrap();
    told.hear(&changes).unwrap();
    let mut dynamic = Decoder::from_handshake(&server.encoder.handshake(Profile::V5)).unwrap();
    dynamic.apply(&snapshot).unwrap();
    (old, dynamic)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_missed_is_made_up(
        before in prop::collection::vec(edit(), 0..40),
        missed in prop::collection::vec(edit(), 0..40),
        later in prop::collection::vec(edit(), 0..10),
    ) {
        let mut server = Server::new();
        before.iter().for_each(|edit| server.edit(edit));
        let mut told = Told::default();
        let (mut old, mut dynamic) = clients(&mut server, &mut told);
        missed.iter().for_each(|edit| server.edit(edit));
        same_as_new(&mut old, &mut dynamic, &mut server, &mut told, &later)?;
    }

    #[test]
    fn another_server_has_other_numbers(
        before in prop::collection::vec(edit(), 0..40),
        other in prop::collection::vec(edit(), 0..40),
        later in prop::collection::vec(edit(), 0..10),
    ) {
        let mut server = Server::new();
        before.iter().for_each(|edit| server.edit(edit));
        let mut told = Told::default();
        let (mut old, mut dynamic) = clients(&mut server, &mut told);
        // The same types; what has a refId here is something else there.
        let mut server = Server::new();
        other.iter().for_each(|edit| server.edit(edit));
        same_as_new(&mut old, &mut dynamic, &mut server, &mut told, &later)?;
    }
}

#[test]
fn what_stays_keeps_what_the_program_put_there() {
    let mut server = Server::new();
    for key in 0..3 {
        server.edit(&Edit::Join(key, key));
    }
    let (mut client, _) = clients(&mut server, &mut Told::default());
    for (key, player) in &client.state().players {
        *player.note.borrow_mut() = format!("note on {key}");
    }
    server.edit(&Edit::Leave(0));
    server.edit(&Edit::Join(4, 4));
    server.edit(&Edit::Hp(1, 7.0));
    // The same key, and another player.
    server.edit(&Edit::Join(2, 8));
    client.resync(&server.snapshot()).unwrap();
    let players = client.state().players.iter();
    let notes: Vec<_> =
        players.map(|(key, player)| (key, player.hp, player.note.borrow().clone())).collect();
    let note = |key: &str| format!("note on {key}");
    assert_eq!(notes, [("1", 2, note("1")), ("2", 8, String::new()), ("4", 4, String::new())]);
}

fn shown(change: &OwnedChange) -> String {
    let place = match &change.place {
        OwnedPlace::Field(_, name) => name.clone(),
        OwnedPlace::Entry(key) => format!("[{key}]"),
        OwnedPlace::Item(at) => format!("[{at}]"),
        other => panic!("{other:?}"),
    };
    let value = |value: &Option<OwnedValue>| match value {
        None => "-".to_owned(),
        Some(OwnedValue::Node(id)) => format!("#{}", id.0),
        Some(OwnedValue::Value(value)) => match value.value() {
            tidewire_state::Value::Uint8(value) => value.to_string(),
            tidewire_state::Value::String(value) => value.to_owned(),
            tidewire_state::Value::Number(value) => value.to_string(),
            other => panic!("{other:?}"),
        },
    };
    let (old, new) = (value(&change.previous), value(&change.value));
    format!("#{} {place}: {old} > {new}", change.structure.0)
}

/// Collections 1 to 6 and 8, players a and b as 10 and 11.
const START: &str = "80a174 8201 8302 8403 8504 8605 8706 ff01 8000a1610a 8001a1620b \
    ff0a 8005 ff0b 8006 ff02 8000a178 01 8001a179 02 ff03 80000c 80010d ff04 8000a16c 8001a16d \
    ff05 8000a170 8001a171 ff06 800007 800108";

#[track_caller]
fn check(snapshot: &str, expected: &[&str]) -> Decoder<State> {
    let mut decoder = Decoder::<State>::new();
    decoder.apply(&bytes(START)).unwrap();
    let mut changes: Vec<OwnedChange> = Vec::new();
    decoder.resync_with(&bytes(snapshot), &mut changes).unwrap();
    let shown: Vec<String> = changes.iter().map(shown).collect();
    assert_eq!(shown, expected);
    decoder
}

#[test]
fn the_same_again_tells_nothing() {
    check(START, &[]);
}

#[test]
fn removals_come_first_and_in_order() {
    // a has left, c is there; b and two cards are what they were, the cards in another order.
    check(
        "80a175 8201 8302 8403 8504 8605 8706 ff01 8001a1620b 8002a1630e ff0b 8007 \
         ff02 8001a179 03 8002a17a 04 ff03 80000d 80010c ff04 8000a16d \
         ff05 8001a171 8002a172 ff06 800007 800209",
        &[
            "#1 [a]: #10 > -",
            "#2 [x]: 1 > -",
            "#4 [0]: l > -",
            "#5 [0]: p > -",
            "#6 [1]: 8 > -",
            "#0 title: t > u",
            "#1 [c]: - > #14",
            "#11 hp: 6 > 7",
            "#2 [y]: 2 > 3",
            "#2 [z]: - > 4",
            "#3 [0]: #12 > #13",
            "#3 [1]: #13 > #12",
            "#5 [2]: - > r",
            "#6 [2]: - > 9",
        ],
    );
}

#[test]
fn a_ref_id_that_stands_for_something_else_is_another_thing() {
    // 10 was a player; now it is a card, and the player a is 12, which was a card.
    let decoder = check(
        "80a174 8201 8302 8403 8504 8605 8706 ff01 8000a1610c 8001a1620b ff0c 8003 ff0b 8006 \
         ff02 8000a178 01 8001a179 02 ff03 80000a 80010d ff04 8000a16c 8001a16d \
         ff05 8000a170 8001a171 ff06 800007 800108",
        &[
            "#1 [a]: #10 > -",
            "#3 [0]: #12 > -",
            "#1 [a]: - > #12",
            "#12 hp: 0 > 3",
            "#3 [0]: #13 > #10",
        ],
    );
    let state = decoder.state();
    assert_eq!(state.players["a"].hp, 3);
    assert_eq!(state.players.keys().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(state.deck.len(), 2);
}

#[test]
fn an_empty_snapshot_empties_the_state() {
    let mut decoder = Decoder::<State>::new();
    decoder.apply(&bytes(START)).unwrap();
    decoder.resync(&[]).unwrap();
    assert_eq!(*decoder.state(), State::default());
    assert_eq!(decoder.node_count(), 1);
}

#[test]
fn a_bad_snapshot_changes_nothing() {
    let mut decoder = Decoder::<State>::new();
    decoder.apply(&bytes(START)).unwrap();
    let before = decoder.state().clone();
    let error = decoder.resync(&bytes("80a17a bf")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "State: there is no field 63: the sender has other types (byte 3)"
    );
    assert_eq!(*decoder.state(), before);
    assert!(decoder.apply(&bytes("80a17a")).is_err());
}

#[test]
fn told_entries_are_counted() {
    let mut told = Told::default();
    let mut server = Server::new();
    server.edit(&Edit::Join(1, 1));
    let (old, _) = clients(&mut server, &mut told);
    assert_eq!(old.state().players.len(), 1);
    assert_eq!((told.0.len(), told.count(told.0[0].0)), (1, 1));
}
