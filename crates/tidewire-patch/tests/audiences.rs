//! Codecs that go by path, of states in which not everyone sees the same, or an instance is in several
//! places.
#![expect(clippy::unwrap_used, reason = "a test may")]

use tidewire_patch::{Config, JsonEncoder, MpackEncoder, PatchEncoder};
use tidewire_state::{
    ArraySchema, CollectionSchema, Handle, MapSchema, Pool, Refusal, Schema, Tag, Tracked,
};

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Item {
    name: String,
    #[schema(view)]
    price: u8,
    holds: Option<Handle<Item>>,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Shop {
    shelf: MapSchema<Handle<Item>>,
    queue: ArraySchema<Handle<Item>>,
    bag: CollectionSchema<Handle<Item>>,
    #[schema(quantized(min = 0.0, max = 10.0, bits = 8))]
    heat: f32,
    #[schema(pool)]
    items: Pool<Item>,
}

fn item(shop: &mut Tracked<Shop>, name: &str) -> Handle<Item> {
    shop.items.insert(Item { name: name.into(), price: 9, holds: None })
}

fn patch(encoder: &mut JsonEncoder, shop: &mut Tracked<Shop>) -> String {
    encoder.patch(shop).map_or_else(String::new, ToString::to_string)
}

#[test]
fn a_change_of_a_shared_instance_is_one_at_each_of_its_paths() {
    let mut shop = Tracked::new(Shop::default());
    let mut json = JsonEncoder::new(&shop);
    let cup = item(&mut shop, "cup");
    shop.shelf.insert("a", cup);
    shop.queue.push(cup);
    shop.bag.add(cup);
    json.patch(&mut shop);
    let all = r#"{"shelf":{"a":{"name":"cup"}},"queue":[{"name":"cup"}],"bag":[{"name":"cup"}],"heat":0}"#;
    assert_eq!(json.snapshot(&shop).to_string(), all);
    shop.items.get_mut(cup).unwrap().name = "mug".into();
    shop.heat = 10.0;
    assert_eq!(
        patch(&mut json, &mut shop),
        r#"[{"op":"replace","path":"/heat","value":10},{"op":"replace","path":"/shelf/a/name","value":"mug"},{"op":"replace","path":"/queue/0/name","value":"mug"},{"op":"replace","path":"/bag/0/name","value":"mug"}]"#,
    );
    shop.shelf.insert("b", cup);
    shop.queue.clear();
    assert_eq!(
        patch(&mut json, &mut shop),
        r#"[{"op":"add","path":"/shelf/b","value":{"name":"mug"}},{"op":"remove","path":"/queue/0"}]"#,
    );
    assert_eq!(patch(&mut json, &mut shop), "");
}

#[test]
fn each_view_has_patches_of_its_own_and_asking_twice_is_free() {
    let mut shop = Tracked::new(Shop::default());
    let (mut json, mut mpack) =
        (JsonEncoder::new(&shop), MpackEncoder::new(&shop, Config::default()));
    let cup = item(&mut shop, "cup");
    shop.shelf.insert("a", cup);
    let view = shop.create_view("ada");
    shop.sync(&mut [&mut json as &mut dyn tidewire_state::Visitor, &mut mpack][..]);
    let first = r#"{"shelf":{"a":{"name":"cup"}},"queue":[],"bag":[],"heat":0}"#;
    assert_eq!(json.snapshot_for(&shop, view).to_string(), first);
    mpack.snapshot_for(&shop, view);
    shop.view_add(view, &["shelf", "a"], Tag::DEFAULT).unwrap();
    shop.sync(&mut [&mut json as &mut dyn tidewire_state::Visitor, &mut mpack][..]);
    assert!(json.last_patch().is_none() && mpack.last_patch().is_empty());
    let add = r#"[{"op":"add","path":"/shelf/a/price","value":9}]"#;
    for _ in 0..2 {
        assert_eq!(json.patch_for(&shop, view).unwrap().to_string(), add);
        assert_eq!(mpack.patch_for(&shop, view), [b"\x93\x00\xae/shelf/a/price\x09"]);
    }
    // Who comes later has it in the snapshot; the view of another does not.
    assert_eq!(json.snapshot_for(&shop, view)["shelf"]["a"]["price"], 9);
    let other = shop.create_view("bob");
    shop.sync(&mut [&mut json as &mut dyn tidewire_state::Visitor, &mut mpack][..]);
    assert_eq!(json.snapshot_for(&shop, other).to_string(), first);
    assert!(json.patch_for(&shop, view).is_none());
    shop.view_remove(view, &["shelf", "a"], Tag::DEFAULT).unwrap();
    shop.sync(&mut [&mut json as &mut dyn tidewire_state::Visitor, &mut mpack][..]);
    let remove = r#"[{"op":"remove","path":"/shelf/a/price"}]"#;
    assert_eq!(json.patch_for(&shop, view).unwrap().to_string(), remove);
    // A view that takes the number of one that is gone begins with nothing.
    shop.drop_view(view);
    let third = shop.create_view("eve");
    assert_eq!(third, view);
    shop.sync(&mut [&mut json as &mut dyn tidewire_state::Visitor, &mut mpack][..]);
    assert_eq!(json.snapshot_for(&shop, third).to_string(), first);
}

#[test]
fn what_leads_to_itself_is_left_out_and_told() {
    let mut shop = Tracked::new(Shop::default());
    let mut encoder = PatchEncoder::new(&shop, Config::REVERSIBLE);
    let (cup, lid) = (item(&mut shop, "cup"), item(&mut shop, "lid"));
    shop.shelf.insert("a", cup);
    shop.items.get_mut(cup).unwrap().holds = Some(lid);
    encoder.patch(&mut shop);
    assert_eq!(encoder.refusal(None), None);
    shop.items.get_mut(lid).unwrap().holds = Some(cup);
    assert_eq!(encoder.patch(&mut shop), []);
    assert_eq!(encoder.refusal(None), Some(Refusal::Loop.into()));
    shop.items.get_mut(lid).unwrap().holds = None;
    encoder.patch(&mut shop);
    assert_eq!(encoder.refusal(None), None);
    let shelf = r#"{"a":{"name":"cup","holds":{"name":"lid"}}}"#;
    assert_eq!(encoder.snapshot().to_json()["shelf"].to_string(), shelf);
}

#[test]
fn paths_that_double_with_each_struct_come_to_an_end() {
    #[derive(Schema, Default)]
    #[schema(crate = "tidewire_state")]
    struct Fork {
        left: Option<Handle<Fork>>,
        right: Option<Handle<Fork>>,
    }
    #[derive(Schema, Default)]
    #[schema(crate = "tidewire_state")]
    struct Forks {
        first: Option<Handle<Fork>>,
        #[schema(pool)]
        forks: Pool<Fork>,
    }
    let mut forks = Tracked::new(Forks::default());
    let mut encoder = PatchEncoder::new(&forks, Config::default());
    for _ in 0..40 {
        let (left, right) = (forks.first, forks.first);
        let fork = forks.forks.insert(Fork { left, right });
        forks.first = Some(fork);
    }
    encoder.patch(&mut forks);
    assert_eq!(encoder.refusal(None), Some(Refusal::TooManyPaths.into()));
}
