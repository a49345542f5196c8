//! What a tracker refuses when it is made, and which types and fields are private to it.
#![expect(clippy::unwrap_used, reason = "a test may")]

use tidewire_patch::{ListenerConfig, Tracker, TrackerConfig, TrackerError, TrackerSerializer};
use tidewire_state::{ArraySchema, MapSchema, Schema, Tracked, Viewer};

#[derive(Schema, Default, Clone)]
#[schema(crate = "tidewire_state")]
struct Item {
    price: u32,
}

#[derive(Schema, Default, Clone)]
#[schema(crate = "tidewire_state")]
struct Weapon {
    #[schema(base)]
    item: Item,
    damage: u8,
}

#[derive(Schema, Default, Clone)]
#[schema(crate = "tidewire_state")]
struct Sword {
    #[schema(base)]
    weapon: Weapon,
    length: u8,
}

#[derive(Schema, Clone)]
#[schema(crate = "tidewire_state")]
enum Thing {
    Item(Item),
    Weapon(Weapon),
    Sword(Sword),
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct World {
    things: MapSchema<Thing>,
    bag: ArraySchema<Thing>,
}

/// What a listener without tags is shown of a map with an item, a weapon and a sword.
fn shown(config: TrackerConfig) -> String {
    let mut state = Tracked::new(World::default());
    let mut tracker = Tracker::new(&state, config).unwrap();
    let one = tracker.listen([""; 0], ListenerConfig::default()).unwrap();
    tracker.patch(&mut state);
    state.things.insert("item", Thing::Item(Item::default()));
    state.things.insert("weapon", Thing::Weapon(Weapon::default()));
    state.things.insert("sword", Thing::Sword(Sword::default()));
    tracker.patch(&mut state);
    let told: Vec<String> = tracker.patches(one).map(|patch| patch.path.to_string()).collect();
    let snapshot = tracker.snapshot(one).to_json();
    let keys: Vec<&String> = snapshot["things"].as_object().unwrap().keys().collect();
    let paths: Vec<String> = keys.iter().map(|key| format!("/things/{key}")).collect();
    assert_eq!(told, paths);
    paths.join(" ")
}

#[test]
fn what_extends_a_private_type_is_private() {
    assert_eq!(shown(TrackerConfig::default()), "/things/item /things/weapon /things/sword");
    assert_eq!(shown(TrackerConfig::default().with_private_type("Item")), "");
    assert_eq!(shown(TrackerConfig::default().with_private_type("Weapon")), "/things/item");
    let public = TrackerConfig::default().with_private_type("Item").with_public_type("Weapon");
    assert_eq!(shown(public.clone()), "/things/weapon /things/sword");
    assert_eq!(shown(public.with_private_type("Sword")), "/things/weapon");
    let both = TrackerConfig::default().with_private_type("Item").with_public_type("Item");
    assert_eq!(shown(both), "");
}

#[test]
fn a_root_that_extends_a_private_type_is_refused() {
    #[derive(Schema, Default)]
    #[schema(crate = "tidewire_state")]
    struct Vault {
        #[schema(base)]
        item: Item,
        items: MapSchema<Item>,
    }
    let state = Tracked::new(Vault::default());
    let config = TrackerConfig::default().with_private_type("Item");
    let error = Tracker::new(&state, config).unwrap_err();
    assert_eq!(error, TrackerError::PrivateRoot("Vault".to_owned()));
}

#[test]
fn fields_whose_functions_say_who_sees_them_are_refused() {
    fn is_open(_: &Hand, _: &Viewer<'_>) -> bool {
        true
    }
    #[derive(Schema, Default)]
    #[schema(crate = "tidewire_state")]
    struct Hand {
        #[schema(filter = is_open)]
        cards: u8,
    }
    #[derive(Schema, Default)]
    #[schema(crate = "tidewire_state")]
    struct Filtered {
        hands: MapSchema<Hand>,
    }
    let state = Tracked::new(Filtered::default());
    let error = Tracker::new(&state, TrackerConfig::default()).unwrap_err();
    let function =
        |of: &str, field: &str| TrackerError::Function { of: of.into(), field: field.into() };
    assert_eq!(error, function("Hand", "cards"));
    assert!(error.to_string().contains("mark it with `view`"), "{error}");

    #[derive(Schema, Default)]
    #[schema(crate = "tidewire_state")]
    struct Own {
        #[schema(per_player)]
        secrets: MapSchema<u8>,
    }
    let state = Tracked::new(Own::default());
    let error = Tracker::new(&state, TrackerConfig::default()).unwrap_err();
    assert_eq!(error, function("Own", "secrets"));

    fn value(_: &Each, _: &Viewer<'_>) -> Option<u8> {
        None
    }
    #[derive(Schema, Default)]
    #[schema(crate = "tidewire_state")]
    struct Each {
        #[schema(custom = value)]
        seen: u8,
    }
    let state = Tracked::new(Each::default());
    let config = TrackerConfig::default().with_serializer(TrackerSerializer::Light);
    assert_eq!(Tracker::new(&state, config).unwrap_err(), function("Each", "seen"));
}

#[test]
fn a_state_that_was_synced_is_refused() {
    let mut state = Tracked::new(World::default());
    let mut tracker = Tracker::new(&state, TrackerConfig::default()).unwrap();
    tracker.patch(&mut state);
    let error = Tracker::new(&state, TrackerConfig::default()).unwrap_err();
    assert_eq!(error, TrackerError::Synced(1));
    assert!(error.to_string().contains("before its first sync"), "{error}");
}

#[test]
fn computed_fields_follow_what_they_are_made_of() {
    #[derive(Schema, Default)]
    #[schema(crate = "tidewire_state")]
    struct Clock {
        v: u32,
        #[schema(skip)]
        obs: u32,
        #[schema(computed = Clock::twice)]
        dbl: u32,
        #[schema(view, computed = Clock::next)]
        secret: u32,
    }
    impl Clock {
        fn twice(&self) -> u32 {
            self.v * 2
        }
        fn next(&self) -> u32 {
            self.obs + 1
        }
    }
    let mut state = Tracked::new(Clock { v: 1, obs: 5, ..Clock::default() });
    let mut tracker = Tracker::new(&state, TrackerConfig::default()).unwrap();
    tracker.add_tag(&state, tidewire_state::RefId::ROOT, "t").unwrap();
    let [public, owner] =
        [["x"], ["t"]].map(|tags| tracker.listen(tags, ListenerConfig::REVERSIBLE).unwrap());
    tracker.patch(&mut state);
    assert_eq!(tracker.snapshot(public).to_json().to_string(), r#"{"v":1,"dbl":2}"#);
    assert_eq!(tracker.snapshot(owner).to_json().to_string(), r#"{"v":1,"dbl":2,"secret":6}"#);
    (state.v, state.obs) = (2, 6);
    tracker.patch(&mut state);
    let told = |one| {
        let lines = tracker.patches(one).map(|patch| patch.to_json().to_string());
        lines.collect::<Vec<_>>()
    };
    let both = [
        r#"{"op":"replace","path":"/v","value":2,"oldValue":1}"#,
        r#"{"op":"replace","path":"/dbl","value":4,"oldValue":2}"#,
    ];
    let secret = r#"{"op":"replace","path":"/secret","value":7,"oldValue":6}"#;
    assert_eq!(told(public), both);
    assert_eq!(told(owner), [both[0], both[1], secret]);
}

#[test]
fn snapshots_for_tags_that_nobody_listens_with() {
    let mut state = Tracked::new(World::default());
    state.things.insert("a", Thing::Item(Item { price: 3 }));
    let config = TrackerConfig::default().with_private_type("Item").with_reversible(true);
    let mut tracker = Tracker::new(&state, config).unwrap();
    let spy = tracker.listen([""; 0], ListenerConfig::SPY).unwrap();
    let node = state.node(&["things", "a"]).unwrap();
    tracker.add_tag(&state, node, "t").unwrap();
    tracker.patch(&mut state);
    let shown = |tag: &str| tracker.snapshot_for([tag]).to_json()["things"].to_string();
    assert_eq!((shown("t").as_str(), shown("u").as_str()), (r#"{"a":{"price":3}}"#, "{}"));
    assert_eq!(tracker.snapshot_for_spy(), tracker.snapshot(spy));
    // The whole tracker's patches can be undone.
    state.things.remove("a");
    tracker.patch(&mut state);
    let patch = tracker.patches(spy).next().unwrap();
    assert_eq!(patch.old.unwrap().to_json().to_string(), r#"{"price":3}"#);
}
