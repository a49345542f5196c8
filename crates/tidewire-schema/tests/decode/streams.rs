//! Streams: what npm's encoder sends of them, and what ours does, read by our decoder.

use std::{cell::RefCell, rc::Rc};

use serde_json::{Value as Json, json};
use tidewire_schema::{Callbacks, Decoder, Encoder, Inspector, Profile};
use tidewire_state::{
    ArraySchema, FieldKind, Schema, StreamKey, StreamSchema, Tag, Tracked, state_hash,
};

use crate::common::{bytes, read, to_json, with_doubles};

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Gem {
    tint: u8,
}

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Beast {
    name: String,
    rank: u8,
    gem: Option<Gem>,
}

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct World {
    title: String,
    #[schema(max_per_tick = 2, priority = by_rank)]
    herd: StreamSchema<Beast>,
    line: StreamSchema<Beast>,
}

/// The same, as a client may have it that wants indexes.
#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
#[schema(rename = "World")]
struct Lists {
    title: String,
    herd: ArraySchema<Beast>,
    line: ArraySchema<Beast>,
}

fn by_rank(beast: &Beast, _: Option<&str>) -> f32 {
    beast.rank.into()
}

fn beast(name: &str, rank: u8) -> Beast {
    Beast { name: name.to_owned(), rank, gem: Some(Gem { tint: rank }) }
}

fn names(stream: &StreamSchema<Beast>) -> Vec<&str> {
    stream.values().map(|beast| beast.name.as_str()).collect()
}

fn shown<'a>(beasts: impl Iterator<Item = &'a Beast>) -> Json {
    let beast = |beast: &Beast| {
        let mut json = json!({ "name": beast.name, "rank": beast.rank });
        if let Some(gem) = &beast.gem {
            json["gem"] = match gem.tint {
                0 => json!({}),
                tint => json!({ "tint": tint }),
            };
        }
        json
    };
    beasts.map(beast).collect()
}

#[test]
fn what_the_npm_encoder_sends_is_read() {
    let recorded = read("streams.json");
    for game in ["shared", "viewed"] {
        let handshake = bytes(recorded[game]["handshake"].as_str().unwrap());
        let mut any = Decoder::from_handshake(&handshake).unwrap();
        let mut streams = Decoder::<World>::with_handshake(&handshake).unwrap();
        let mut lists = Decoder::<Lists>::with_handshake(&handshake).unwrap();
        let mut inspector = Inspector::from_handshake(&handshake).unwrap();
        for (at, message) in recorded[game]["messages"].as_array().unwrap().iter().enumerate() {
            let bytes = bytes(message["hex"].as_str().unwrap());
            any.apply(&bytes).unwrap();
            streams.apply(&bytes).unwrap();
            lists.apply(&bytes).unwrap();
            let printed = inspector.inspect(&bytes).to_string();
            assert!(!printed.contains("cannot be told"), "{game} {at}: {printed}");
            let Some(state) = message.get("state") else { continue };
            let state = with_doubles(state);
            // A stream that a client was told nothing of is absent there and empty here.
            let list = |name: &str| state.get(name).cloned().unwrap_or_else(|| json!([]));
            for (name, stream, array) in [
                ("herd", &streams.state().herd, &lists.state().herd),
                ("line", &streams.state().line, &lists.state().line),
            ] {
                let place = format!("{game} {at} {name}");
                assert_eq!(with_doubles(&shown(stream.values())), list(name), "{place}");
                assert_eq!(with_doubles(&shown(array.iter())), list(name), "{place}");
            }
            let found = with_doubles(&to_json(any.state()));
            assert_eq!(found["title"], state["title"]);
        }
        assert_eq!(streams.node_count(), lists.node_count());
    }
}

#[test]
fn a_stream_is_a_collection_to_clients() {
    let world = Tracked::new(World::default());
    let encoder = Encoder::new(&world);
    for profile in [Profile::V3, Profile::V4, Profile::V5] {
        let decoder = Decoder::from_handshake(&encoder.handshake(profile)).unwrap();
        let kind = decoder.types()[decoder.types().root].fields[1].kind;
        assert!(matches!(kind, FieldKind::Collection(_)), "{kind:?}");
        assert!(Decoder::<Lists>::with_handshake(&encoder.handshake(profile)).is_ok());
    }
}

#[test]
fn entries_arrive_a_few_at_a_time_and_a_newcomer_gets_those_that_did() {
    let mut world = Tracked::new(World::default());
    let mut encoder = Encoder::new(&world);
    let mut early = Decoder::<World>::new();
    for (name, rank) in [("a", 1), ("b", 5), ("c", 3), ("d", 5), ("e", 2)] {
        world.herd.add(beast(name, rank));
    }
    early.apply(encoder.patch(&mut world)).unwrap();
    assert_eq!(names(&early.state().herd), ["b", "d"]);
    let mut late = Decoder::<World>::new();
    late.apply(encoder.snapshot(&world)).unwrap();
    assert_eq!(late.state(), early.state());

    // What is more urgent by now comes first; what went was never there.
    world.herd.get_mut(StreamKey(0)).unwrap().rank = 9;
    assert_eq!(world.herd.remove(StreamKey(2)), Some(beast("c", 3)));
    let patch = encoder.patch(&mut world).to_vec();
    for client in [&mut early, &mut late] {
        client.apply(&patch).unwrap();
        assert_eq!(names(&client.state().herd), ["b", "d", "a", "e"]);
    }
    assert_eq!(state_hash(early.state()), state_hash(&*world));

    // What clients hold changes at once, and goes at once.
    world.herd.get_mut(StreamKey(3)).unwrap().gem = None;
    world.herd.remove(StreamKey(1));
    early.apply(encoder.patch(&mut world)).unwrap();
    assert_eq!(names(&early.state().herd), ["d", "a", "e"]);
    assert_eq!(state_hash(early.state()), state_hash(&*world));
    assert_eq!(encoder.patch(&mut world), b"");
}

#[test]
fn after_an_outage_entries_that_went_are_gone() {
    let mut world = Tracked::new(World::default());
    let mut encoder = Encoder::new(&world);
    let mut client = Decoder::<World>::new();
    for name in ["a", "b", "c"] {
        world.line.add(beast(name, 1));
    }
    client.apply(encoder.patch(&mut world)).unwrap();
    world.line.remove(StreamKey(1));
    world.line.add(beast("d", 2));
    encoder.patch(&mut world);
    client.resync(encoder.snapshot(&world)).unwrap();
    assert_eq!(client.state().line, world.line);
    world.line.remove(StreamKey(3));
    world.line.add(beast("e", 3));
    client.apply(encoder.patch(&mut world)).unwrap();
    assert_eq!(client.state().line, world.line);
}

#[test]
fn callbacks_tell_of_each_entry_once() {
    let mut world = Tracked::new(World::default());
    let mut encoder = Encoder::new(&world);
    let mut callbacks = Callbacks::new(Decoder::<World>::new());
    let log = Rc::new(RefCell::new(Vec::new()));
    for (what, sign) in [("add", '+'), ("remove", '-')] {
        let log = Rc::clone(&log);
        let note = move |_: &mut Callbacks<World>, _: &tidewire_schema::OwnedChange| {
            log.borrow_mut().push(sign);
        };
        match what {
            "add" => callbacks.on_add("herd", note),
            _ => callbacks.on_remove("herd", note),
        };
    }
    for rank in 0..5 {
        world.herd.add(beast("b", rank));
    }
    for expected in ["++", "++", "+", ""] {
        callbacks.apply(encoder.patch(&mut world)).unwrap();
        assert_eq!(log.take().iter().collect::<String>(), expected);
    }
    world.herd.retain(|_, beast| beast.rank > 2);
    callbacks.apply(encoder.patch(&mut world)).unwrap();
    assert_eq!(log.take().iter().collect::<String>(), "---");
}

/// Streams within what is shared, and within entries of streams.
#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Nest {
    name: String,
    #[schema(max_per_tick = 1)]
    eggs: StreamSchema<Gem>,
    #[schema(view, max_per_tick = 1)]
    hidden: StreamSchema<Gem>,
}

#[derive(Schema, Clone, Default)]
#[schema(crate = "tidewire_state")]
struct Forest {
    #[schema(pool)]
    pool: tidewire_state::Pool<Nest>,
    shared: ArraySchema<tidewire_state::Handle<Nest>>,
    #[schema(view)]
    vault: Option<tidewire_state::Handle<Nest>>,
    #[schema(max_per_tick = 1)]
    nests: StreamSchema<Nest>,
    #[schema(view, max_per_tick = 1)]
    secret: StreamSchema<Nest>,
}

/// As clients hold it.
#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
#[schema(rename = "Forest")]
struct Seen {
    shared: ArraySchema<Nest>,
    vault: Option<Nest>,
    nests: StreamSchema<Nest>,
    secret: StreamSchema<Nest>,
}

fn nest(name: &str, eggs: u8) -> Nest {
    let all: StreamSchema<Gem> = (0..eggs).map(|tint| Gem { tint }).collect();
    Nest { name: name.to_owned(), eggs: all.clone(), hidden: all }
}

/// How many eggs, and how many hidden ones, each nest of a stream has.
fn eggs<'a>(nests: impl Iterator<Item = &'a Nest>) -> Vec<(usize, usize)> {
    nests.map(|nest| (nest.eggs.len(), nest.hidden.len())).collect()
}

#[test]
fn streams_within_others_and_within_what_is_shared_go_on_by_themselves() {
    let mut forest = Tracked::new(Forest::default());
    let mut encoder = Encoder::new(&forest);
    let view = forest.create_view("ada");
    let handle = forest.pool.insert(nest("shared", 3));
    forest.shared.push(handle);
    forest.nests.add(nest("first", 2));
    forest.nests.add(nest("second", 2));
    forest.secret.add(nest("secret", 2));
    let none: [&str; 0] = [];
    forest.view_add(view, &none, Tag::DEFAULT).unwrap();
    encoder.patch(&mut forest);
    let mut client = Decoder::<Seen>::new();
    client.apply(encoder.snapshot_for(&forest, view)).unwrap();
    let mut held = Vec::new();
    for _ in 0..6 {
        let Seen { shared, nests, secret, .. } = client.state();
        held.push((eggs(shared.iter()), eggs(nests.values()), eggs(secret.values())));
        encoder.patch(&mut forest);
        client.apply(encoder.patch_for(&forest, view)).unwrap();
    }
    let expected = [
        // What is below an entry has its turns after those of the entry.
        (vec![(1, 1)], vec![(1, 0)], vec![(0, 0)]),
        (vec![(2, 2)], vec![(2, 1), (1, 0)], vec![(1, 1)]),
        (vec![(3, 3)], vec![(2, 2), (2, 1)], vec![(2, 2)]),
        (vec![(3, 3)], vec![(2, 2), (2, 2)], vec![(2, 2)]),
    ];
    assert_eq!(held[..4], expected);
    assert_eq!(held[3], held[5]);
    assert_eq!(forest.views().waiting(view), 0);
}

#[test]
fn what_clients_hold_of_a_stream_stays_when_its_place_becomes_another() {
    let mut forest = Tracked::new(Forest::default());
    let mut encoder = Encoder::new(&forest);
    let view = forest.create_view("ada");
    let handle = forest.pool.insert(nest("moving", 5));
    forest.vault = Some(handle);
    forest.view_add(view, &["vault"], Tag::DEFAULT).unwrap();
    for _ in 0..2 {
        encoder.patch(&mut forest);
    }
    let mut clients = [Decoder::<Seen>::new(), Decoder::<Seen>::new()];
    clients[0].apply(encoder.snapshot_for(&forest, view)).unwrap();
    clients[1].apply(encoder.snapshot(&forest)).unwrap();
    assert_eq!(eggs(clients[0].state().vault.iter()), [(2, 2)]);
    let mut tick = |forest: &mut Tracked<Forest>| {
        encoder.patch(forest);
        clients[0].apply(encoder.patch_for(forest, view)).unwrap();
        clients[1].apply(encoder.last_patch()).unwrap();
        clients.each_ref().map(|client| {
            let Seen { shared, vault, .. } = client.state();
            (eggs(shared.iter()), eggs(vault.iter()))
        })
    };
    // Now it is for all: what the view holds of it at once, the rest as before.
    forest.shared.push(handle);
    forest.vault = None;
    assert_eq!(tick(&mut forest), [(vec![(3, 3)], vec![]), (vec![(3, 0)], vec![])]);
    assert_eq!(tick(&mut forest), [(vec![(4, 4)], vec![]), (vec![(4, 0)], vec![])]);
    // And back: the view goes on with what it held.
    forest.vault = Some(handle);
    forest.shared.clear();
    let [ada, other] = tick(&mut forest);
    assert_eq!((ada.0, other), (vec![], (vec![], vec![])));
    assert_eq!(ada.1, [(5, 5)]);
    assert_eq!(forest.views().waiting(view), 0);
}
