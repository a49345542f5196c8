//! The derive macros of Tidewire: `#[derive(Schema)]`, and `#[derive(Payload)]` for what is sent beside a state-tree.
//!
//! The input is read into a tree of our own (`ast`, `attr`), every rule looks at that
//! (`check`, `types`), and what keeps them is expanded (`expand`). Errors are collected and
//! reported together, each where it is and with the way out.

mod ast;
mod attr;
mod check;
mod errors;
mod expand;
mod payload;
mod types;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

use crate::{ast::Struct, errors::Errors};

/// Makes a struct, or an enum of structs, part of a state.
///
/// The fields stay what they are: plain values that are read and written as on any struct. Clients
/// see them in the order in which they are written, under their own names.
///
/// ```
/// use tidewire_state::{ArraySchema, MapSchema, Schema, Tracked};
///
/// #[derive(Schema, Default)]
/// # #[schema(crate = "tidewire_state")]
/// struct Card {
///     suit: u8,
///     rank: u8,
/// }
///
/// #[derive(Schema, Default)]
/// # #[schema(crate = "tidewire_state")]
/// struct Player {
///     name: String,
///     #[schema(number)]
///     score: f64,
///     hand: ArraySchema<Card>,
///     last: Option<Card>,
///     #[schema(skip)]
///     address: Option<std::net::IpAddr>,
/// }
///
/// #[derive(Schema, Default)]
/// # #[schema(crate = "tidewire_state")]
/// struct Table {
///     players: MapSchema<Player>,
/// }
///
/// let mut table = Tracked::new(Table::default());
/// table.players.insert("ada", Player { name: "Ada".into(), ..Player::default() });
/// table.players.get_mut("ada").unwrap().score += 1.0;
///
/// let types = table.types();
/// let player = &types[types.find("Player").unwrap()];
/// let fields: Vec<&str> = player.fields.iter().map(|field| field.name.as_str()).collect();
/// assert_eq!(fields, ["name", "score", "hand", "last"]);
/// ```
///
/// # Types of fields
///
/// | type | on the wire |
/// |---|---|
/// | `String`, `bool` | `string`, `boolean` |
/// | `i8` … `i64`, `u8` … `u64` | `int8` … `int64`, `uint8` … `uint64` |
/// | `f32`, `f64` | `float32`, `float64` |
/// | `Number`, and fields with `number` | `number`, the shortest form that holds the value |
/// | a struct that derives `Schema`, also in a `Box` | a reference |
/// | an enum that derives `Schema` | a reference to a struct of several types, see below |
/// | `MapSchema<T>`, `ArraySchema<T>` of primitives or structs | a map, an array |
/// | `SetSchema<T>`, `CollectionSchema<T>` of primitives or handles | a set, a collection |
/// | `StreamSchema<T>` of structs | a collection, which clients are told of a few at a time |
/// | `Handle<T>` | a reference to a struct of a pool, see below |
/// | `Option<T>` of a primitive, a struct or a handle | the same as `T`, and may be absent |
///
/// A struct has at most 63 fields that clients see. It may be generic, and may hold itself in an
/// `Option<Box<Self>>` or in a collection. It cannot have lifetimes: a state owns what it holds.
///
/// ```
/// # use tidewire_state::{ElementType, MapSchema, Schema};
/// #[derive(Schema, Default)]
/// # #[schema(crate = "tidewire_state")]
/// struct Folder<T: ElementType + 'static> {
///     files: MapSchema<T>,
///     folders: MapSchema<Folder<T>>,
///     newest: Option<Box<Folder<T>>>,
/// }
/// # let types = tidewire_state::Tracked::new(Folder::<String>::default()).types();
/// # assert_eq!(types.types.len(), 1);
/// ```
///
/// # Attributes of a field
///
/// | attribute | means |
/// |---|---|
/// | `#[schema(number)]` | Sent as the protocol's `number`. On `f32`, `f64`, integers of at most 32 bits, and options of these. |
/// | `#[schema(quantized(min = …, max = …, bits = …, mode = "…"))]` | An `f32` or `f64`, sent as the number of the nearest of the steps that `bits` can count: 8, 16 (if nothing is said) or 32. Beyond the ends `mode` is `"clamp"` (if nothing is said) or `"wrap"`. |
/// | `#[schema(masked(f))]` | Sent is what `f`, a function of `&T` to `T`, makes of the value. |
/// | `#[schema(view)]`, `#[schema(view(n))]` | Sent to those whose view holds the struct; with a mask of bits `n`, to those whose view holds it for one of these. So is all that is below. |
/// | `#[schema(filter = f)]` | Sent to those who see the struct and for whom `f`, a function of `&Self` and `&Viewer` to `bool`, says yes. So is all that is below. |
/// | `#[schema(filter_children = f)]` | On a map, or an array, a set or a collection of structs: entries are sent to those for whom `f`, a function of `&Self`, `&Viewer`, the key (`&str`) or index and `&T` to `bool`, says yes. |
/// | `#[schema(per_player)]` | On a map: each client is sent the entry under the name of its view, which in a room is its session id. |
/// | `#[schema(custom = f)]` | On a primitive or an option of one: each who sees the struct is sent what `f`, a function of `&Self` and `&Viewer` to `Option<T>`, gives for it, where `T` is the primitive. What is in the field is sent to nobody. |
/// | `#[schema(max_per_tick = n)]` | Of a `StreamSchema`: how many new entries are sent in one sync, for each view or, if it is for everyone, in all. Without it 32. |
/// | `#[schema(priority = f)]` | Of a `StreamSchema`: which of them come first, those with the highest answer of `f`, a function of `&T` and `Option<&str>`, the name of the view, to `f32`. |
/// | `#[schema(patch_only)]` | Sent when it changes, and not to who comes later. |
/// | `#[schema(full_state_only)]` | Sent to who comes, and not when it changes. |
/// | `#[schema(unreliable)]` | Later values are sent apart, in a patch that may get lost where the transport has a channel for that. |
/// | `#[schema(deprecated)]` | No longer sent; keeps its number, so that the fields after it keep theirs. |
/// | `#[schema(rename = "…")]` | What clients call the field. Without it, the field's own name (`r#type` is `type`). |
/// | `#[schema(computed = function)]` | Clients are sent what `function` makes of the struct, of `&Self` to the field's type, in the place of what is in the field. It is asked whenever the struct is looked at for changes. |
/// | `#[schema(skip)]` | Stays on the server. Such a field may be of any type and does not count as one of the 63. |
/// | `#[schema(base)]` | The type that this one extends, as the first field: its fields come first. |
/// | `#[schema(pool)]` | A `Pool<T>`: what handles in this state refer to. Not sent itself. On the root. |
///
/// ```
/// # use tidewire_state::{Schema, Tracked};
/// /// Clients see a key as so many stars.
/// fn stars(key: &String) -> String {
///     "*".repeat(key.len())
/// }
///
/// #[derive(Schema, Default)]
/// # #[schema(crate = "tidewire_state")]
/// struct Door {
///     #[schema(rename = "isOpen")]
///     is_open: bool,
///     #[schema(number)]
///     width: f32,
///     #[schema(quantized(min = 0.0, max = 360.0, bits = 8, mode = "wrap"))]
///     angle: f32,
///     #[schema(masked(stars))]
///     key: String,
///     #[schema(view)]
///     behind: String,
///     #[schema(view(2))]
///     trap: u8,
///     #[schema(patch_only)]
///     knocks: u8,
///     #[schema(full_state_only)]
///     colour: u32,
///     #[schema(unreliable)]
///     shaking: f32,
///     #[schema(deprecated)]
///     material: String,
///     #[schema(skip)]
///     log: Vec<u8>,
/// }
/// # let types = Tracked::new(Door::default()).types();
/// # assert_eq!(types[types.root].fields.len(), 10);
/// # assert_eq!(types[types.root].fields[0].name, "isOpen");
/// ```
///
/// # Types that extend others
///
/// A struct whose first field is a `base` has the fields of that one first, and may stand where it is
/// declared: as a variant of an enum, each of which holds one struct. All of them are or extend one.
///
/// ```
/// # use tidewire_state::{MapSchema, Schema, Tracked};
/// #[derive(Schema, Default)]
/// # #[schema(crate = "tidewire_state")]
/// struct Item {
///     price: u16,
/// }
///
/// #[derive(Schema, Default)]
/// # #[schema(crate = "tidewire_state")]
/// struct Weapon {
///     #[schema(base)]
///     item: Item,
///     damage: u8,
/// }
///
/// #[derive(Schema)]
/// # #[schema(crate = "tidewire_state")]
/// enum Thing {
///     Item(Item),
///     Weapon(Weapon),
/// }
///
/// #[derive(Schema, Default)]
/// # #[schema(crate = "tidewire_state")]
/// struct Shop {
///     things: MapSchema<Thing>,
/// }
///
/// let mut shop = Tracked::new(Shop::default());
/// let axe = Weapon { item: Item { price: 30 }, damage: 4 };
/// shop.things.insert("axe", Thing::Weapon(axe));
/// # let types = shop.types();
/// # let weapon = &types[types.find("Weapon").unwrap()];
/// # assert_eq!(weapon.extends, types.find("Item"));
/// # assert_eq!(weapon.fields.len(), 2);
/// ```
///
/// # Shared instances
///
/// A `Handle` leads to an instance of a `Pool`, which is a field of the root. One that goes to another
/// place takes the instance along.
///
/// ```
/// use tidewire_state::{ArraySchema, Handle, Pool, Schema, SetSchema, Tracked};
///
/// #[derive(Schema, Default)]
/// # #[schema(crate = "tidewire_state")]
/// struct Card {
///     rank: u8,
/// }
///
/// #[derive(Schema, Default)]
/// # #[schema(crate = "tidewire_state")]
/// struct Game {
///     #[schema(pool)]
///     cards: Pool<Card>,
///     deck: ArraySchema<Handle<Card>>,
///     won: SetSchema<Handle<Card>>,
/// }
///
/// let mut game = Tracked::new(Game::default());
/// let ace = game.cards.insert(Card { rank: 14 });
/// game.deck.push(ace);
/// if let Some(card) = game.deck.pop() {
///     game.won.insert(card);
/// }
/// assert_eq!(game.cards.get(ace).map(|card| card.rank), Some(14));
/// ```
///
/// # Attributes of the struct
///
/// | attribute | means |
/// |---|---|
/// | `#[schema(rename = "…")]` | What clients call the type. Without it, the struct's own name. |
/// | `#[schema(crate = "…")]` | The path to the crate that has the model, where that is not `::tidewire`. |
///
/// ```
/// #[derive(tidewire_state::Schema, Default)]
/// #[schema(crate = "tidewire_state", rename = "MyRoomState")]
/// struct State {
///     #[schema(number)]
///     round: f64,
/// }
/// # let types = tidewire_state::Tracked::new(State::default()).types();
/// # assert_eq!(types[types.root].name, "MyRoomState");
/// ```
///
/// # Errors
///
/// Whatever clients could not be sent is refused where it stands, all at once, each with what to
/// write instead: unknown, misplaced and repeated attributes, types that are not tracked, fields that
/// share a name, more than 63 fields, and anything that is neither a struct with named fields nor an
/// enum of structs.
///
/// ```compile_fail
/// #[derive(tidewire_state::Schema)]
/// #[schema(crate = "tidewire_state")]
/// struct State {
///     cards: Vec<u8>, // `Vec<T>` is not tracked; use `ArraySchema<T>`, or …
/// }
/// ```
#[proc_macro_derive(Schema, attributes(schema))]
pub fn derive_schema(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let mut errors = Errors::default();
    let parsed = Struct::parse(&input, &mut errors);
    check::all(&parsed, &mut errors);
    let code = match errors.into_code() {
        None => expand::schema(&parsed),
        Some(mut code) => {
            code.extend(expand::stub(&parsed));
            code
        }
    };
    code.into()
}

/// Makes a struct a payload of state-tree messages: an event, an action, an answer.
///
/// As an object it names its values. As an array it has them in the bytewise order of their names (`_` and
/// capitals before small letters), which is how its type is listed in the `schema.json` too.
///
/// ```
/// use tidewire_opcode::{Payload, Tree};
///
/// #[derive(Payload)]
/// # #[payload(crate = "tidewire_opcode")]
/// struct Found {
///     y: i32,
///     x: i32,
///     #[payload(rename = "playerID")]
///     player: String,
/// }
///
/// let found = Found { y: 2, x: 1, player: "ada".into() };
/// assert_eq!(found.to_tuple(), Tree::Array(vec!["ada".into(), 1.into(), 2.into()]));
/// assert!(Found::from_tree(&found.to_object()).is_ok());
/// ```
///
/// Fields are numbers, `bool`, `String`, other payloads, and `Vec<T>` and maps with text keys of these. A
/// payload has all its fields, so `Option` is refused. The struct has `#[payload(rename = "…")]` and
/// `#[payload(crate = "…")]` (where the library is not `::tidewire::opcode`), a field `#[payload(rename = "…")]`.
///
/// ```compile_fail
/// #[derive(tidewire_opcode::Payload)]
/// #[payload(crate = "tidewire_opcode")]
/// struct Wish {
///     what: Option<String>, // a payload has all its fields
/// }
/// ```
#[proc_macro_derive(Payload, attributes(payload))]
pub fn derive_payload(input: TokenStream) -> TokenStream {
    payload::derive(&parse_macro_input!(input as DeriveInput)).into()
}
