//! The values of a whole message in one list, as they were read.
//!
//! A message has thousands of values, most of which nobody looks at one by one: to make an object of each
//! object takes longer than to read it. So all values of a message lie in one list of cells, each
//! container as a range of it, text and bytes as ranges of the message. An [`Object`] stands for a
//! cell until somebody looks into it, and is then made of its members, one level deep.

use std::{
    borrow::Cow,
    sync::{Arc, OnceLock},
};

use serde_json::{Map, Value as Json};

use super::{
    members::Members,
    object::{Object, Opened, Shape},
    value::{Text, Value},
};

/// A value among those of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Cell {
    #[default]
    Undefined,
    Null,
    Boolean(bool),
    Unsigned(u64),
    /// Below 0.
    Signed(i64),
    Double(f64),
    Date(i64),
    /// Of the message. What is not UTF-8 is mended when somebody looks at it.
    Text(Span),
    /// Of the message.
    Bytes(Span),
    /// An extension that means nothing in JavaScript: its type, and its bytes in the message.
    Extension(i8, Span),
    /// Cells.
    Array(Span),
    /// Names and values in turn. Of two with one name, the last one counts.
    Object(Span),
    /// The same, without the values that are `undefined`.
    Map(Span),
    /// A struct of a type: values by the position of their names. What is `undefined` is not there.
    Struct {
        of: u32,
        at: u32,
        len: u32,
    },
}

/// A range, of cells or of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) at: u32,
    pub(crate) len: u32,
}

impl Span {
    /// A range of a message, which is never so long that this is not right.
    #[inline]
    pub(crate) fn new(at: usize, len: usize) -> Self {
        Self { at: at as u32, len: len as u32 }
    }

    #[inline]
    pub(crate) fn range(self) -> std::ops::Range<usize> {
        self.at as usize..self.at as usize + self.len as usize
    }
}

/// The values of a message.
#[derive(Debug, Default)]
pub(crate) struct Packed {
    pub(crate) bytes: Vec<u8>,
    pub(crate) cells: Vec<Cell>,
    /// The types of its structs: cells, each an array of names.
    pub(crate) types: Span,
    /// Another message that has the types, if this one has not.
    pub(crate) base: Option<Arc<Packed>>,
    /// The types once more, as structs have them that somebody looked at.
    shapes: OnceLock<Vec<Arc<Shape>>>,
}

impl Packed {
    /// That of no message.
    pub(crate) const fn nothing() -> Self {
        Self {
            bytes: Vec::new(),
            cells: Vec::new(),
            types: Span { at: 0, len: 0 },
            base: None,
            shapes: OnceLock::new(),
        }
    }

    pub(crate) fn new(bytes: Vec<u8>, cells: Vec<Cell>, types: Span) -> Self {
        Self { bytes, cells, types, ..Self::default() }
    }

    /// The types, without the message around them.
    pub(crate) fn types_alone(&self) -> Self {
        let count = self.type_count();
        let mut bytes = Vec::new();
        let mut cells = vec![Cell::Undefined; count];
        for of in 0..count {
            let names = self.names(of as u32);
            cells[of] = Cell::Array(Span::new(cells.len(), names.len()));
            for name in names {
                let name = self.text(*name);
                cells.push(Cell::Text(Span::new(bytes.len(), name.len())));
                bytes.extend_from_slice(name.as_bytes());
            }
        }
        Self::new(bytes, cells, Span::new(0, count))
    }

    /// How many types there are.
    #[inline]
    pub(crate) fn type_count(&self) -> usize {
        self.types.len as usize
    }

    /// The names of a type: text cells. None of a type that is not there.
    #[inline]
    pub(crate) fn names(&self, of: u32) -> &[Cell] {
        match self.cells.get(self.types.at as usize + of as usize) {
            Some(Cell::Array(names)) if of < self.types.len => &self.cells[names.range()],
            _ => &[],
        }
    }

    /// What a text cell says; nothing if it is another.
    #[inline]
    pub(crate) fn text(&self, cell: Cell) -> Cow<'_, str> {
        match cell {
            Cell::Text(span) => {
                let bytes = &self.bytes[span.range()];
                str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
            }
            Cell::Unsigned(number) => number.to_string().into(),
            Cell::Signed(number) => number.to_string().into(),
            _ => Cow::Borrowed(""),
        }
    }

    /// Whether a text cell says this.
    #[inline]
    pub(crate) fn says(&self, cell: Cell, text: &str) -> bool {
        match cell {
            Cell::Text(span) => {
                let bytes = &self.bytes[span.range()];
                // What is mended is longer or shorter than it was.
                bytes == text.as_bytes() || (!bytes.is_ascii() && self.text(cell) == text)
            }
            _ => self.text(cell) == text,
        }
    }

    /// The types, as structs have them that somebody looks at.
    #[inline]
    fn shapes(&self) -> &[Arc<Shape>] {
        match &self.base {
            Some(base) => base.shapes(),
            None => self.shapes.get_or_init(|| self.make_shapes()),
        }
    }

    /// Makes them, if they are not made.
    pub(crate) fn prepare(&self) {
        self.shapes();
    }

    /// One of them.
    #[inline]
    pub(crate) fn shape(&self, of: u32) -> Option<&Shape> {
        self.shapes().get(of as usize).map(|shape| &**shape)
    }

    #[cold]
    fn make_shapes(&self) -> Vec<Arc<Shape>> {
        let name = |cell: &Cell| Text::from(self.text(*cell));
        let shape = |of| Arc::new(Shape::new(self.names(of).iter().map(name).collect()));
        (0..self.types.len).map(shape).collect()
    }

    /// The value in a cell. Arrays are made of their items, objects of nothing yet.
    pub(crate) fn value(self: &Arc<Self>, at: usize) -> Value {
        match self.cells[at] {
            Cell::Array(items) => {
                Value::Array(items.range().map(|item| self.value(item)).collect())
            }
            Cell::Object(_) | Cell::Map(_) | Cell::Struct { .. } => {
                Value::Object(Object::packed(Arc::clone(self), at as u32))
            }
            leaf => leaf.leaf(&self.bytes),
        }
    }

    /// The names of the struct in a cell.
    #[inline]
    pub(super) fn shape_of(&self, at: u32) -> Option<&Arc<Shape>> {
        match self.cells[at as usize] {
            Cell::Struct { of, .. } => self.shapes().get(of as usize),
            _ => None,
        }
    }

    /// The object in a cell, made of its members. Typed ones are structs whose names are all different, and at least
    /// as many as the values.
    pub(super) fn open(self: &Arc<Self>, at: u32) -> Opened {
        match self.cells[at as usize] {
            Cell::Struct { of, at, len } => {
                let values = Span { at, len }.range().map(|value| self.value(value));
                match self.shapes().get(of as usize) {
                    Some(shape) if !shape.is_ambiguous() => Opened::Typed(values.collect()),
                    shape => {
                        let names = shape.map_or(&[][..], |shape| shape.names());
                        let members = std::iter::zip(names, values);
                        let mut object = Members::default();
                        for (name, value) in members.filter(|(_, value)| !value.is_undefined()) {
                            object.insert(name.clone(), value);
                        }
                        Opened::Any(object)
                    }
                }
            }
            Cell::Object(span) => Opened::Any(self.members(span, true)),
            Cell::Map(span) => Opened::Any(self.members(span, false)),
            _ => Opened::Any(Members::default()),
        }
    }

    fn members(self: &Arc<Self>, span: Span, with_undefined: bool) -> Members {
        let mut members = Members::default();
        members.reserve(span.len as usize / 2);
        for name in span.range().step_by(2) {
            if with_undefined || self.cells[name + 1] != Cell::Undefined {
                members.insert(self.text(self.cells[name]).into(), self.value(name + 1));
            }
        }
        members
    }

    /// The members of the object in a cell: their names, and the cells of their values. A name that comes twice is
    /// there twice.
    pub(crate) fn entries(&self, at: usize) -> impl Iterator<Item = (Cell, usize)> {
        let (names, first, each) = match self.cells[at] {
            Cell::Struct { of, at, len } => {
                let names = self.names_of_types().names(of);
                (&names[..names.len().min(len as usize)], at as usize, 1)
            }
            Cell::Object(span) | Cell::Map(span) => {
                (&self.cells[span.range()], span.at as usize + 1, 2)
            }
            _ => (&[][..], 0, 1),
        };
        let values = (first..).step_by(each);
        std::iter::zip(names.iter().step_by(each).copied(), values)
    }

    /// The value of a name among the members of the object in a cell.
    pub(crate) fn entry(&self, at: usize, name: &str) -> Option<usize> {
        let names = self.names_of(at);
        let found = self.entries(at).filter(|(other, _)| names.says(*other, name)).last();
        found.map(|(_, value)| value)
    }

    /// The message that has the types.
    fn names_of_types(&self) -> &Self {
        self.base.as_deref().unwrap_or(self)
    }

    /// The message that has the names of the members of the object in a cell.
    pub(crate) fn names_of(&self, at: usize) -> &Self {
        match self.cells[at] {
            Cell::Struct { .. } => self.names_of_types(),
            _ => self,
        }
    }

    /// Tells of the values of the object in a cell which are there.
    pub(crate) fn is_there(&self, at: usize) -> impl Fn(usize) -> bool {
        let keeps_undefined = matches!(self.cells[at], Cell::Object(_));
        move |value| keeps_undefined || self.cells[value] != Cell::Undefined
    }

    /// The texts of the array in a cell. Nothing if something else is in it.
    pub(crate) fn texts(&self, at: usize) -> Option<Vec<Text>> {
        let Cell::Array(items) = self.cells[at] else { return None };
        let texts = self.cells[items.range()].iter().map(|cell| match cell {
            Cell::Text(span) => Some(text(&self.bytes[span.range()])),
            _ => None,
        });
        texts.collect()
    }

    /// The value in a cell in JSON, as [`Value::to_json`].
    pub(super) fn to_json(&self, at: usize) -> Json {
        let member = |(name, value): (Cow<'_, str>, usize)| {
            let is_there = self.cells[value] != Cell::Undefined;
            is_there.then(|| (name.into_owned(), self.to_json(value)))
        };
        match self.cells[at] {
            Cell::Array(items) => items.range().map(|item| self.to_json(item)).collect(),
            Cell::Struct { of, at, len } => {
                let base = self.names_of_types();
                let names = base.names(of).iter().map(|name| base.text(*name));
                let values = std::iter::zip(names, Span { at, len }.range());
                Json::Object(values.filter_map(member).collect())
            }
            Cell::Map(span) => {
                let values = span.range().step_by(2);
                let values = values.map(|name| (self.text(self.cells[name]), name + 1));
                Json::Object(values.filter_map(member).collect())
            }
            // The last one of a name counts.
            Cell::Object(span) => {
                let mut members = Map::new();
                for name in span.range().step_by(2) {
                    let text = self.text(self.cells[name]);
                    members.insert(text.into_owned(), self.to_json(name + 1));
                }
                Json::Object(members)
            }
            leaf => leaf.leaf(&self.bytes).to_json(),
        }
    }
}

impl Cell {
    /// The value, which is no array and no object. `bytes` are those of the message.
    #[inline]
    pub(crate) fn leaf(self, bytes: &[u8]) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Boolean(value) => Value::Boolean(value),
            Self::Unsigned(value) => Value::Unsigned(value),
            Self::Signed(value) => Value::Signed(value),
            Self::Double(value) => Value::Double(value),
            Self::Date(value) => Value::Date(value),
            Self::Text(span) => Value::String(text(&bytes[span.range()])),
            Self::Bytes(span) => Value::Bytes(bytes[span.range()].to_vec()),
            Self::Extension(kind, span) => {
                let bytes = Value::Bytes(bytes[span.range()].to_vec());
                Value::Array(vec![i64::from(kind).into(), bytes])
            }
            Self::Undefined
            | Self::Array(_)
            | Self::Object(_)
            | Self::Map(_)
            | Self::Struct { .. } => Value::Undefined,
        }
    }

    /// Whether this is no array and no object.
    #[inline]
    pub(crate) fn is_leaf(self) -> bool {
        !matches!(self, Self::Array(_) | Self::Object(_) | Self::Map(_) | Self::Struct { .. })
    }

    /// The number, if it is one, as JavaScript has it.
    #[inline]
    pub(crate) fn as_f64(self) -> Option<f64> {
        match self {
            Self::Unsigned(value) => Some(value as f64),
            Self::Signed(value) => Some(value as f64),
            Self::Double(value) => Some(value),
            _ => None,
        }
    }

    /// The whole number that this is, in whatever form, if it is 0 or above.
    #[inline]
    pub(crate) fn as_u64(self) -> Option<u64> {
        match self {
            Self::Unsigned(value) => Some(value),
            Self::Double(value) => Value::Double(value).as_u64(),
            _ => None,
        }
    }
}

/// Text, mended where it is no UTF-8.
#[inline(always)]
pub(super) fn text(bytes: &[u8]) -> Text {
    std::str::from_utf8(bytes).map_or_else(|_| Text::from_utf8_lossy(bytes), Text::from)
}
