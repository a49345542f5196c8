//! Types that cannot be sent, told from their spelling.

use std::{
    borrow::Cow,
    cell::RefCell,
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    rc::Rc,
};

use tidewire_state::{ArraySchema, MapSchema, Schema};

#[derive(Schema)]
#[schema(crate = "tidewire_state")]
struct Card {
    suit: u8,
}

#[derive(Schema)]
#[schema(crate = "tidewire_state")]
struct Everything {
    vec: Vec<Card>,
    deque: VecDeque<u8>,
    hash_map: HashMap<String, Card>,
    tree_map: std::collections::BTreeMap<u8, Card>,
    set: HashSet<String>,
    array: [u8; 4],
    optional_vec: Option<Vec<u8>>,
    size: usize,
    offset: isize,
    unsigned: u128,
    signed: i128,
    letter: char,
    text: &'static str,
    reference: &'static u8,
    boxed_text: Box<str>,
    cow: Cow<'static, str>,
    tuple: (f32, f32),
    unit: (),
    shared: Rc<Card>,
    cell: Option<RefCell<u8>>,
    function: fn() -> u8,
    object: Box<dyn Send>,
    twice: Option<Option<u8>>,
    optional_map: Option<MapSchema<u8>>,
    optional_array: Option<ArraySchema<Card>>,
    #[schema(skip)]
    fine: BTreeMap<String, Vec<Option<Option<Rc<Card>>>>>,
}

fn main() {}
