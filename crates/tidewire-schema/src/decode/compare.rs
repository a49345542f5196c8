//! The types of a handshake beside our own: which of them are the same.
//!
//! Names of types are not sent. What is the same follows from the roots: fields lead on, from a type
//! to its base and to those that extend it. Of the latter those are the same that have the same fields,
//! in their order.

use std::collections::HashMap;

use tidewire_state::{ElementKind, FieldIndex, FieldInfo, FieldKind, TypeIndex, TypeSet, Value};

use super::{
    error::{DecodeError, DecodeErrorKind, Fault},
    reflection,
};

/// What is known of a sender whose types fit ours.
pub(super) struct Fitting {
    /// The sender's types.
    pub(super) theirs: TypeSet,
    /// Which of them ours are.
    pub(super) ours: HashMap<TypeIndex, TypeIndex>,
    /// Fields of ours that are of another kind there, which ours can take.
    pub(super) kinds: Vec<(TypeIndex, FieldIndex, FieldKind)>,
}

/// The types of a handshake, if they are `ours`.
pub(super) fn same(handshake: &[u8], ours: &TypeSet) -> Result<Fitting, DecodeError> {
    let theirs = reflection::read(handshake)?;
    let mut comparison = Comparison::new(handshake, &theirs, ours, true);
    comparison.run()?;
    let Comparison { pairs, kinds, .. } = comparison;
    let mut by_ours = HashMap::new();
    for (our, their) in pairs {
        by_ours.entry(our).or_insert(their);
    }
    Ok(Fitting { theirs, ours: by_ours, kinds })
}

/// The types of a handshake whose fields, as far as both have them, are those of `ours`, and which of
/// them ours are.
pub(super) fn fitting(handshake: &[u8], ours: &TypeSet) -> Result<Fitting, DecodeError> {
    let theirs = reflection::read(handshake)?;
    let mut comparison = Comparison::new(handshake, &theirs, ours, false);
    comparison.run()?;
    let Comparison { pairs, kinds, .. } = comparison;
    let mut by_ours = HashMap::new();
    for (our, their) in pairs {
        let other = *by_ours.entry(our).or_insert(their);
        let fields = |index| theirs.get(index).map_or(0, |info| info.fields.len());
        if fields(other) != fields(their) {
            let name = ours.get(our).map_or("", |info| &info.name).to_owned();
            let mismatch = DecodeErrorKind::Mismatch {
                ours: "one type".to_owned(),
                theirs: format!("two, {} and {}", other.0, their.0),
            };
            return Err(DecodeError::new(name, Fault::at(handshake.len(), mismatch)));
        }
    }
    Ok(Fitting { theirs, ours: by_ours, kinds })
}

/// Goes through the types that the roots lead to. Unless `all` has to be the same, one side may have
/// fields after those of the other.
struct Comparison<'a> {
    handshake: &'a [u8],
    theirs: &'a TypeSet,
    ours: &'a TypeSet,
    all: bool,
    pairs: Vec<(TypeIndex, TypeIndex)>,
    kinds: Vec<(TypeIndex, FieldIndex, FieldKind)>,
}

impl<'a> Comparison<'a> {
    fn new(handshake: &'a [u8], theirs: &'a TypeSet, ours: &'a TypeSet, all: bool) -> Self {
        let pairs = vec![(ours.root, theirs.root)];
        Self { handshake, theirs, ours, all, pairs, kinds: Vec::new() }
    }

    fn run(&mut self) -> Result<(), DecodeError> {
        // What fields lead to is certain, so it comes before what only looks the same.
        let (mut next, mut extended) = (0, 0);
        loop {
            if let Some(pair) = self.pairs.get(next).copied() {
                next += 1;
                self.types(pair)?;
            } else if let Some(pair) = self.pairs.get(extended).copied() {
                extended += 1;
                self.extending(pair)?;
            } else {
                return Ok(());
            }
        }
    }

    fn add(&mut self, pair: (TypeIndex, TypeIndex)) {
        if !self.pairs.contains(&pair) {
            self.pairs.push(pair);
        }
    }

    fn types(
        &mut self,
        (our_index, their_index): (TypeIndex, TypeIndex),
    ) -> Result<(), DecodeError> {
        let (ours, theirs) = (self.ours, self.theirs);
        let (Some(our), Some(their)) = (ours.get(our_index), theirs.get(their_index)) else {
            return Ok(());
        };
        match (our.extends, their.extends) {
            (Some(our), Some(their)) => self.add((our, their)),
            (None, None) => {}
            _ if self.all => {
                let extends = |index: Option<TypeIndex>| match index {
                    Some(_) => "a type that extends another".to_owned(),
                    None => "a type that extends no other".to_owned(),
                };
                return self.differ(&our.name, extends(our.extends), extends(their.extends));
            }
            _ => {}
        }
        let (our_len, their_len) = (our.fields.len(), their.fields.len());
        let len = if self.all { our_len.max(their_len) } else { our_len.min(their_len) };
        for at in 0..len {
            // Names of types are not sent: theirs have none.
            let named = |field: Option<&FieldInfo>, say: &dyn Fn(FieldKind) -> String| match field {
                Some(field) => format!("`{}: {}`", field.name, say(field.kind)),
                None => format!("no field {at}"),
            };
            let (our_field, their_field) = (our.fields.get(at), their.fields.get(at));
            let both = our_field.zip(their_field).filter(|(our, their)| alike(our, their));
            let Some((our_info, their_info)) = both else {
                let our_name = named(our_field, &|kind| describe(kind, ours));
                return self.differ(&our.name, our_name, named(their_field, &shape));
            };
            if let Some(kind) = taken_as(our_info.kind, their_info.kind) {
                self.kinds.push((our_index, FieldIndex(at as u8), kind));
            }
            let references = our_info.kind.referenced().zip(their_info.kind.referenced());
            if let Some(pair) = references {
                self.add(pair);
            }
        }
        Ok(())
    }

    /// Finds the types that extend two that are the same.
    fn extending(
        &mut self,
        (our_base, their_base): (TypeIndex, TypeIndex),
    ) -> Result<(), DecodeError> {
        let extending = |types: &TypeSet, base| -> Vec<TypeIndex> {
            let of_base = (0..).zip(&types.types).filter(|(_, info)| info.extends == Some(base));
            of_base.map(|(at, _)| TypeIndex(at)).collect()
        };
        let mut ours = extending(self.ours, our_base);
        if ours.is_empty() {
            return Ok(());
        }
        let mut theirs = extending(self.theirs, their_base);
        let (mut our_known, mut their_known) = (Vec::new(), Vec::new());
        for (our, their) in &self.pairs {
            our_known.push(*our);
            their_known.push(*their);
        }
        ours.retain(|index| !our_known.contains(index));
        theirs.retain(|index| !their_known.contains(index));
        for our in ours {
            let (Some(our_info), base) = (self.ours.get(our), our_base) else { continue };
            let exact = theirs.iter().position(|their| self.fits(our, *their, true));
            let at = match (exact, self.all) {
                (None, false) => theirs.iter().position(|their| self.fits(our, *their, false)),
                (exact, _) => exact,
            };
            match at {
                Some(at) => {
                    let their = theirs.remove(at);
                    self.add((our, their));
                }
                None if self.all => {
                    let base = self.ours.get(base).map_or("", |info| &info.name);
                    let ours = format!("`{}`, which extends `{base}`", our_info.name);
                    return self.differ(&our_info.name, ours, "no type with its fields".to_owned());
                }
                None => {}
            }
        }
        Ok(())
    }

    /// Whether two types have the same fields, by themselves.
    fn fits(&self, our: TypeIndex, their: TypeIndex, exactly: bool) -> bool {
        let (Some(our), Some(their)) = (self.ours.get(our), self.theirs.get(their)) else {
            return false;
        };
        (!exactly || our.fields.len() == their.fields.len())
            && std::iter::zip(&our.fields, &their.fields).all(|(our, their)| alike(our, their))
    }

    fn differ(&self, path: &str, ours: String, theirs: String) -> Result<(), DecodeError> {
        let mismatch = DecodeErrorKind::Mismatch { ours, theirs };
        Err(DecodeError::new(path.to_owned(), Fault::at(self.handshake.len(), mismatch)))
    }
}

/// Whether two fields are the same but for the numbers of types, or ours can take theirs.
fn alike(our: &FieldInfo, their: &FieldInfo) -> bool {
    our.name == their.name
        && (same_shape(our.kind, their.kind)
            || taken_as(our.kind, their.kind).is_some()
            || is_step_of(our.kind, their.kind))
}

fn same_shape(our: FieldKind, their: FieldKind) -> bool {
    let elements = |our, their| match (our, their) {
        (ElementKind::Ref(_), ElementKind::Ref(_)) => true,
        (our, their) => our == their,
    };
    match (our, their) {
        (FieldKind::Ref(_), FieldKind::Ref(_)) => true,
        (FieldKind::Map(our), FieldKind::Map(their))
        | (FieldKind::Array(our), FieldKind::Array(their))
        | (FieldKind::Set(our), FieldKind::Set(their))
        | (FieldKind::Collection(our), FieldKind::Collection(their)) => elements(our, their),
        (our, their) => our == their,
    }
}

/// Structs come one by one in an array, a set and a collection, but are numbered in other ways: what
/// kind a field of ours is here if the sender has another.
fn taken_as(our: FieldKind, their: FieldKind) -> Option<FieldKind> {
    match (our, their) {
        (FieldKind::Array(element @ ElementKind::Ref(_)), FieldKind::Set(ElementKind::Ref(_))) => {
            Some(FieldKind::Set(element))
        }
        (
            FieldKind::Array(element @ ElementKind::Ref(_)),
            FieldKind::Collection(ElementKind::Ref(_)),
        ) => Some(FieldKind::Collection(element)),
        _ => None,
    }
}

/// Whether the sender's version says of a quantized field only what its steps are sent as.
fn is_step_of(our: FieldKind, their: FieldKind) -> bool {
    match (our, their) {
        (FieldKind::Quantized(by), FieldKind::Primitive(kind)) => {
            Value::Quantized(0, &by).kind() == kind
        }
        _ => false,
    }
}

fn shape(kind: FieldKind) -> String {
    let of = |element| match element {
        ElementKind::Ref(_) => "structs".to_owned(),
        ElementKind::Primitive(kind) => kind.to_string(),
    };
    match kind {
        FieldKind::Primitive(kind) => kind.to_string(),
        FieldKind::Quantized(by) => {
            format!("{} to {} in {} bits, {:?}", by.min(), by.max(), by.bits(), by.mode())
        }
        FieldKind::Ref(_) => "a struct".to_owned(),
        FieldKind::Map(element) => format!("a map of {}", of(element)),
        FieldKind::Array(element) => format!("an array of {}", of(element)),
        FieldKind::Set(element) => format!("a set of {}", of(element)),
        FieldKind::Collection(element) => format!("a collection of {}", of(element)),
        _ => "another kind".to_owned(),
    }
}

fn describe(kind: FieldKind, types: &TypeSet) -> String {
    let name = kind.referenced().and_then(|index| types.get(index)).map(|info| &info.name);
    match (name, kind) {
        (Some(name), FieldKind::Ref(_)) => name.clone(),
        (Some(name), FieldKind::Map(_)) => format!("a map of {name}"),
        (Some(name), FieldKind::Array(_)) => format!("an array of {name}"),
        (Some(name), FieldKind::Set(_)) => format!("a set of {name}"),
        (Some(name), FieldKind::Collection(_)) => format!("a collection of {name}"),
        _ => shape(kind),
    }
}
