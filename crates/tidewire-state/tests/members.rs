//! Sets and collections as a program uses them.

use tidewire_state::{CollectionSchema, Number, SetSchema};

#[test]
fn a_set_has_each_value_once_in_order_of_arrival() {
    let mut set = SetSchema::from([3_u8, 1, 3, 2]);
    assert_eq!(set.as_slice(), [3, 1, 2]);
    assert!(!set.insert(1) && set.contains(&1));
    assert!(set.remove(&3) && !set.remove(&3));
    assert!(set.insert(3));
    assert_eq!(set.as_slice(), [1, 2, 3]);
    assert_eq!(set.remove_at(1), 2);
    assert!(!set.contains(&2));
    set.retain(|value| *value != 1);
    assert!(set.insert(1));
    assert_eq!(set, SetSchema::from([1, 3]));
    set.clear();
    assert!(set.is_empty() && set.insert(3));
}

#[test]
fn what_clients_cannot_tell_apart_is_one_value() {
    assert_eq!(SetSchema::from([0.0, -0.0, f64::NAN, f64::NAN]).len(), 2);
    assert_eq!(SetSchema::from([(1_u64 << 53), (1 << 53) + 1, 5]).len(), 2);
    assert_eq!(SetSchema::from([Number(0.1), Number(f64::from(0.1_f32))]).len(), 1);
    assert_eq!(SetSchema::from([0.1, f64::from(0.1_f32)]).len(), 2);
}

#[test]
fn a_collection_has_equal_values() {
    let mut bag = CollectionSchema::from([1_u8, 2, 1]);
    bag.add(2);
    assert!(bag.remove(&1));
    assert_eq!(bag.as_slice(), [2, 1, 2]);
    assert!(!bag.remove(&9) && bag.contains(&2));
    assert_eq!(bag.remove_at(0), 2);
    let text = serde_json::to_string(&bag).unwrap_or_default();
    assert_eq!(text, "[1,2]");
    assert_eq!(
        serde_json::from_str::<SetSchema<u8>>("[2,1,2]").ok(),
        Some(SetSchema::from([1, 2]))
    );
}
