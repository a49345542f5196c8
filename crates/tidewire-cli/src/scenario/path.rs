//! JSON Pointers, and where they lead in a state.

use tidewire_state::{
    ArraySchema, CollectionSchema, DynField, DynPrimitive, DynStruct, ElementKind, FieldIndex,
    FieldKind, MapSchema, PrimitiveKind, SetSchema, TypeIndex,
};

use super::error::StepError;

/// A JSON Pointer (RFC 6901), taken apart.
#[derive(Debug)]
pub(super) struct Pointer<'a> {
    text: &'a str,
    tokens: Vec<String>,
}

/// What a pointer leads to: something that can be set or deleted, where it is.
pub(super) enum Place<'a> {
    Root,
    /// A field; it is there, whatever it holds.
    Field {
        owner: &'a mut DynStruct,
        field: FieldIndex,
    },
    /// An entry of a map of structs; the key may be missing.
    Entry {
        map: &'a mut MapSchema<DynStruct>,
        of: TypeIndex,
        key: &'a str,
    },
    /// An entry of a map of primitives; the key may be missing.
    PrimitiveEntry {
        map: &'a mut MapSchema<DynPrimitive>,
        of: PrimitiveKind,
        key: &'a str,
    },
    /// An item of an array of structs; the index exists.
    Item {
        array: &'a mut ArraySchema<DynStruct>,
        of: TypeIndex,
        index: usize,
    },
    /// An item of an array of primitives; the index exists.
    PrimitiveItem {
        array: &'a mut ArraySchema<DynPrimitive>,
        of: PrimitiveKind,
        index: usize,
    },
    /// A value of a set; the index exists.
    SetMember {
        set: &'a mut SetSchema<DynPrimitive>,
        index: usize,
    },
    /// A value of a collection; the index exists.
    CollectionMember {
        collection: &'a mut CollectionSchema<DynPrimitive>,
        index: usize,
    },
}

/// A place, and in how many structs it lies.
pub(super) struct Found<'a> {
    pub(super) place: Place<'a>,
    pub(super) depth: usize,
}

impl<'a> Pointer<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, StepError> {
        let not_a_pointer = |why| StepError::NotAPointer { path: text.to_owned(), why };
        let tokens = match text.strip_prefix('/') {
            None if text.is_empty() => Vec::new(),
            None => return Err(not_a_pointer("it must be empty or begin with `/`")),
            Some(tokens) => tokens
                .split('/')
                .map(|token| unescape(token).ok_or("`~` must be followed by 0 or 1"))
                .collect::<Result<_, _>>()
                .map_err(not_a_pointer)?,
        };
        Ok(Self { text, tokens })
    }

    pub(super) fn text(&self) -> String {
        self.text.to_owned()
    }

    /// Where it leads, from `root`. Touches what lies on the way.
    pub(super) fn resolve<'s>(&'s self, root: &'s mut DynStruct) -> Result<Found<'s>, StepError> {
        let mut tokens = self.tokens.iter().map(String::as_str);
        let mut owner = root;
        let mut depth = 1;
        let Some(mut name) = tokens.next() else {
            return Ok(Found { place: Place::Root, depth: 0 });
        };
        loop {
            let field = owner.type_info().find(name).ok_or_else(|| StepError::UnknownField {
                path: self.text(),
                name: owner.type_info().name.clone(),
                field: name.to_owned(),
            })?;
            let Some(next) = tokens.next() else {
                return Ok(Found { place: Place::Field { owner, field }, depth });
            };
            let kind = kind_of(owner, field);
            let (child, below) = match (owner.field_mut(field), kind) {
                (Some(DynField::Ref(Some(child))), _) => (&mut **child, next),
                (Some(DynField::Ref(None)), _) => {
                    return Err(StepError::Absent { path: self.text(), field: name.to_owned() });
                }
                (Some(DynField::Map(map)), FieldKind::Map(ElementKind::Ref(of))) => {
                    let Some(below) = tokens.next() else {
                        return Ok(Found { place: Place::Entry { map, of, key: next }, depth });
                    };
                    let no_key = || self.no_key(next);
                    (map.get_mut(next).ok_or_else(no_key)?, below)
                }
                (Some(DynField::Array(array)), FieldKind::Array(ElementKind::Ref(of))) => {
                    let index = self.index(next, array.len())?;
                    let Some(below) = tokens.next() else {
                        return Ok(Found { place: Place::Item { array, of, index }, depth });
                    };
                    (&mut array[index], below)
                }
                (Some(DynField::PrimitiveMap(map)), FieldKind::Map(ElementKind::Primitive(of))) => {
                    if tokens.next().is_none() {
                        let place = Place::PrimitiveEntry { map, of, key: next };
                        return Ok(Found { place, depth });
                    }
                    return Err(self.below_primitive(next));
                }
                (
                    Some(DynField::PrimitiveArray(array)),
                    FieldKind::Array(ElementKind::Primitive(of)),
                ) => {
                    let index = self.index(next, array.len())?;
                    if tokens.next().is_none() {
                        return Ok(Found {
                            place: Place::PrimitiveItem { array, of, index },
                            depth,
                        });
                    }
                    return Err(self.below_primitive(next));
                }
                (Some(DynField::PrimitiveSet(set)), _) => {
                    let index = self.index(next, set.len())?;
                    if tokens.next().is_none() {
                        return Ok(Found { place: Place::SetMember { set, index }, depth });
                    }
                    return Err(self.below_primitive(next));
                }
                (Some(DynField::PrimitiveCollection(collection)), _) => {
                    let index = self.index(next, collection.len())?;
                    if tokens.next().is_none() {
                        let place = Place::CollectionMember { collection, index };
                        return Ok(Found { place, depth });
                    }
                    return Err(self.below_primitive(next));
                }
                _ => return Err(self.below_primitive(name)),
            };
            (owner, name) = (child, below);
            depth += 1;
        }
    }

    pub(super) fn no_key(&self, key: &str) -> StepError {
        StepError::NoKey { path: self.text(), key: key.to_owned() }
    }

    pub(super) fn no_index(&self, index: &str, len: usize) -> StepError {
        StepError::NoIndex { path: self.text(), index: index.to_owned(), len }
    }

    fn below_primitive(&self, name: &str) -> StepError {
        StepError::BelowPrimitive { path: self.text(), name: name.to_owned() }
    }

    /// The index that a token names, below `len`.
    fn index(&self, token: &str, len: usize) -> Result<usize, StepError> {
        let digits = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || (token.len() > 1 && token.starts_with('0')) {
            return Err(StepError::NotAnIndex { path: self.text(), token: token.to_owned() });
        }
        // What does not fit is beyond every array.
        let index = token.parse().ok().filter(|index| *index < len);
        index.ok_or_else(|| self.no_index(token, len))
    }
}

/// What a field of a struct holds.
pub(super) fn kind_of(owner: &DynStruct, field: FieldIndex) -> FieldKind {
    owner.type_info().fields[usize::from(field.0)].kind
}

fn unescape(token: &str) -> Option<String> {
    let mut text = String::with_capacity(token.len());
    let mut chars = token.chars();
    while let Some(char) = chars.next() {
        text.push(match char {
            '~' => match chars.next()? {
                '0' => '~',
                '1' => '/',
                _ => return None,
            },
            char => char,
        });
    }
    Some(text)
}
