//! Views: what is added, what a subscription adds later, and what is said of it.

use tidewire_state::{
    ArraySchema, Handle, MapSchema, PathError, Pool, Schema, SetSchema, Tag, Tracked, ViewId,
};

mod support {
    pub(crate) mod log;
}

use crate::support::log::Log;

#[derive(Schema, Default, Clone)]
#[schema(crate = "tidewire_state")]
struct Part {
    size: u8,
}

#[derive(Schema, Default, Clone)]
#[schema(crate = "tidewire_state")]
struct Item {
    name: String,
    #[schema(view)]
    price: u8,
    #[schema(view(2))]
    curse: Option<Part>,
    parts: ArraySchema<Part>,
    #[schema(view)]
    #[schema(rename = "in")]
    inside: Option<Handle<Card>>,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Card {
    rank: u8,
    marks: ArraySchema<Part>,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Shop {
    #[schema(pool)]
    cards: Pool<Card>,
    #[schema(view)]
    shelf: ArraySchema<Item>,
    stock: MapSchema<Item>,
    #[schema(view)]
    hand: ArraySchema<Handle<Card>>,
    #[schema(view)]
    bag: SetSchema<Handle<Card>>,
    #[schema(view)]
    joker: Option<Handle<Card>>,
    #[schema(pool)]
    chips: Pool<Part>,
    #[schema(view)]
    won: Option<Handle<Part>>,
    bet: Option<Handle<Part>>,
    ace: Option<Handle<Card>>,
}

struct Fixture {
    shop: Tracked<Shop>,
    view: ViewId,
}

impl Fixture {
    fn new() -> Self {
        let mut shop = Tracked::new(Shop::default());
        Log::of(&mut shop);
        let view = shop.create_view("ada");
        Self { shop, view }
    }

    fn subscribe(&mut self, path: &[&str], tag: Tag) {
        self.shop.view_subscribe(self.view, path, tag).expect("a collection is there");
    }

    fn add(&mut self, path: &[&str]) {
        self.shop.view_add(self.view, path, Tag::DEFAULT).expect("a node is there");
    }

    fn remove(&mut self, path: &[&str], tag: Tag) {
        self.shop.view_remove(self.view, path, tag).expect("a node is there");
    }

    /// What the view shows after a sync: a path and its reason each.
    #[track_caller]
    fn check(&mut self, expected: &[&str]) {
        Log::of(&mut self.shop);
        let explained = self.shop.view_explain(self.view).expect("the view is there");
        let mut lines: Vec<String> = explained.nodes.iter().map(ToString::to_string).collect();
        let mut expected = expected.to_vec();
        // Instances of pools come in no order.
        lines.sort();
        expected.sort_unstable();
        assert_eq!(lines, expected);
    }
}

fn item(name: &str) -> Item {
    Item { name: name.to_owned(), ..Item::default() }
}

const ROOT: &str = "/: public, the way to what was added; hides shelf, hand, bag, joker, won";

#[test]
fn what_comes_to_a_subscribed_collection_is_added_with_what_is_below_it() {
    let mut at = Fixture::new();
    at.shop.shelf.push(Item { parts: [Part { size: 1 }].into_iter().collect(), ..item("one") });
    at.subscribe(&["shelf"], Tag::DEFAULT);
    at.shop.shelf.push(Item { parts: [Part { size: 2 }].into_iter().collect(), ..item("two") });
    at.check(&[
        ROOT,
        "/shelf: added, subscribed",
        "/shelf/0: added; shows price, in; hides curse",
        "/shelf/0/parts: added",
        "/shelf/0/parts/0: added",
        "/shelf/1: added; shows price, in; hides curse",
        "/shelf/1/parts: added",
        "/shelf/1/parts/0: added",
    ]);
    // What comes below an entry later is not.
    at.shop.shelf[0].parts.push(Part { size: 3 });
    at.shop.shelf.truncate(1);
    at.check(&[
        ROOT,
        "/shelf: added, subscribed",
        "/shelf/0: added; shows price, in; hides curse",
        "/shelf/0/parts: added",
        "/shelf/0/parts/0: added",
    ]);
    at.shop.shelf.insert(0, item("again"));
    at.shop.shelf[1].parts.clear();
    at.check(&[
        ROOT,
        "/shelf: added, subscribed",
        "/shelf/0: added; shows price, in; hides curse",
        "/shelf/0/parts: added",
        "/shelf/1: added; shows price, in; hides curse",
        "/shelf/1/parts: added",
    ]);
}

#[test]
fn a_subscription_adds_with_its_own_tag() {
    let mut at = Fixture::new();
    at.subscribe(&["stock"], Tag(2));
    at.shop.stock.insert("ring", Item { curse: Some(Part::default()), ..item("ring") });
    let ring = "/stock/ring: public, added with tags 0b10; shows price, curse, in";
    let root = "/: public, the way to what was added; hides shelf, hand, bag, joker, won";
    let stock = "/stock: public, added with tags 0b10, subscribed";
    let curse = "/stock/ring/curse: added with tags 0b10";
    let parts = "/stock/ring/parts: public, added with tags 0b10";
    at.check(&[root, stock, ring, curse, parts]);
    // A tag that a field has no bit of does not go through it.
    at.remove(&["stock"], Tag(2));
    at.check(&[]);
    at.subscribe(&["stock"], Tag(4));
    at.shop.stock.insert("ring", Item { curse: Some(Part::default()), ..item("other") });
    at.check(&[
        root,
        "/stock: public, added with tags 0b100, subscribed",
        "/stock/ring: public, added with tags 0b100; shows price, in; hides curse",
        "/stock/ring/parts: public, added with tags 0b100",
    ]);
}

#[test]
fn it_ends_where_the_collection_is_removed_or_gone() {
    let empty: &[&str] = &[];
    let mut at = Fixture::new();
    for end in 0..5 {
        at.subscribe(&["shelf"], Tag::DEFAULT);
        match end {
            0 => at.remove(&["shelf"], Tag::DEFAULT),
            // With what is above it.
            1 => at.remove(&[], Tag::DEFAULT),
            2 => at.shop.view_unsubscribe(at.view, &["shelf"]).expect("it is subscribed"),
            3 => at.shop.view_clear(at.view),
            _ => {
                at.shop.drop_view(at.view);
                let other = at.shop.create_view("bob");
                assert_eq!(other, at.view);
            }
        }
        at.shop.shelf.push(item("late"));
        at.check(empty);
    }
    at.add(&["shelf", "0"]);
    at.shop.view_unsubscribe(at.view, &["shelf"]).expect("there is nothing to end");
    at.check(&[
        ROOT,
        "/shelf: the way to what was added",
        "/shelf/0: added; shows price, in; hides curse",
        "/shelf/0/parts: added",
    ]);
}

#[test]
fn what_was_there_before_and_was_removed_stays_out() {
    let mut at = Fixture::new();
    at.shop.shelf.push(item("out"));
    at.subscribe(&["shelf"], Tag::DEFAULT);
    at.remove(&["shelf", "0"], Tag::DEFAULT);
    at.check(&[ROOT, "/shelf: added, subscribed"]);
}

#[test]
fn instances_of_pools_come_with_what_is_below_them_however_old() {
    let mut at = Fixture::new();
    let marks = || [Part { size: 1 }].into_iter().collect();
    let old = at.shop.cards.insert(Card { rank: 1, marks: marks() });
    at.shop.joker = Some(old);
    at.subscribe(&["hand"], Tag::DEFAULT);
    at.check(&[ROOT, "/hand: added, subscribed"]);
    let new = at.shop.cards.insert(Card { rank: 2, marks: marks() });
    at.shop.hand.extend([old, new]);
    let root = "/: public, the way to what was added; hides shelf, hand, bag, joker, won";
    at.check(&[
        root,
        "/hand: added, subscribed",
        "/joker: added",
        "/joker/marks: added",
        "/joker/marks/0: added",
        "/hand/1: added",
        "/hand/1/marks: added",
        "/hand/1/marks/0: added",
    ]);
    // Below a new entry they come too, and what came and went again does not matter.
    at.subscribe(&["shelf"], Tag::DEFAULT);
    at.shop.hand.clear();
    at.remove(&["joker"], Tag::DEFAULT);
    let gone = at.shop.cards.insert(Card::default());
    at.shop.hand.push(gone);
    at.shop.hand.clear();
    at.shop.shelf.push(Item { inside: Some(old), ..item("box") });
    at.check(&[
        root,
        "/shelf: added, subscribed",
        "/shelf/0: added; shows price, in; hides curse",
        "/shelf/0/parts: added",
        "/hand: added, subscribed",
        "/joker: added",
        "/joker/marks: added",
        "/joker/marks/0: added",
    ]);
}

#[test]
fn what_goes_from_hidden_to_public_and_back_stays_in_view() {
    let mut at = Fixture::new();
    let chip = at.shop.chips.insert(Part::default());
    at.shop.won = Some(chip);
    at.add(&["won"]);
    at.check(&[ROOT, "/won: added"]);
    at.shop.bet = Some(chip);
    at.check(&[ROOT, "/won: public, added"]);
    at.shop.bet = None;
    at.check(&[ROOT, "/won: added"]);
}

#[test]
fn a_subscription_goes_where_its_instance_goes() {
    let mut at = Fixture::new();
    let card = at.shop.cards.insert(Card::default());
    at.shop.joker = Some(card);
    at.subscribe(&["joker", "marks"], Tag::DEFAULT);
    let mark = |at: &mut Fixture| {
        let card = at.shop.cards.get_mut(card).expect("it is there");
        card.marks.push(Part::default());
    };
    mark(&mut at);
    let marks = ["/joker/marks: added, subscribed", "/joker/marks/0: added"];
    at.check(&[ROOT, "/joker: the way to what was added", marks[0], marks[1]]);
    // From filtered to public: it has another number now.
    at.shop.ace = Some(card);
    at.check(&[
        ROOT,
        "/joker: public, the way to what was added",
        "/joker/marks: public, added, subscribed",
        "/joker/marks/0: public, added",
    ]);
    mark(&mut at);
    at.check(&[
        ROOT,
        "/joker: public, the way to what was added",
        "/joker/marks: public, added, subscribed",
        "/joker/marks/0: public, added",
        "/joker/marks/1: public, added",
    ]);
}

#[test]
fn only_a_collection_can_be_subscribed_to() {
    let mut at = Fixture::new();
    at.shop.shelf.push(item("one"));
    let view = at.view;
    let mut refused = |path: &[&str]| {
        at.shop.view_subscribe(view, path, Tag::DEFAULT).expect_err("it is no collection")
    };
    assert_eq!(refused(&[]), PathError::NoCollection);
    assert_eq!(refused(&["shelf", "0"]), PathError::NoCollection);
    assert_eq!(refused(&["shelf", "1"]), PathError::Nothing("1".to_owned()));
    assert_eq!(refused(&["shelf", "0", "name"]), PathError::NoNode);
    at.check(&[]);
}
