//! JSON Pointers, and where they lead in a state.

use tidewire_state::{DynField, DynStruct, ElementKind, FieldIndex, FieldKind, TypeInfo};

use super::{
    error::StepError,
    world::{At, Hop, World, instance_at},
};

/// A JSON Pointer (RFC 6901), taken apart.
#[derive(Debug)]
pub(super) struct Pointer<'a> {
    text: &'a str,
    tokens: Vec<String>,
}

/// Where a pointer leads: to something that can be set or deleted, where it is.
#[derive(Debug)]
pub(super) struct Spot<'a> {
    /// From the root to the instance around it.
    pub(super) way: Vec<Hop<'a>>,
    /// What is there.
    pub(super) what: What<'a>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum What<'a> {
    Root,
    /// A place in a field, and what that holds. A reference may be absent and a key missing; an index is
    /// there.
    Place(Hop<'a>, FieldKind),
    /// A field of anything but a reference.
    Field(FieldIndex, FieldKind),
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

    /// Its parts.
    pub(super) fn tokens(&self) -> &[String] {
        &self.tokens
    }

    /// The last of them.
    pub(super) fn last(&self) -> &str {
        self.tokens.last().map_or("", String::as_str)
    }

    /// Where it leads.
    pub(super) fn resolve<W: World>(&self, world: &W) -> Result<Spot<'_>, StepError> {
        let mut tokens = self.tokens.iter().map(String::as_str);
        let (mut owner, mut way) = (world.root(), Vec::new());
        let Some(mut name) = tokens.next() else {
            return Ok(Spot { way, what: What::Root });
        };
        loop {
            let info = owner.type_info();
            let field = info.find(name).ok_or_else(|| self.no_field(info, name))?;
            let kind = kind_of(owner, field);
            let next = tokens.next();
            let (at, below) = match (kind, next) {
                (FieldKind::Ref(_), below) => (At::Field, below),
                (kind, None) => return Ok(Spot { way, what: What::Field(field, kind) }),
                (FieldKind::Primitive(_) | FieldKind::Quantized(_), Some(_)) => {
                    return Err(self.below_primitive(name));
                }
                (FieldKind::Map(_), Some(key)) => (At::Key(key), tokens.next()),
                (_, Some(token)) => {
                    let len = owner.field(field).map_or(0, len_of);
                    (At::Index(self.index(token, len)?), tokens.next())
                }
            };
            let hop = Hop { field, at };
            let Some(below) = below else {
                return Ok(Spot { way, what: What::Place(hop, kind) });
            };
            if let Some(ElementKind::Primitive(_)) = element_of(kind) {
                return Err(self.below_primitive(next.unwrap_or(name)));
            }
            owner = instance_at(world, owner, hop).ok_or_else(|| match at {
                At::Key(key) => self.no_key(key),
                _ => StepError::Absent { path: self.text(), field: name.to_owned() },
            })?;
            way.push(hop);
            name = below;
        }
    }

    fn no_field(&self, info: &TypeInfo, field: &str) -> StepError {
        let (path, name) = (self.text(), info.name.clone());
        StepError::UnknownField { path, name, field: field.to_owned() }
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

impl<'a> Spot<'a> {
    /// From the root to what is in the place.
    pub(super) fn whole_way(&self) -> Vec<Hop<'a>> {
        let last = match self.what {
            What::Place(hop, _) => Some(hop),
            What::Root | What::Field(..) => None,
        };
        self.way.iter().copied().chain(last).collect()
    }

    /// In how many structs it lies.
    pub(super) fn depth(&self) -> usize {
        self.way.len() + 1
    }
}

/// What a collection holds.
pub(super) fn element_of(kind: FieldKind) -> Option<ElementKind> {
    match kind {
        FieldKind::Map(of)
        | FieldKind::Array(of)
        | FieldKind::Set(of)
        | FieldKind::Collection(of) => Some(of),
        _ => None,
    }
}

/// How many elements there are in an array, a set or a collection.
fn len_of(field: &DynField) -> usize {
    match field {
        DynField::PrimitiveArray(array) => array.len(),
        DynField::Array(array) => array.len(),
        DynField::SharedArray(array) => array.len(),
        DynField::PrimitiveSet(set) => set.len(),
        DynField::SharedSet(set) => set.len(),
        DynField::PrimitiveCollection(collection) => collection.len(),
        DynField::SharedCollection(collection) => collection.len(),
        _ => 0,
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
