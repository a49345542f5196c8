//! Values of a scenario as values of a state.

use std::{cell::Cell, ops::RangeInclusive, sync::Arc};

use serde_json::{Number, Value as Json};
use tidewire_state::{
    DynPrimitive, DynStruct, ElementKind, FieldInfo, FieldKind, PrimitiveKind, TypeIndex, TypeSet,
    Value,
};

use super::{
    DEEPEST, MOST_MADE,
    error::{StepError, shown},
    place::{Contents, Made, fill},
    world::{World, blank, made},
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

    /// Notes that there are more values, if there is room for them.
    pub(super) fn spend(&self, values: usize, path: &str) -> Result<(), StepError> {
        let left = self.room.get().checked_sub(values);
        self.room.set(left.ok_or_else(|| StepError::TooMuch { path: path.to_owned() })?);
        Ok(())
    }

    /// What a field of a struct is to hold that lies in `depth` structs, itself included.
    ///
    /// `null` makes a reference or an optional absent, and of a plain primitive what it was at first.
    pub(super) fn contents<W: World>(
        &self,
        world: &mut W,
        info: &FieldInfo,
        value: &Json,
        path: &str,
        depth: usize,
    ) -> Result<Contents, StepError> {
        let mut element =
            |of, value: &Json, path: &str| self.element(world, of, value, path, depth);
        Ok(match info.kind {
            FieldKind::Primitive(_) | FieldKind::Quantized(_) | FieldKind::Ref(_)
                if value.is_null() =>
            {
                Contents::Nothing
            }
            FieldKind::Primitive(kind) => {
                Contents::One(element(ElementKind::Primitive(kind), value, path)?)
            }
            FieldKind::Ref(of) => Contents::One(element(ElementKind::Ref(of), value, path)?),
            FieldKind::Quantized(by) => {
                self.spend(1, path)?;
                let mismatch = || wrong_kind(path, "a number (quantized)".to_owned(), value);
                let step = by.quantize(value.as_f64().ok_or_else(mismatch)?);
                Contents::One(Made::Primitive(Value::Quantized(step, &by).into()))
            }
            FieldKind::Map(of) => {
                Contents::Entries(entries(value, path, |value, path| element(of, value, path))?)
            }
            FieldKind::Array(of) | FieldKind::Set(of) | FieldKind::Collection(of) => {
                Contents::Items(items(value, path, |value, path| element(of, value, path))?)
            }
            kind => unreachable!("no scenario has a field of {kind:?}"),
        })
    }

    /// An element of a collection, or a whole field, of a struct that lies in `depth` structs.
    pub(super) fn element<W: World>(
        &self,
        world: &mut W,
        of: ElementKind,
        value: &Json,
        path: &str,
        depth: usize,
    ) -> Result<Made, StepError> {
        match of {
            ElementKind::Primitive(kind) => Ok(Made::Primitive(self.primitive(kind, value, path)?)),
            ElementKind::Ref(of) => {
                let instance = self.instance(world, of, value, path, depth + 1)?;
                Ok(made(world, instance))
            }
        }
    }

    /// A new instance from an object of its fields; `depth` is in how many structs it will lie.
    fn instance<W: World>(
        &self,
        world: &mut W,
        declared: TypeIndex,
        value: &Json,
        path: &str,
        depth: usize,
    ) -> Result<DynStruct, StepError> {
        let Json::Object(fields) = value else {
            let name = &self.types[declared].name;
            return Err(wrong_kind(path, format!("an object of the fields of `{name}`"), value));
        };
        if depth > DEEPEST {
            return Err(StepError::TooDeep { path: path.to_owned() });
        }
        let of = match fields.get("$type") {
            None => declared,
            Some(name) => self.derived(declared, name, path)?,
        };
        let info = &self.types[of];
        self.spend(1 + info.fields.len(), path)?;
        let mut instance = blank(world, &self.types, of);
        for (field, value) in fields.iter().filter(|(field, _)| *field != "$type") {
            let index = info.find(field).ok_or_else(|| StepError::UnknownField {
                path: path.to_owned(),
                name: info.name.clone(),
                field: field.clone(),
            })?;
            let info = &info.fields[usize::from(index.0)];
            let contents = self.contents(world, info, value, &below(path, field), depth)?;
            let Some(place) = instance.field_mut(index) else { unreachable!("it was just found") };
            fill(place, info, contents);
        }
        Ok(instance)
    }

    /// The type that `$type` names, which must be `declared` or derived from it.
    fn derived(
        &self,
        declared: TypeIndex,
        name: &Json,
        path: &str,
    ) -> Result<TypeIndex, StepError> {
        let path = || format!("{path}/$type");
        let Json::String(name) = name else {
            return Err(wrong_kind(&path(), "the name of a type".to_owned(), name));
        };
        let found = self.types.find(name);
        let found =
            found.ok_or_else(|| StepError::UnknownType { path: path(), name: name.clone() })?;
        check_type(&self.types, found, declared, &path())?;
        Ok(found)
    }

    /// A primitive of a kind.
    fn primitive(
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

/// Whether an instance may stand where one of another type is declared.
pub(super) fn check_type(
    types: &TypeSet,
    of: TypeIndex,
    declared: TypeIndex,
    path: &str,
) -> Result<(), StepError> {
    if types.is_a(of, declared) {
        return Ok(());
    }
    let name = |index| types[index].name.clone();
    let (path, name, declared) = (path.to_owned(), name(of), name(declared));
    Err(StepError::WrongType { path, name, declared })
}

/// The entries of a map; what is `null` is not there.
fn entries<T>(
    value: &Json,
    path: &str,
    mut read: impl FnMut(&Json, &str) -> Result<T, StepError>,
) -> Result<Vec<(String, T)>, StepError> {
    let Json::Object(entries) = value else {
        return Err(wrong_kind(path, "an object of entries".to_owned(), value));
    };
    entries
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(key, value)| Ok((key.clone(), read(value, &below(path, key))?)))
        .collect()
}

fn items<T>(
    value: &Json,
    path: &str,
    mut read: impl FnMut(&Json, &str) -> Result<T, StepError>,
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
