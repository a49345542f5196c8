//! Clients of every codec, early and late, hold after each tick what the newest snapshot says.

use proptest::prelude::*;
use serde_json::Value as Json;
use tidewire_patch::{
    Config, JsonEncoder, LightDecoder, LightEncoder, MpackEncoder, Patch, PatchEncoder,
    PatchpackDecoder, PatchpackEncoder, mpack, notepack::Value,
};
use tidewire_state::{Tracked, Visitor};

use crate::sea::{self, Sea};

struct Session {
    sea: Tracked<Sea>,
    json: JsonEncoder,
    patches: PatchEncoder,
    mpack: MpackEncoder,
    light: LightEncoder,
    patchpack: PatchpackEncoder,
    clients: Vec<Client>,
}

/// Somebody who came at some time and follows everything.
struct Client {
    patches: Value,
    text: Json,
    mpack: Value,
    light: (LightDecoder, Value),
    patchpack: (PatchpackDecoder, Value),
}

impl Session {
    fn new(config: Config) -> Self {
        let sea = Tracked::new(Sea::default());
        let mut session = Self {
            json: JsonEncoder::new(&sea),
            patches: PatchEncoder::new(&sea, config),
            mpack: MpackEncoder::new(&sea, config),
            light: LightEncoder::new(&sea, config).unwrap(),
            patchpack: PatchpackEncoder::new(&sea, config),
            clients: Vec::new(),
            sea,
        };
        session.tick();
        session.join();
        session
    }

    fn join(&mut self) {
        let patches = self.patches.snapshot();
        self.clients.push(Client {
            text: patches.to_json(),
            patches,
            mpack: mpack::decode_snapshot(&self.mpack.snapshot()).unwrap(),
            light: LightDecoder::from_snapshot(&self.light.snapshot()).unwrap(),
            patchpack: PatchpackDecoder::from_state(&self.patchpack.snapshot()).unwrap(),
        });
        // To some the state is of no more use than patches need.
        if let [.., client] = &mut self.clients[..]
            && self.sea.ticks().is_multiple_of(2)
        {
            client.patchpack.0.shrink();
        }
    }

    fn tick(&mut self) {
        let Self { sea, json, patches, mpack, light, patchpack, .. } = self;
        let visitors: &mut [&mut dyn Visitor] = &mut [json, patches, mpack, light, patchpack];
        sea.sync(visitors);
        let expected = json.snapshot(sea);
        let is_reversible = patches.last_patch().iter().any(|patch| patch.old.is_some());
        for client in &mut self.clients {
            let before = client.patches.clone();
            let list = patches.last_patch();
            list.iter().for_each(|patch| patch.apply(&mut client.patches).unwrap());
            same(&client.patches, &expected);
            if is_reversible {
                undo(list, client.patches.clone(), &before);
            }

            let list: Vec<Json> = list.iter().map(Patch::to_json).collect();
            let list: json_patch::Patch = serde_json::from_value(list.into()).unwrap();
            json_patch::patch(&mut client.text, &list).unwrap();
            assert_eq!(client.text, client.patches.to_json());

            let mpack = mpack.last_patch();
            let list: Vec<Patch> =
                mpack.iter().map(|bytes| mpack::decode_patch(bytes).unwrap()).collect();
            follow(&list, &mut client.mpack, &expected, is_reversible);

            let (decoder, state) = &mut client.light;
            let list: Vec<Patch> =
                light.last_patch().iter().map(|bytes| decoder.patch(bytes).unwrap()).collect();
            follow(&list, state, &expected, is_reversible);

            let (decoder, state) = &mut client.patchpack;
            let list: Vec<Patch> =
                patchpack.last_patch().iter().map(|bytes| decoder.patch(bytes).unwrap()).collect();
            follow(&list, state, &expected, is_reversible);
        }
    }
}

fn follow(list: &[Patch], client: &mut Value, expected: &Json, is_reversible: bool) {
    let before = client.clone();
    list.iter().for_each(|patch| patch.apply(client).unwrap());
    same(client, expected);
    if is_reversible {
        undo(list, client.clone(), &before);
    }
}

fn undo(list: &[Patch], mut client: Value, before: &Value) {
    for patch in list.iter().rev() {
        patch.inverse().unwrap().apply(&mut client).unwrap();
    }
    assert_eq!(&client, before);
}

fn same(client: &Value, expected: &Json) {
    assert_eq!(&client.to_json(), expected);
}

fn run(config: Config, ticks: Vec<Vec<(u8, u8, u8)>>) {
    let mut session = Session::new(config);
    for (tick, edits) in ticks.into_iter().enumerate() {
        for (what, how, number) in edits {
            sea::edit(&mut session.sea, what, how, number);
        }
        session.tick();
        if tick % 3 == 2 {
            session.join();
        }
    }
}

fn ticks() -> impl Strategy<Value = Vec<Vec<(u8, u8, u8)>>> {
    prop::collection::vec(prop::collection::vec(any::<(u8, u8, u8)>(), 0..12), 1..14)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn clients_follow(ticks in ticks()) {
        run(Config::default(), ticks);
    }

    #[test]
    fn clients_follow_and_can_go_back(ticks in ticks()) {
        run(Config::REVERSIBLE, ticks);
    }
}

#[test]
fn keys_that_are_gone_do_not_pile_up() {
    let mut session = Session::new(Config::default());
    for number in 0..500 {
        session.sea.ships.insert(format!("bot{number}"), Default::default());
        session.tick();
        session.sea.ships.remove(&format!("bot{number}"));
        session.tick();
        if number == 250 {
            session.join();
        }
    }
    assert!(session.patchpack.snapshot().len() < 2000);
}

/// Ships that tow ships, deeper than a path of `light` reaches.
#[test]
fn what_no_path_reaches_is_replaced_with_what_is_around_it() {
    for config in [Config::default(), Config::REVERSIBLE] {
        let mut session = Session::new(config);
        session.sea.ships.insert("ada", Default::default());
        for depth in 0..80 {
            let mut ship = session.sea.ships.get_mut("ada").unwrap();
            for _ in 0..depth {
                ship = ship.tow.as_deref_mut().unwrap();
            }
            ship.name.push('x');
            ship.fuel += 1.0;
            ship.tow = Some(Box::default());
            session.tick();
        }
    }
}
