//! Random edits: every view of every encoding sees what the state says of itself.
#![expect(clippy::unwrap_used, reason = "a test may")]

use proptest::{collection::vec, prelude::*};
use serde::Serialize;
use tidewire_opcode::{
    Config, Encoder, Encoding, PathForm, PathTable, StateTree, Tree, View, merged, read_json,
    read_message_pack,
};
use tidewire_state::{ArraySchema, Instance, MapSchema, Number, Schema, Tracked};

#[derive(Schema, Default, Clone, Serialize)]
#[schema(crate = "tidewire_state")]
struct Vector {
    x: i32,
    y: i32,
}

#[derive(Schema, Default, Serialize)]
#[schema(crate = "tidewire_state")]
struct Unit {
    name: String,
    at: Vector,
    goal: Option<Instance<Vector>>,
    hp: u16,
    bag: MapSchema<u32>,
    hand: ArraySchema<u8>,
    friends: ArraySchema<Vector>,
    pets: MapSchema<Unit>,
}

#[derive(Schema, Default, Serialize)]
#[schema(crate = "tidewire_state")]
struct World {
    round: Number2,
    motto: Option<String>,
    leader: Option<Instance<Unit>>,
    units: MapSchema<Unit>,
    log: ArraySchema<String>,
    scores: MapSchema<Number>,
}

#[derive(Schema, Default, Serialize)]
#[schema(crate = "tidewire_state")]
struct Number2 {
    #[schema(number)]
    value: f64,
}

const KEYS: [&str; 8] = ["", "a", "b", "a/b~c", "x.y", "q[0]", "key", "ключ"];

struct Choices<'a>(std::slice::Iter<'a, u16>);

impl Choices<'_> {
    fn below(&mut self, bound: usize) -> usize {
        usize::from(self.0.next().copied().unwrap_or(0)) % bound.max(1)
    }

    fn key(&mut self) -> &'static str {
        KEYS[self.below(KEYS.len())]
    }
}

fn unit(choices: &mut Choices<'_>) -> Unit {
    let mut unit = Unit { hp: 7, name: choices.key().into(), ..Unit::default() };
    if choices.below(2) == 0 {
        unit.bag.insert(choices.key(), 1);
        unit.friends.push(Vector { x: 1, y: 2 });
    }
    unit
}

fn edit_unit(target: &mut Unit, choices: &mut Choices<'_>) {
    match choices.below(16) {
        0 => target.name = choices.key().into(),
        1 => target.at.x += 1,
        2 => target.at = Vector { x: choices.below(3) as i32, y: 0 },
        3 => target.goal = Some(Vector { x: 5, y: choices.below(2) as i32 }.into()),
        4 => target.goal = None,
        5 => target.hp = choices.below(3) as u16,
        6 => drop(target.bag.insert(choices.key(), choices.below(3) as u32)),
        7 => drop(target.bag.remove(choices.key())),
        8 => target.hand.push(choices.below(9) as u8),
        9 => drop(target.hand.pop()),
        10 => target.friends.insert(0, Vector { x: choices.below(9) as i32, y: 1 }),
        11 => target.friends.reverse(),
        12 => {
            if let Some(friend) = target.friends.get_mut(0) {
                friend.y += 1;
            }
        }
        13 => drop(target.pets.insert(choices.key(), unit(choices))),
        14 => target.bag = MapSchema::new(),
        _ => {
            if let Some(pet) = target.pets.get_mut(choices.key()) {
                edit_unit(pet, choices);
            }
        }
    }
}

fn edit(world: &mut World, choices: &mut Choices<'_>) {
    match choices.below(14) {
        0 => world.round.value = choices.below(5) as f64 / 2.0,
        1 => world.motto = Some(choices.key().into()),
        2 => world.motto = None,
        3 => world.leader = Some(unit(choices).into()),
        4 => world.leader = None,
        5 => drop(world.units.insert(choices.key(), unit(choices))),
        6 => drop(world.units.remove(choices.key())),
        7 => world.log.push(choices.key().into()),
        8 => world.log.truncate(choices.below(4)),
        9 => drop(world.scores.insert(choices.key(), Number(choices.below(3) as f64))),
        10 => world.units.clear(),
        11 => {
            if let Some(leader) = &mut world.leader {
                edit_unit(leader, choices);
            }
        }
        _ => {
            if let Some(unit) = world.units.get_mut(choices.key()) {
                edit_unit(unit, choices);
            }
        }
    }
}

/// Whole doubles as integers, as the protocol's `number` is told.
fn whole(tree: Tree) -> Tree {
    match tree {
        Tree::Double(value) if value.fract() == 0.0 => Tree::Integer(value as i128),
        Tree::Array(items) => Tree::Array(items.into_iter().map(whole).collect()),
        Tree::Object(members) => {
            Tree::object(members.into_iter().map(|(name, value)| (name, whole(value))))
        }
        leaf => leaf,
    }
}

/// One encoding with the clients that came at different times.
struct Channel {
    shared: Encoder,
    own: Encoder,
    views: Vec<View>,
}

fn configs() -> impl Iterator<Item = Config> {
    let encodings = [Encoding::JsonObject, Encoding::OpcodeJson, Encoding::OpcodeMessagePack];
    encodings.into_iter().flat_map(|encoding| {
        [encoding.original(), encoding.shortest()].into_iter().flat_map(|config| {
            [PathForm::Plain, PathForm::Hashed].map(|paths| Config { paths, ..config })
        })
    })
}

fn check(ticks: &[Vec<u16>]) {
    let mut world = Tracked::new(World::default());
    let mut tree = StateTree::new(&world);
    let mut channels: Vec<Channel> = configs()
        .map(|config| Channel {
            shared: Encoder::new(config),
            own: Encoder::new(config),
            views: Vec::new(),
        })
        .collect();
    world.sync(&mut tree);
    for choices in ticks {
        let mut choices = Choices(choices.iter());
        let joins = choices.below(3) == 0;
        for _ in 0..choices.below(6) {
            edit(&mut world, &mut choices);
        }
        world.sync(&mut tree);
        let expected = read_json(&serde_json::to_vec(&*world).unwrap()).unwrap();
        assert_eq!(tree.root(), &whole(expected));
        for channel in &mut channels {
            follow(channel, &tree, joins);
        }
    }
}

fn follow(channel: &mut Channel, tree: &StateTree, joins: bool) {
    let Channel { shared, own, views } = channel;
    let config = shared.config();
    let encoding = config.encoding;
    let update = tree.update_with(|members, whole| shared.prefers_whole(members, whole));
    let state = shared.encode(&update);
    let frame = merged(state, &[], encoding).unwrap_or_else(|| state.to_vec());
    for view in views.iter_mut() {
        if !frame.is_empty() {
            view.receive(&frame, encoding).unwrap();
        }
        assert_eq!(view.root(), tree.root(), "{config:?}, {}", String::from_utf8_lossy(&frame));
    }
    if joins {
        let mut view = match config.paths {
            PathForm::Plain => View::new::<&str>([]),
            PathForm::Hashed => View::with_paths(tree.paths()),
        };
        view.receive(own.encode(&tree.first_sync()), encoding).unwrap();
        assert_eq!(view.root(), tree.root(), "{config:?}");
        shared.join();
        views.push(view);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_view_sees_the_state(ticks in vec(vec(any::<u16>(), 0..40), 1..12)) {
        check(&ticks);
    }

    #[test]
    fn bytes_of_any_kind_do_no_harm(bytes in vec(any::<u8>(), 0..80)) {
        let mut view = View::with_paths(&PathTable::new(&Tracked::new(World::default()).types()));
        for encoding in [Encoding::JsonObject, Encoding::OpcodeJson, Encoding::OpcodeMessagePack] {
            // Most of it is refused; none of it may panic.
            drop(view.receive(&bytes, encoding));
        }
    }

    #[test]
    fn damaged_frames_do_no_harm(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
        let mut world = Tracked::new(World::default());
        let mut tree = StateTree::new(&world);
        world.units.insert("ada", unit(&mut Choices([].iter())));
        world.sync(&mut tree);
        let mut encoder = Encoder::new(Encoding::OpcodeMessagePack.original());
        let mut frame = encoder.encode(&tree.first_sync()).to_vec();
        prop_assert!(read_message_pack(&frame[..cut.index(frame.len())]).is_err());
        let at = at.index(frame.len());
        frame[at] = byte;
        drop(View::with_paths(tree.paths()).receive(&frame, Encoding::OpcodeMessagePack));
    }
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(read_json(nested(127).as_bytes()).is_ok());
    assert!(read_json(nested(128).as_bytes()).is_err());
    assert!(read_message_pack(&[vec![0x91; 126], vec![0x90]].concat()).is_ok());
    assert!(read_message_pack(&[vec![0x91; 127], vec![0x90]].concat()).is_err());
    assert!(read_message_pack(&[0x91; 100_000]).is_err());
    assert!(read_json(&[b'['; 100_000]).is_err());
    assert!(read_message_pack(&[0xdd, 0xff, 0xff, 0xff, 0xff]).is_err());
    let path = format!("[2,[\"{}\",1,0]]", "/a".repeat(100_000));
    assert!(View::new::<&str>([]).receive(path.as_bytes(), Encoding::OpcodeJson).is_err());
}

#[test]
fn threads_write_what_one_thread_writes() {
    let mut world = Tracked::new(World::default());
    let mut tree = StateTree::new(&world);
    world.sync(&mut tree);
    for key in ["a", "b", "c"] {
        world.units.insert(key, unit(&mut Choices([].iter())));
    }
    world.round.value = 3.0;
    world.sync(&mut tree);
    let update = tree.update();
    let serial: Vec<Vec<u8>> =
        configs().map(|config| Encoder::new(config).encode(&update).to_vec()).collect();
    let parallel: Vec<Vec<u8>> = std::thread::scope(|scope| {
        let threads: Vec<_> = configs()
            .map(|config| {
                let update = &update;
                scope.spawn(move || Encoder::new(config).encode(update).to_vec())
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(serial, parallel);
    assert!(serial.iter().all(|frame| frame.len() > 4));
}

#[test]
fn what_did_not_change_is_not_told() {
    let mut world = Tracked::new(World::default());
    let mut tree = StateTree::new(&world);
    world.units.insert("a", Unit { hp: 7, ..Unit::default() });
    world.sync(&mut tree);
    // The same value in a new node, a map that was emptied and filled, an array set to what it was.
    world.units.insert("a", Unit { hp: 7, ..Unit::default() });
    world.sync(&mut tree);
    assert_eq!(tree.update().patches, []);
    world.units.clear();
    world.units.insert("a", Unit { hp: 8, ..Unit::default() });
    world.log = ArraySchema::new();
    world.sync(&mut tree);
    let mut encoder = Encoder::new(Encoding::JsonObject.shortest());
    assert_eq!(
        String::from_utf8_lossy(encoder.encode(&tree.update())),
        r#"{"type":"diff","patches":[{"path":"/units/a/hp","op":"replace","value":8}]}"#,
    );
    world.sync(&mut tree);
    assert_eq!(encoder.encode(&tree.update()), b"");
    assert_eq!(tree.root().member("motto"), Some(&Tree::Null));
}
