//! Values of a scenario as values of a state.

use std::{cell::Cell, ops::RangeInclusive, sync::Arc};

use serde_json::{Number, Value as Json};
use tidewire_state::{
    DynField, DynPrimitive, DynStruct, ElementKind, FieldIndex, FieldKind, PrimitiveKind,
    TypeIndex, TypeSet, Value,
};

use super::{
    DEEPEST, MOST_MADE,
    error::{StepError, shown},
    path::kind_of,
};

/// Makes values, as long as there is room for more.
#[derive(Debug)]
pub(super) struct Maker {
    types: Arc<TypeSet>,
    /// How many more fields and elements can be made.
    room: Cell<usize>,
}

impl Maker {
    pub(super) fn new(types: Arc<TypeSet>) -> Self {
        Self { types, room: Cell::new(MOST_MADE) }
    }

    fn spend(&self, values: usize, path: &str) -> Result<(), StepError> {
        let left = self.room.get().checked_sub(values);
        self.room.set(left.ok_or_else(|| StepError::TooMuch { path: path.to_owned() })?);
        Ok(())
    }

    /// Assigns a field of a struct that lies in `depth` structs, itself included.
    ///
    /// `null` makes a reference or an optional absent and a plain primitive zero. A collection is
    /// emptied and filled anew.
    pub(super) fn set_field(
        &self,
        owner: &mut DynStruct,
        field: FieldIndex,
        value: &Json,
        path: &str,
        depth: usize,
    ) -> Result<(), StepError> {
        let kind = kind_of(owner, field);
        let Some(place) = owner.field_mut(field) else { unreachable!("a field has a place") };
        match (place, kind) {
            (DynField::Primitive(place), FieldKind::Primitive(kind)) => {
                *place = if value.is_null() {
                    kind.zero().into()
                } else {
                    self.primitive(kind, value, path)?
                };
            }
            (DynField::Optional(place), FieldKind::Primitive(kind)) => {
                *place =
                    if value.is_null() { None } else { Some(self.primitive(kind, value, path)?) };
            }
            (DynField::Ref(place), FieldKind::Ref(of)) => {
                *place = if value.is_null() {
                    None
                } else {
                    Some(Box::new(self.instance(of, value, path, depth + 1)?))
                };
            }
            (DynField::PrimitiveMap(map), FieldKind::Map(ElementKind::Primitive(kind))) => {
                let new = entries(value, path, |value, path| self.primitive(kind, value, path))?;
                map.clear();
                map.extend(new);
            }
            (DynField::Map(map), FieldKind::Map(ElementKind::Ref(of))) => {
                let new =
                    entries(value, path, |value, path| self.instance(of, value, path, depth + 1))?;
                map.clear();
                map.extend(new);
            }
            (DynField::PrimitiveArray(array), FieldKind::Array(ElementKind::Primitive(kind))) => {
                let new = items(value, path, |value, path| self.primitive(kind, value, path))?;
                array.clear();
                array.extend(new);
            }
            (DynField::Array(array), FieldKind::Array(ElementKind::Ref(of))) => {
                let new =
                    items(value, path, |value, path| self.instance(of, value, path, depth + 1))?;
                array.clear();
                array.extend(new);
            }
            (DynField::PrimitiveSet(set), FieldKind::Set(ElementKind::Primitive(kind))) => {
                let new = items(value, path, |value, path| self.primitive(kind, value, path))?;
                set.clear();
                set.extend(new);
            }
            (
                DynField::PrimitiveCollection(collection),
                FieldKind::Collection(ElementKind::Primitive(kind)),
            ) => {
                let new = items(value, path, |value, path| self.primitive(kind, value, path))?;
                collection.clear();
                collection.extend(new);
            }
            (place, kind) => unreachable!("{place:?} is not {kind:?}"),
        }
        Ok(())
    }

    /// A new instance from an object of its fields; `depth` is in how many structs it will lie.
    pub(super) fn instance(
        &self,
        of: TypeIndex,
        value: &Json,
        path: &str,
        depth: usize,
    ) -> Result<DynStruct, StepError> {
        let info = &self.types[of];
        let Json::Object(fields) = value else {
            return Err(wrong_kind(
                path,
                format!("an object of the fields of `{}`", info.name),
                value,
            ));
        };
        if depth > DEEPEST {
            return Err(StepError::TooDeep { path: path.to_owned() });
        }
        self.spend(1 + info.fields.len(), path)?;
        let mut instance = DynStruct::new(Arc::clone(&self.types), of);
        for (field, value) in fields {
            if field == "$type" {
                return Err(StepError::Unsupported { what: "`$type`".to_owned() });
            }
            let index = info.find(field).ok_or_else(|| StepError::UnknownField {
                path: path.to_owned(),
                name: info.name.clone(),
                field: field.clone(),
            })?;
            self.set_field(&mut instance, index, value, &below(path, field), depth)?;
        }
        Ok(instance)
    }

    /// A primitive of a kind.
    pub(super) fn primitive(
        &self,
        kind: PrimitiveKind,
        value: &Json,
        path: &str,
    ) -> Result<DynPrimitive, StepError> {
        self.spend(1, path)?;
        let mismatch = |expected: &str| wrong_kind(path, expected.to_owned(), value);
        Ok(match kind {
            PrimitiveKind::String => {
                Value::String(value.as_str().ok_or_else(|| mismatch("a string"))?).into()
            }
            PrimitiveKind::Boolean => {
                Value::Boolean(value.as_bool().ok_or_else(|| mismatch("true or false"))?).into()
            }
            kind => {
                let Json::Number(number) = value else {
                    return Err(mismatch(&format!("a number ({kind})")));
                };
                numeric(kind, number, path)?
            }
        })
    }
}

/// The entries of a map; what is `null` is not there.
fn entries<'v, T>(
    value: &'v Json,
    path: &str,
    read: impl Fn(&Json, &str) -> Result<T, StepError>,
) -> Result<Vec<(&'v str, T)>, StepError> {
    let Json::Object(entries) = value else {
        return Err(wrong_kind(path, "an object of entries".to_owned(), value));
    };
    entries
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(key, value)| Ok((key.as_str(), read(value, &below(path, key))?)))
        .collect()
}

fn items<T>(
    value: &Json,
    path: &str,
    read: impl Fn(&Json, &str) -> Result<T, StepError>,
) -> Result<Vec<T>, StepError> {
    let Json::Array(items) = value else {
        return Err(wrong_kind(path, "a list of elements".to_owned(), value));
    };
    let read = |(index, value): (usize, &Json)| read(value, &below(path, &index.to_string()));
    items.iter().enumerate().map(read).collect()
}

fn numeric(kind: PrimitiveKind, number: &Number, path: &str) -> Result<DynPrimitive, StepError> {
    use DynPrimitive as To;
    macro_rules! whole {
        ($variant:ident($type:ty)) => {
            To::$variant(
                whole(kind, number, path, <$type>::MIN.into()..=<$type>::MAX.into())? as $type
            )
        };
    }
    Ok(match kind {
        PrimitiveKind::Int8 => whole!(Int8(i8)),
        PrimitiveKind::Uint8 => whole!(Uint8(u8)),
        PrimitiveKind::Int16 => whole!(Int16(i16)),
        PrimitiveKind::Uint16 => whole!(Uint16(u16)),
        PrimitiveKind::Int32 => whole!(Int32(i32)),
        PrimitiveKind::Uint32 => whole!(Uint32(u32)),
        PrimitiveKind::Int64 => whole!(Int64(i64)),
        PrimitiveKind::Uint64 => whole!(Uint64(u64)),
        PrimitiveKind::Number => To::Number(double(number)),
        PrimitiveKind::Float64 => To::Float64(double(number)),
        PrimitiveKind::Float32 => {
            let single = double(number) as f32;
            if single.is_infinite() {
                let range = format!("{:e} to {:e}", f32::MIN, f32::MAX);
                return Err(out_of_range(kind, number, path, range));
            }
            To::Float32(single)
        }
        PrimitiveKind::String | PrimitiveKind::Boolean => unreachable!("{kind} is no number"),
    })
}

/// A whole number within a range. `1.0` and `1e3` are whole.
fn whole(
    kind: PrimitiveKind,
    number: &Number,
    path: &str,
    range: RangeInclusive<i128>,
) -> Result<i128, StepError> {
    let integer = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
    let integer = match integer {
        Some(integer) => Some(integer),
        None => {
            let double = double(number);
            if double.fract() != 0.0 {
                let (path, value) = (path.to_owned(), number.to_string());
                return Err(StepError::Fraction { path, value, kind });
            }
            // At -2^63 a literal below it may have been rounded up.
            (double > -TWO_TO_63 && double < 2.0 * TWO_TO_63).then_some(double as i128)
        }
    };
    integer.filter(|integer| range.contains(integer)).ok_or_else(|| {
        out_of_range(kind, number, path, format!("{} to {}", range.start(), range.end()))
    })
}

const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;

fn double(number: &Number) -> f64 {
    // Without arbitrary precision every number has a double near it.
    number.as_f64().unwrap_or_default()
}

fn out_of_range(kind: PrimitiveKind, number: &Number, path: &str, range: String) -> StepError {
    StepError::OutOfRange { path: path.to_owned(), value: number.to_string(), kind, range }
}

pub(super) fn wrong_kind(path: &str, expected: String, found: &Json) -> StepError {
    StepError::WrongKind { path: path.to_owned(), expected, found: shown(found) }
}

/// The pointer to what lies below `path` under a name.
fn below(path: &str, token: &str) -> String {
    format!("{path}/{}", token.replace('~', "~0").replace('/', "~1"))
}
