//! Random edits of a state of which not everyone sees the same: what a client sees beside the rest, laid over what
//! everyone sees, is what a copy of its own would be, and frames bring the client there.
#![expect(clippy::unwrap_used, reason = "a test may")]

use proptest::{collection::vec, prelude::*};
use tidewire_opcode::{
    Config, Encoder, Encoding, OwnPart, PathForm, StateTree, Tree, View, merged,
};
use tidewire_state::{
    ArraySchema, CollectionSchema, Handle, Instance, MapSchema, Pool, Schema, SetSchema, Tag,
    Tracked, ViewId, Viewer,
};

#[derive(Schema, Default, Clone)]
#[schema(crate = "tidewire_state")]
struct Vector {
    x: i32,
    y: i32,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Card {
    rank: u8,
    #[schema(view)]
    note: String,
    tags: SetSchema<String>,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Unit {
    name: String,
    hp: u16,
    at: Vector,
    #[schema(view)]
    hand: ArraySchema<Card>,
    #[schema(view(2))]
    plan: String,
    #[schema(filter = |unit: &Unit, viewer| unit.shows_goal(viewer))]
    goal: Option<Instance<Vector>>,
    bag: MapSchema<u32>,
    friends: ArraySchema<Vector>,
    #[schema(view)]
    kept: MapSchema<Vector>,
    pets: MapSchema<Unit>,
    #[schema(custom = Unit::call_for)]
    call: String,
}

impl Unit {
    fn shows_goal(&self, viewer: &Viewer<'_>) -> bool {
        self.hp.is_multiple_of(3) || self.name == viewer.name()
    }

    /// Of what is in the field itself nobody may be told.
    fn call_for(&self, viewer: &Viewer<'_>) -> Option<String> {
        (!self.hp.is_multiple_of(3)).then(|| format!("{} {}", viewer.name(), self.hp))
    }
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct World {
    round: u32,
    #[schema(view)]
    secret: String,
    #[schema(custom = |world: &World, viewer| world.luck.filter(|luck| *luck != viewer.name().len() as u32))]
    luck: Option<u32>,
    units: MapSchema<Unit>,
    ranks: ArraySchema<Unit>,
    #[schema(per_player)]
    purses: MapSchema<Unit>,
    #[schema(per_player)]
    gold: MapSchema<u32>,
    #[schema(filter_children = |_, viewer, at, vector: &Vector| at == 0 || vector.x == viewer.name().len() as i32)]
    orders: ArraySchema<Vector>,
    #[schema(pool)]
    pool: Pool<Card>,
    open: SetSchema<Handle<Card>>,
    top: Option<Handle<Card>>,
    #[schema(view)]
    hidden: CollectionSchema<Handle<Card>>,
    #[schema(view)]
    vault: MapSchema<Handle<Card>>,
}

const KEYS: [&str; 8] = ["a", "bb", "ccc", "", "x.y", "q[0]", "key", "__proto__"];
const NAMES: [&str; 3] = ["a", "bb", "ccc"];

struct Choices<'a>(std::slice::Iter<'a, u16>);

impl Choices<'_> {
    fn below(&mut self, bound: usize) -> usize {
        usize::from(self.0.next().copied().unwrap_or(0)) % bound.max(1)
    }

    /// Most keys are those that paths can go through.
    fn key(&mut self) -> &'static str {
        match self.below(3) {
            0 => KEYS[self.below(KEYS.len())],
            _ => NAMES[self.below(3)],
        }
    }

    fn text(&mut self) -> String {
        format!("text {}", self.below(3))
    }

    fn vector(&mut self) -> Vector {
        Vector { x: self.below(4) as i32, y: self.below(2) as i32 }
    }

    fn card(&mut self) -> Card {
        Card { rank: self.below(4) as u8, note: self.text(), ..Card::default() }
    }

    fn unit(&mut self) -> Unit {
        let mut unit =
            Unit { hp: self.below(4) as u16, name: self.key().into(), ..Unit::default() };
        for _ in 0..self.below(4) {
            edit_unit(&mut unit, self);
        }
        unit
    }
}

fn edit_card(card: &mut Card, choices: &mut Choices<'_>) {
    match choices.below(4) {
        0 => card.rank += 1,
        1 => card.note = choices.text(),
        2 => drop(card.tags.insert(choices.text())),
        _ => drop(card.tags.remove(&choices.text())),
    }
}

fn edit_unit(unit: &mut Unit, choices: &mut Choices<'_>) {
    match choices.below(22) {
        0 => unit.name = choices.key().into(),
        1 | 2 => unit.hp = choices.below(5) as u16,
        3 => unit.at.x += 1,
        4 => unit.hand.push(choices.card()),
        5 => drop(unit.hand.pop()),
        6 => unit.hand.reverse(),
        7 => {
            if let Some(card) = unit.hand.get_mut(0) {
                edit_card(card, choices);
            }
        }
        8 => unit.plan = choices.text(),
        9 => unit.goal = Some(choices.vector().into()),
        10 => unit.goal = None,
        11 => {
            if let Some(goal) = &mut unit.goal {
                goal.y += 1;
            }
        }
        12 => drop(unit.bag.insert(choices.key(), 1)),
        13 => drop(unit.bag.remove(choices.key())),
        14 => unit.friends.push(choices.vector()),
        15 => drop(unit.kept.insert(choices.key(), choices.vector())),
        16 => drop(unit.kept.remove(choices.key())),
        17 => unit.kept = MapSchema::new(),
        18 => drop(unit.pets.insert(choices.key(), Unit::default())),
        19 => {
            if let Some(kept) = unit.kept.get_mut(choices.key()) {
                kept.x += 1;
            }
        }
        _ => {
            if let Some(pet) = unit.pets.get_mut(choices.key()) {
                edit_unit(pet, choices);
            }
        }
    }
}

fn edit(world: &mut World, choices: &mut Choices<'_>) {
    match choices.below(32) {
        30 | 31 => world.luck = Some(choices.below(5) as u32).filter(|luck| *luck > 0),
        0 => world.round += 1,
        1 => world.secret = choices.text(),
        2 | 3 => drop(world.units.insert(choices.key(), choices.unit())),
        4 => drop(world.units.remove(choices.key())),
        5 => world.ranks.push(choices.unit()),
        6 => drop(world.ranks.pop()),
        7 => world.ranks.reverse(),
        8 => {
            if let Some(unit) = world.ranks.get_mut(0) {
                edit_unit(unit, choices);
            }
        }
        9 | 10 => drop(world.purses.insert(choices.key(), choices.unit())),
        11 => drop(world.purses.remove(choices.key())),
        12 | 13 => {
            if let Some(unit) = world.purses.get_mut(choices.key()) {
                edit_unit(unit, choices);
            }
        }
        14 => drop(world.gold.insert(choices.key(), choices.below(3) as u32)),
        15 => drop(world.gold.remove(choices.key())),
        16 => world.orders.insert(0, choices.vector()),
        17 => drop(world.orders.pop()),
        18 => {
            if let Some(order) = world.orders.get_mut(0) {
                order.x = choices.below(4) as i32;
            }
        }
        19 => {
            let card = choices.card();
            let card = world.pool.insert(card);
            match choices.below(3) {
                0 => drop(world.open.insert(card)),
                1 => world.hidden.add(card),
                _ => drop(world.vault.insert(choices.key(), card)),
            }
        }
        20 => {
            let card = world.vault.get(choices.key()).copied();
            world.top = card.filter(|card| world.pool.get(*card).is_some());
        }
        21 => world.top = None,
        22 => {
            // From what is hidden to what is not, and back.
            let hidden = world.hidden.iter().next().copied();
            let open = world.open.iter().next().copied();
            if let Some(card) = hidden {
                world.open.insert(card);
            }
            if let Some(card) = open {
                world.open.remove(&card);
                world.vault.insert(choices.key(), card);
            }
        }
        23 => drop(world.vault.remove(choices.key())),
        24 => {
            let card = world.vault.get(choices.key()).copied();
            if let Some(card) = card.and_then(|card| world.pool.get_mut(card)) {
                edit_card(card, choices);
            }
        }
        25 => world.units.clear(),
        _ => {
            if let Some(unit) = world.units.get_mut(choices.key()) {
                edit_unit(unit, choices);
            }
        }
    }
}

/// Adds to a view, or takes out of it.
fn look(world: &mut Tracked<World>, view: ViewId, choices: &mut Choices<'_>) {
    let key = choices.key();
    let path: &[&str] = match choices.below(9) {
        0 => &[],
        1 => &["units"],
        2 => &["units", key],
        3 => &["units", key, "hand"],
        4 => &["units", key, "pets", "a"],
        5 => &["ranks", "0"],
        6 => &["hidden"],
        7 => &["vault", key],
        _ => &["purses", key],
    };
    let tag = if choices.below(2) == 0 { Tag::DEFAULT } else { Tag(2) };
    // Nothing may be there.
    let _ = match choices.below(4) {
        0 => world.view_remove(view, path, tag),
        1 => world.view_subscribe(view, path, tag),
        _ => world.view_add(view, path, tag),
    };
}

/// A client in one of the encodings.
struct Client {
    part: OwnPart,
    own: Encoder,
    view: View,
}

/// All clients of one encoding.
struct Channel {
    shared: Encoder,
    clients: [Option<Client>; 3],
}

fn configs() -> impl Iterator<Item = Config> {
    let encodings = [Encoding::JsonObject, Encoding::OpcodeJson, Encoding::OpcodeMessagePack];
    encodings.into_iter().flat_map(|encoding| {
        let plain = Config { paths: PathForm::Plain, ..encoding.shortest() };
        [encoding.original(), encoding.shortest(), plain]
    })
}

/// What a client that has no view, or this, must hold: by a tree of its own, which follows all that it sees.
fn expected(tree: &mut StateTree, world: &Tracked<World>, view: ViewId) -> Tree {
    without_proto(tree.seen_by(world, view).root())
}

fn without_proto(tree: &Tree) -> Tree {
    match tree {
        Tree::Array(items) => Tree::Array(items.iter().map(without_proto).collect()),
        Tree::Object(members) => {
            let held = members.iter().filter(|(name, _)| &***name != "__proto__");
            Tree::object(held.map(|(name, value)| (name.clone(), without_proto(value))))
        }
        leaf => leaf.clone(),
    }
}

fn check(ticks: &[Vec<u16>]) {
    let mut world = Tracked::new(World::default());
    let mut tree = StateTree::new(&world);
    let mut channels: Vec<Channel> = configs()
        .map(|config| Channel { shared: Encoder::new(config), clients: [const { None }; 3] })
        .collect();
    let mut views = NAMES.map(|name| world.create_view(name));
    for choices in ticks {
        let mut choices = Choices(choices.iter());
        let at = choices.below(8);
        if let Some(view) = views.get_mut(at) {
            // Somebody leaves, and comes back.
            world.drop_view(*view);
            *view = world.create_view(NAMES[at]);
            channels.iter_mut().for_each(|channel| channel.clients[at] = None);
        }
        for _ in 0..choices.below(7) {
            edit(&mut world, &mut choices);
        }
        // What several places may lead to is rare otherwise.
        if choices.below(2) == 0 {
            let name = NAMES[choices.below(3)];
            match world.vault.get(name).copied() {
                Some(card) if choices.below(2) == 0 => {
                    edit_card(world.pool.get_mut(card).unwrap(), &mut choices);
                }
                Some(_) => drop(world.view_add(views[0], &["vault", name], Tag::DEFAULT)),
                None => {
                    let card = world.pool.insert(choices.card());
                    world.vault.insert(name, card);
                }
            }
        }
        for _ in 0..choices.below(3) {
            let view = views[choices.below(3)];
            look(&mut world, view, &mut choices);
        }
        world.sync(&mut tree);
        let late = choices.below(4);
        let expected = views.map(|view| expected(&mut tree, &world, view));
        for channel in &mut channels {
            follow(channel, &tree, &world, views, late, &expected);
        }
    }
}

fn follow(
    channel: &mut Channel,
    tree: &StateTree,
    world: &Tracked<World>,
    views: [ViewId; 3],
    late: usize,
    expected: &[Tree; 3],
) {
    let Channel { shared, clients } = channel;
    let config = shared.config();
    let encoding = config.encoding;
    let update = tree.update_with(|members, whole| shared.prefers_whole(members, whole));
    let frame = match update.patches.is_empty() {
        true => Vec::new(),
        false => shared.encode(&update).to_vec(),
    };
    for (at, (client, view)) in clients.iter_mut().zip(views).enumerate() {
        let Some(Client { part, own, view: held }) = client else {
            // Some come later.
            if late != at {
                shared.join();
                *client = Some(join(config, tree, world, view, &expected[at]));
            }
            continue;
        };
        tree.look_for(part, world, Some(view));
        assert_eq!(without_proto(&part.over(tree)), expected[at], "{}", NAMES[at]);
        let update = part.update(tree, |members, whole| own.prefers_whole(members, whole));
        let mut receive = |frame: &[u8]| {
            if !frame.is_empty() {
                held.receive(frame, encoding).unwrap();
            }
        };
        if encoding == Encoding::OpcodeMessagePack {
            if !frame.is_empty() {
                receive(&merged(&frame, &[], encoding).unwrap());
            }
            if !update.patches.is_empty() {
                receive(own.encode(&update));
            }
        } else if update.patches.is_empty() {
            receive(&frame);
        } else {
            receive(own.encode_onto(&frame, &update));
        }
        let frame = String::from_utf8_lossy(&frame);
        assert_eq!(held.root(), &expected[at], "{config:?}, {}, after {frame}", NAMES[at]);
    }
}

fn join(
    config: Config,
    tree: &StateTree,
    world: &Tracked<World>,
    view: ViewId,
    expected: &Tree,
) -> Client {
    let own = match config.encoding {
        Encoding::OpcodeMessagePack => Encoder::new(config),
        Encoding::JsonObject | Encoding::OpcodeJson => Encoder::beside(config),
    };
    let held = match config.paths {
        PathForm::Plain => View::new::<&str>([]),
        PathForm::Hashed => View::with_paths(tree.paths()),
    };
    let mut client = Client { part: OwnPart::new(), own, view: held };
    tree.look_for(&mut client.part, world, Some(view));
    let shared = Encoder::new(config).encode(&tree.first_sync()).to_vec();
    let frame = client.own.encode_onto(&shared, &client.part.first_sync(tree));
    client.view.receive(frame, config.encoding).unwrap();
    assert_eq!(client.view.root(), expected, "{config:?}, first sync");
    client
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_client_holds_what_it_sees(ticks in vec(vec(any::<u16>(), 0..60), 1..16)) {
        check(&ticks);
    }
}

#[test]
fn a_client_that_missed_syncs_and_one_with_another_view_catch_up() {
    let mut world = Tracked::new(World::default());
    let mut tree = StateTree::new(&world);
    for name in NAMES {
        world.purses.insert(name, Unit { name: name.into(), ..Unit::default() });
    }
    let views = NAMES.map(|name| world.create_view(name));
    world.sync(&mut tree);
    let mut part = OwnPart::new();
    tree.look_for(&mut part, &world, Some(views[0]));
    for hp in 1..4 {
        world.purses.get_mut("a").unwrap().hp = hp;
        world.sync(&mut tree);
    }
    tree.look_for(&mut part, &world, Some(views[0]));
    let told = |part: &mut OwnPart| {
        let mut encoder = Encoder::new(Encoding::JsonObject.shortest());
        String::from_utf8(encoder.encode(&part.update(&tree, |_, _| false)).to_vec()).unwrap()
    };
    let only = r#"{"type":"diff","patches":[{"path":"/purses/a/hp","op":"replace","value":3}]}"#;
    assert_eq!(told(&mut part), only);
    tree.look_for(&mut part, &world, Some(views[1]));
    let text = told(&mut part);
    assert!(text.contains(r#"{"path":"/purses/a","op":"remove"}"#), "{text}");
    assert!(text.contains(r#"{"path":"/purses/bb","op":"replace""#), "{text}");
    tree.look_for(&mut part, &world, None);
    let nothing = r#"{"type":"diff","patches":[{"path":"/purses/bb","op":"remove"}]}"#;
    assert_eq!((told(&mut part).as_str(), part.is_empty()), (nothing, true));
}
