//! Sets and collections: who is there from the start and who comes late hold the same.

use proptest::prelude::*;
use tidewire_schema::{Decoder, Encoder, OwnedChange, Profile};
use tidewire_state::{CollectionSchema, DynStruct, Number, Schema, SetSchema, Tracked};

use crate::common::{to_json, with_doubles};

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Bags {
    tags: SetSchema<String>,
    flags: SetSchema<bool>,
    bets: CollectionSchema<Number>,
    lots: SetSchema<u8>,
}

fn shown(bags: &Bags) -> serde_json::Value {
    serde_json::json!({
        "tags": bags.tags, "flags": bags.flags, "bets": bags.bets, "lots": bags.lots,
    })
}

#[derive(Clone, Debug)]
enum Edit {
    Tag(u8),
    Untag(u8),
    Flag(bool),
    Unflag(bool),
    Bet(u8),
    Unbet(usize),
    Lots(u8),
    Clear,
    Renew,
    Tick,
    Join,
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        (0..6_u8).prop_map(Edit::Tag),
        (0..6_u8).prop_map(Edit::Untag),
        any::<bool>().prop_map(Edit::Flag),
        any::<bool>().prop_map(Edit::Unflag),
        (0..3_u8).prop_map(Edit::Bet),
        (0..6_usize).prop_map(Edit::Unbet),
        (0..20_u8).prop_map(Edit::Lots),
        Just(Edit::Clear),
        Just(Edit::Renew),
        Just(Edit::Tick),
        Just(Edit::Tick),
        Just(Edit::Join),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn early_and_late_clients_hold_the_same(edits in prop::collection::vec(edit(), 0..120)) {
        let mut bags = Tracked::new(Bags::default());
        let mut encoder = Encoder::new(&bags);
        encoder.patch(&mut bags);
        let handshake = encoder.handshake(Profile::Polyglot);
        let mut typed = vec![Decoder::<Bags>::new()];
        typed[0].apply(encoder.snapshot(&bags)).unwrap();
        let mut dynamic: Vec<Decoder<DynStruct>> = Vec::new();
        for edit in edits.into_iter().chain([Edit::Join, Edit::Tick]) {
            match edit {
                Edit::Tag(n) => drop(bags.tags.insert(n.to_string())),
                Edit::Untag(n) => drop(bags.tags.remove(&n.to_string())),
                Edit::Flag(flag) => drop(bags.flags.insert(flag)),
                Edit::Unflag(flag) => drop(bags.flags.remove(&flag)),
                Edit::Bet(n) => bags.bets.add(Number(f64::from(n) / 10.0)),
                Edit::Unbet(at) if at < bags.bets.len() => drop(bags.bets.remove_at(at)),
                Edit::Lots(n) => {
                    bags.lots.retain(|lot| lot % 3 != n % 3);
                    bags.lots.extend(n..n + 5);
                }
                Edit::Clear => bags.tags.clear(),
                Edit::Renew => bags.bets = bags.bets.clone(),
                _ => {
                    let patch = encoder.patch(&mut bags).to_vec();
                    for client in &mut typed {
                        client.apply(&patch).unwrap();
                    }
                    for client in &mut dynamic {
                        client.apply(&patch).unwrap();
                    }
                    if matches!(edit, Edit::Join) {
                        let snapshot = encoder.snapshot(&bags);
                        typed.push(Decoder::new());
                        typed.last_mut().unwrap().apply(snapshot).unwrap();
                        dynamic.push(Decoder::from_handshake(&handshake).unwrap());
                        dynamic.last_mut().unwrap().apply(snapshot).unwrap();
                    }
                    let same = |a: &Bags| {
                        a.tags.as_slice() == bags.tags.as_slice()
                            && a.flags.as_slice() == bags.flags.as_slice()
                            && a.lots.as_slice() == bags.lots.as_slice()
                            && a.bets.len() == bags.bets.len()
                    };
                    for client in &typed {
                        prop_assert!(same(client.state()), "{:?}", client.state());
                        prop_assert_eq!(client.node_count(), 5);
                    }
                    let first = with_doubles(&shown(typed[0].state()));
                    for client in &dynamic {
                        prop_assert_eq!(&with_doubles(&to_json(client.state())), &first);
                    }
                }
            }
        }
    }
}

#[test]
fn numbers_are_given_anew_before_they_outgrow_what_is_there() {
    let mut bags = Tracked::new(Bags::default());
    let mut encoder = Encoder::new(&bags);
    encoder.patch(&mut bags);
    let mut longest = 0;
    for round in 0..1000 {
        bags.bets.add(Number(f64::from(round)));
        if bags.bets.len() > 3 {
            bags.bets.remove_at(0);
        }
        encoder.patch(&mut bags);
        longest = longest.max(encoder.snapshot(&bags).len());
    }
    assert!(longest < 200, "a snapshot of three numbers takes {longest} bytes");
}

#[test]
fn an_observer_hears_of_what_came_and_went() {
    let mut bags = Tracked::new(Bags::default());
    let mut encoder = Encoder::new(&bags);
    let mut client = Decoder::<Bags>::new();
    client.apply(encoder.patch(&mut bags)).unwrap();
    bags.tags.extend(["a".to_owned(), "b".to_owned()]);
    let mut changes: Vec<OwnedChange> = Vec::new();
    client.apply_with(encoder.patch(&mut bags), &mut changes).unwrap();
    assert_eq!(changes.len(), 2);
    bags.tags.remove(&"a".to_owned());
    changes.clear();
    client.apply_with(encoder.patch(&mut bags), &mut changes).unwrap();
    assert_eq!(changes.len(), 1);
    assert!(changes[0].value.is_none() && changes[0].previous.is_some());
}
