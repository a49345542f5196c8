//! Handshakes: types described in the schema protocol itself.
//!
//! A handshake is decoded as any state, by [`Reflection`], and then made a [`TypeSet`]. What the
//! versions write differently: 3.x and 4.x pack the primitive in a collection's type
//! (`"array:string"`), 5.x has a field for it (`childPrimitive`). The form for all of them has
//! both, the one for 5.x last.

use tidewire_state::{
    ArraySchema, ElementKind, FieldInfo, FieldKind, MAX_FIELDS, Number, PrimitiveKind, Quantized,
    QuantizedMode, Schema, TypeError, TypeIndex, TypeInfo, TypeSet,
};

use super::{
    Decoder,
    error::{DecodeError, DecodeErrorKind, Fault},
};

#[derive(Schema, Debug, Default)]
#[schema(crate = "tidewire_state")]
pub(super) struct Reflection {
    types: ArraySchema<ReflectionType>,
    #[schema(rename = "rootType")]
    root_type: Option<Number>,
}

#[derive(Schema, Debug, Default)]
#[schema(crate = "tidewire_state")]
struct ReflectionType {
    id: Number,
    #[schema(rename = "extendsId")]
    extends_id: Option<Number>,
    fields: ArraySchema<ReflectionField>,
}

#[derive(Schema, Debug, Default)]
#[schema(crate = "tidewire_state")]
struct ReflectionField {
    name: String,
    #[schema(rename = "type")]
    kind: String,
    #[schema(rename = "referencedType")]
    referenced_type: Option<Number>,
    #[schema(rename = "childPrimitive")]
    child_primitive: Option<String>,
    quantized: Option<QuantizedDescriptor>,
}

#[derive(Schema, Debug, Default)]
#[schema(crate = "tidewire_state")]
struct QuantizedDescriptor {
    min: f64,
    max: f64,
    bits: u8,
    mode: u8,
}

/// The types that a handshake describes.
pub(super) fn read(handshake: &[u8]) -> Result<TypeSet, DecodeError> {
    let mut decoder = Decoder::<Reflection>::new();
    decoder.apply(handshake)?;
    let types = decoder.state().types(handshake.len());
    types.map_err(|kind| DecodeError::new("handshake".to_owned(), Fault::at(handshake.len(), kind)))
}

impl Reflection {
    /// The described types, under the numbers that they have on the wire. `bytes` bounds them.
    fn types(&self, bytes: usize) -> Result<TypeSet, DecodeErrorKind> {
        let count = self.types.len();
        let mut by_id: Vec<Option<&ReflectionType>> = vec![None; count];
        for described in &self.types {
            let slot = index(described.id).and_then(|at| by_id.get_mut(at));
            match slot {
                Some(slot @ None) => *slot = Some(described),
                _ => return Err(DecodeErrorKind::TypeNumber { index: described.id.0 }),
            }
        }
        let root = self.root_type.map_or(Some(0), index);
        let root = root.filter(|root| *root < count);
        let no_root =
            || DecodeErrorKind::TypeNumber { index: self.root_type.unwrap_or_default().0 };
        let root = root.ok_or_else(no_root)?;
        debug_assert!(count <= bytes, "each type takes bytes");

        let mut left = MEMORY.saturating_add(bytes.saturating_mul(MEMORY_A_BYTE));
        let mut types = Vec::with_capacity(count);
        for at in 0..count {
            let name = if at == root { "State".to_owned() } else { format!("Type{at}") };
            // A base that does not come first is taken for its fields alone.
            let extends = by_id[at].and_then(|described| described.extends_id).and_then(index);
            let extends = extends.filter(|base| *base < at).map(|base| TypeIndex(base as u32));
            let fields = fields(at, &by_id, &mut left)?;
            types.push(TypeInfo { extends, ..TypeInfo::new(name, fields) });
        }
        let types = TypeSet { types, root: TypeIndex(root as u32) };
        types.check()?;
        Ok(types)
    }
}

/// How long a line of types that extend one another may be.
const MAX_BASES: usize = 128;

/// What the fields of all types may take, in bytes, beside [`MEMORY_A_BYTE`] for each byte of the
/// handshake: a type repeats the fields of all that it extends.
const MEMORY: usize = 4 << 20;
const MEMORY_A_BYTE: usize = 64;

/// The fields of a type, those of the types that it extends first. `left` is what they may take.
fn fields(
    at: usize,
    by_id: &[Option<&ReflectionType>],
    left: &mut usize,
) -> Result<Vec<FieldInfo>, DecodeErrorKind> {
    let mut line = Vec::new();
    let mut next = Some(at);
    while let Some(at) = next {
        let found = by_id.get(at).copied().flatten();
        let Some(described) = found.filter(|_| line.len() < MAX_BASES) else {
            return Err(DecodeErrorKind::TypeNumber { index: at as f64 });
        };
        line.push((at, described));
        next = match described.extends_id {
            Some(base) => match index(base) {
                Some(base) => Some(base),
                None => return Err(DecodeErrorKind::TypeNumber { index: base.0 }),
            },
            None => None,
        };
    }
    let mut fields = Vec::new();
    for (owner, described) in line.into_iter().rev() {
        for field in &described.fields {
            let size = size_of::<FieldInfo>() + field.name.len();
            *left = left.checked_sub(size).ok_or(DecodeErrorKind::TooManyTypes)?;
            fields.push(field.info(owner)?);
            if fields.len() > MAX_FIELDS {
                let name = format!("Type{at}");
                return Err(TypeError::TooManyFields { name, count: fields.len() }.into());
            }
        }
    }
    Ok(fields)
}

fn index(number: Number) -> Option<usize> {
    let at = number.0 as u32;
    (f64::from(at) == number.0).then_some(at as usize)
}

impl ReflectionField {
    fn info(&self, owner: usize) -> Result<FieldInfo, DecodeErrorKind> {
        let unsupported = || DecodeErrorKind::Unsupported {
            field: self.name.clone(),
            index: owner as u32,
            kind: self.kind.clone(),
        };
        let (collection, packed) = match self.kind.split_once(':') {
            Some((collection, primitive)) => (collection, Some(primitive)),
            None => (&*self.kind, self.child_primitive.as_deref()),
        };
        let referenced = self.referenced_type.and_then(index).map(|at| TypeIndex(at as u32));
        let element = match (packed, referenced) {
            (Some(packed), _) => PrimitiveKind::from_name(packed).map(ElementKind::Primitive),
            (None, referenced) => referenced.map(ElementKind::Ref),
        };
        let kind = match (collection, element) {
            ("ref", _) => referenced.map(FieldKind::Ref),
            ("map", Some(element)) => Some(FieldKind::Map(element)),
            ("array", Some(element)) => Some(FieldKind::Array(element)),
            ("set", Some(element)) => Some(FieldKind::Set(element)),
            // What 5.x calls a stream has the operations of a collection.
            ("collection" | "stream", Some(element)) => Some(FieldKind::Collection(element)),
            ("quantized", _) => match &self.quantized {
                Some(descriptor) => descriptor.kind()?.map(FieldKind::Quantized),
                None => None,
            },
            (name, _) => PrimitiveKind::from_name(name).map(FieldKind::Primitive),
        };
        let kind = kind.ok_or_else(unsupported)?;
        let optional =
            matches!(kind, FieldKind::Primitive(_) | FieldKind::Quantized(_) | FieldKind::Ref(_));
        Ok(FieldInfo { optional, ..FieldInfo::new(self.name.clone(), kind) })
    }
}

impl QuantizedDescriptor {
    /// The range, unless it is of a mode that is not known.
    fn kind(&self) -> Result<Option<Quantized>, TypeError> {
        let mode = match self.mode {
            0 => QuantizedMode::Clamp,
            1 => QuantizedMode::Wrap,
            _ => return Ok(None),
        };
        Quantized::new(self.min, self.max, self.bits, mode).map(Some)
    }
}
