//! A state for the patch codecs, and what their servers send of it.

use tidewire_patch::{Config, LightEncoder, MpackEncoder, Patch, PatchEncoder, PatchpackEncoder};
use tidewire_state::{ArraySchema, MapSchema, Schema, Tracked};

use crate::parts;

#[derive(Schema, Clone, Debug, Default)]
#[schema(crate = "tidewire_state")]
struct Harbor {
    round: u32,
    #[schema(number)]
    wind: f64,
    flag: Ship,
    ships: MapSchema<Ship>,
    queue: ArraySchema<Ship>,
    depths: ArraySchema<i16>,
}

#[derive(Schema, Clone, Debug, Default)]
#[schema(crate = "tidewire_state")]
struct Ship {
    name: String,
    fuel: Option<u16>,
    cargo: MapSchema<u8>,
    tow: Option<Box<Ship>>,
}

/// Sessions of every codec, each of them one input: a snapshot, then patches.
pub(super) struct Sessions {
    pub(super) mpack: Vec<Vec<u8>>,
    pub(super) light: Vec<Vec<u8>>,
    pub(super) patchpack: Vec<Vec<u8>>,
    /// A document and lists of patches, as JSON.
    pub(super) json: Vec<Vec<u8>>,
}

/// Two sessions of each, the second with patches that can be undone.
pub(super) fn sessions() -> Sessions {
    let mut sessions = Sessions { mpack: vec![], light: vec![], patchpack: vec![], json: vec![] };
    for config in [Config::default(), Config::REVERSIBLE] {
        let mut harbor = Tracked::new(Harbor::default());
        let mut mpack = MpackEncoder::new(&harbor, config);
        let mut patchpack = PatchpackEncoder::new(&harbor, config);
        let mut patches = PatchEncoder::new(&harbor, config);
        let Ok(mut light) = LightEncoder::new(&harbor, config) else { continue };
        let mut sent: [Vec<Vec<u8>>; 4] = Default::default();
        for step in 0..=STEPS {
            edit(&mut harbor, step);
            harbor.sync(
                &mut [&mut mpack as _, &mut patchpack as _, &mut patches as _, &mut light as _][..],
            );
            let [of_mpack, of_light, of_patchpack, of_json] = &mut sent;
            if step == 0 {
                of_mpack.push(mpack.snapshot());
                of_light.push(light.snapshot());
                of_patchpack.push(patchpack.snapshot());
                of_json.push(patches.snapshot().to_json().to_string().into_bytes());
                continue;
            }
            of_mpack.extend_from_slice(mpack.last_patch());
            of_light.extend_from_slice(light.last_patch());
            of_patchpack.extend_from_slice(patchpack.last_patch());
            let list: Vec<String> =
                patches.last_patch().iter().map(|patch| patch.to_json().to_string()).collect();
            of_json.push(format!("[{}]", list.join(",")).into_bytes());
        }
        let [of_mpack, of_light, of_patchpack, of_json] = sent.map(parts::join);
        sessions.mpack.push(of_mpack);
        sessions.light.push(of_light);
        sessions.patchpack.push(of_patchpack);
        sessions.json.push(of_json);
    }
    sessions
}

const STEPS: u16 = 24;

/// Some change or other, and one that shifts an array.
fn edit(harbor: &mut Harbor, step: u16) {
    let ship = |name: &str| Ship {
        name: name.to_owned(),
        fuel: step.is_multiple_of(2).then_some(step),
        cargo: [("tea", step as u8), ("a/b~", 1)].into(),
        tow: None,
    };
    harbor.round += 1;
    match step % 12 {
        0 => drop(harbor.ships.insert("ada", ship("Ada"))),
        1 => drop(harbor.ships.insert("b/~", ship("Bob"))),
        2 => harbor.queue.extend([ship("first"), ship("second"), ship("third")]),
        3 => drop(harbor.queue.remove(0)),
        4 => harbor.queue.insert(1, ship("between")),
        5 => harbor.depths.extend([-1, 300, -300, 7]),
        6 => drop(harbor.depths.remove(1)),
        7 => harbor.flag.tow = Some(Box::new(ship("dinghy"))),
        8 => harbor.flag.tow = None,
        9 => drop(harbor.ships.remove("ada")),
        10 => harbor.ships.values_mut().for_each(|mut ship| ship.name.push('!')),
        _ => harbor.wind -= 0.5,
    }
}

/// Applies a patch, which the document may not fit, and undoes it if it can be undone.
pub(super) fn follow(document: &mut tidewire_patch::notepack::Value, patch: &Patch) {
    // `-` names the place behind the last item, where the item is no more when it is there.
    let is_behind = patch.path.segments().last().is_some_and(|last| last == "-");
    if patch.apply(document).is_err() || is_behind {
        return;
    }
    if let Ok(inverse) = patch.inverse() {
        // What was there before is what the message says, right or wrong; it is put there.
        let mut undone = document.clone();
        assert!(inverse.apply(&mut undone).is_ok(), "{patch:?} cannot be undone");
    }
}
