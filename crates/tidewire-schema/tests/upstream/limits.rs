//! How many fields there may be, and what becomes of values at their ends.

use std::sync::Arc;

use tidewire_schema::{Decoder, Encoder, Profile};
use tidewire_state::{
    DynField, DynStruct, FieldIndex, FieldInfo, FieldKind, PrimitiveKind, Schema, Tracked,
    TypeError, TypeIndex, TypeInfo, TypeSet, Value,
};

fn wide(count: usize) -> TypeSet {
    let kind = FieldKind::Primitive(PrimitiveKind::Uint8);
    let field = |at| FieldInfo::new(format!("f{at}"), kind).optional();
    let fields = (0..count).map(field).collect();
    TypeSet { types: vec![TypeInfo::new("Wide", fields)], root: TypeIndex(0) }
}

#[test]
fn every_one_of_63_fields_arrives_and_goes() {
    let types = Arc::new(wide(63));
    types.check().unwrap();
    let mut state = Tracked::new(DynStruct::new(types.clone(), TypeIndex(0)));
    let mut encoder = Encoder::new(&state);
    let mut client = Decoder::from_handshake(&encoder.handshake(Profile::V5)).unwrap();
    for at in 0..63 {
        state.set(FieldIndex(at), Value::Uint8(at)).unwrap();
    }
    client.apply(encoder.patch(&mut state)).unwrap();
    assert_eq!(client.state(), &*state);
    for at in 0..63 {
        let Some(DynField::Optional(field)) = state.field_mut(FieldIndex(at)) else { panic!() };
        *field = None;
        client.apply(encoder.patch(&mut state)).unwrap();
        assert_eq!(client.state(), &*state);
    }
}

#[test]
fn a_64th_field_would_be_the_byte_of_a_switch_and_is_refused() {
    let error = wide(64).check().unwrap_err();
    assert_eq!(error, TypeError::TooManyFields { name: "Wide".to_owned(), count: 64 });
}

#[derive(Schema, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Numbers {
    #[schema(number)]
    any: f64,
    text: String,
    low: i64,
    high: u64,
    single: f32,
}

#[test]
fn what_has_no_form_on_the_wire_is_what_clients_make_of_it() {
    let mut state = Tracked::new(Numbers::default());
    let mut encoder = Encoder::new(&state);
    let mut client = Decoder::<Numbers>::new();
    for (sent, held) in [
        (f64::NAN, 0.0),
        (f64::INFINITY, 9_007_199_254_740_991.0),
        (f64::NEG_INFINITY, -9_007_199_254_740_991.0),
        (18_446_744_073_709_551_615.0, 18_446_744_073_709_551_615.0),
        (0.1, f64::from(0.1_f32)),
    ] {
        state.any = sent;
        client.apply(encoder.patch(&mut state)).unwrap();
        assert_eq!(client.state().any, held);
    }
    state.low = i64::MIN;
    state.high = u64::MAX;
    state.single = f32::MAX;
    state.text = "\u{1f3b2}".repeat(20_000);
    client.apply(encoder.patch(&mut state)).unwrap();
    let held = client.state();
    assert_eq!((held.low, held.high, held.single), (i64::MIN, u64::MAX, f32::MAX));
    assert_eq!(held.text, state.text);
}
