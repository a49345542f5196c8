//! Messages, taken apart for people: operation by operation, with offsets.
//!
//! Nothing is applied. What an inspector remembers is what references lead to, so that messages
//! that follow each other explain each other.

mod text;

use std::{collections::HashMap, fmt, sync::Arc};

use tidewire_state::{ElementKind, FieldIndex, FieldKind, Schema, TypeIndex, TypeSet};

use super::{
    error::{DecodeError, DecodeErrorKind, Fault},
    leaf::{as_read, leaf_kind},
    nodes::{Declared, ROOT},
    reader::Reader,
    reflection,
};
use crate::wire::{SWITCH_TO_STRUCTURE, TYPE_ID, op};

/// Takes messages apart, one operation a line, to be read by a person.
///
/// It takes whatever bytes there are. Give it the messages of one client in order: a patch alone
/// says nothing of the types of structures that were sent before.
///
/// ```
/// use tidewire_schema::Inspector;
/// # use tidewire_schema::{Encoder, Profile};
/// # use tidewire_state::{MapSchema, Schema, Tracked};
/// # #[derive(Schema, Default)]
/// # #[schema(crate = "tidewire_state")]
/// # struct Arena { scores: MapSchema<u8> }
/// # let handshake = Encoder::new(&Tracked::new(Arena::default())).handshake(Profile::V5);
/// let mut inspector = Inspector::from_handshake(&handshake)?;
/// let inspection = inspector.inspect(b"\x80\x01\xff\x01\x80\x00\xa3ada\x03");
/// assert_eq!(
///     inspection.to_string(),
///     "     0  80 01                               #0 State: ADD scores = #1, new, map of uint8
///      2  ff 01                               SWITCH to #1, State.scores, map of uint8
///      4  80 00 a3 61 64 61 03                #1 map of uint8: ADD entry 0 \"ada\" = 3
/// "
/// );
/// # Ok::<(), tidewire_schema::DecodeError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Inspector {
    types: Option<Arc<TypeSet>>,
    nodes: HashMap<u32, Known>,
    /// Keys of maps' entries, by the map and the sender's number, cut short.
    keys: HashMap<(u32, u32), String>,
}

/// A structure that a message has told of.
#[derive(Clone, Debug)]
struct Known {
    declared: Declared,
    /// The type that extends that one and that it had before. A message that gives no type may speak of
    /// what was there, or of something new that got the refId.
    extended: Option<TypeIndex>,
    /// Where it was put last.
    parent: u32,
    /// Which place there, as in `.hp`, cut short.
    place: String,
}

impl Known {
    fn new(declared: Declared, parent: u32, place: String) -> Self {
        Self { declared, extended: None, parent, place }
    }
}

/// A message that was taken apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Inspection<'a> {
    message: &'a [u8],
    /// The operations, in order. Together they are the message, up to the error.
    pub lines: Vec<InspectedLine>,
    /// What could not be read, if anything could not. It is the last thing looked at.
    pub error: Option<InspectError>,
}

/// An operation, or a switch to another structure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InspectedLine {
    /// At which byte it begins.
    pub offset: usize,
    /// How many bytes it has.
    pub len: usize,
    /// What it says.
    pub text: String,
}

/// What could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}: {found}")]
pub struct InspectError {
    /// At which byte the operation begins that is not right.
    pub operation: usize,
    /// The byte that is not right; the length of the message if it ended too early.
    pub offset: usize,
    /// What belongs there.
    pub expected: String,
    /// What is wrong with what is there.
    pub found: String,
}

impl Inspector {
    /// One that knows no types: switches and what is before them can be told, little else.
    pub fn new() -> Self {
        Self::default()
    }

    /// One for states of these types.
    pub fn with_types(types: Arc<TypeSet>) -> Self {
        let root = Known::new(Declared::Struct(types.root), ROOT, String::new());
        Self { types: Some(types), nodes: HashMap::from([(ROOT, root)]), keys: HashMap::new() }
    }

    /// One for states of the types that a handshake describes.
    ///
    /// # Errors
    ///
    /// If the bytes are no handshake, or describe what is not supported.
    pub fn from_handshake(handshake: &[u8]) -> Result<Self, DecodeError> {
        Ok(Self::with_types(Arc::new(reflection::read(handshake)?)))
    }

    /// One for handshakes: a description of types is itself a message about known types.
    pub fn of_handshake() -> Self {
        Self::with_types(Arc::new(reflection::Reflection::default().describe()))
    }

    /// Takes a message apart.
    pub fn inspect<'a>(&mut self, message: &'a [u8]) -> Inspection<'a> {
        let reader = Reader::new(message);
        let mut pass = Pass { inspector: self, reader, current: ROOT, lines: Vec::new() };
        let error = pass.run().err();
        Inspection { message, lines: pass.lines, error }
    }
}

impl fmt::Display for Inspection<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            let bytes = self.message.get(line.offset..).unwrap_or_default();
            let hex = text::hex(&bytes[..line.len.min(bytes.len())]);
            writeln!(f, "{:6}  {hex:36}{}", line.offset, line.text)?;
        }
        if let Some(error) = &self.error {
            let rest = self.message.get(error.operation..).unwrap_or_default();
            writeln!(f, "{:6}  {:36}ERROR: {error}", error.operation, text::hex(rest))?;
        }
        Ok(())
    }
}

/// A message that is being taken apart.
struct Pass<'i, 'a> {
    inspector: &'i mut Inspector,
    reader: Reader<'a>,
    current: u32,
    lines: Vec<InspectedLine>,
}

/// What was expected, where it is not there.
type Read<T> = Result<T, (String, Fault)>;

impl Pass<'_, '_> {
    fn run(&mut self) -> Result<(), InspectError> {
        while let Some(byte) = self.reader.peek() {
            let start = self.reader.offset();
            let line = match byte {
                SWITCH_TO_STRUCTURE => self.switch(),
                byte => self.operation(byte),
            };
            let text = line.map_err(|(expected, fault)| InspectError {
                operation: start,
                offset: fault.offset(),
                expected,
                found: fault.to_string(),
            })?;
            let len = self.reader.offset() - start;
            self.lines.push(InspectedLine { offset: start, len, text });
        }
        Ok(())
    }

    fn switch(&mut self) -> Read<String> {
        self.byte("a switch")?;
        self.current = self.unsigned("the refId of a structure")?;
        let id = self.current;
        Ok(match self.inspector.nodes.get(&id) {
            Some(known) => {
                let declared = self.inspector.declared(known.declared);
                format!("SWITCH to #{id}, {}, {declared}", self.inspector.path(id))
            }
            None => format!("SWITCH to #{id}, which no message here has told of"),
        })
    }

    /// An operation on the structure at hand.
    fn operation(&mut self, byte: u8) -> Read<String> {
        self.settle(byte);
        let known = self.inspector.nodes.get(&self.current).map(|known| known.declared);
        let Some(declared) = known else { return self.opaque(byte) };
        let what = if let Declared::Struct(index) = declared {
            self.field(byte, index)?
        } else if let Declared::Map(element) = declared {
            self.entry(byte, element)?
        } else if let Declared::Array(element) = declared {
            self.item(byte, element)?
        } else if let Declared::Set(element) | Declared::Collection(element) = declared {
            self.member(byte, element)?
        } else {
            return self.opaque(byte);
        };
        Ok(format!("#{} {}: {what}", self.current, self.inspector.declared(declared)))
    }

    /// A field that only the type has that a struct had before says that it is of that type still.
    fn settle(&mut self, byte: u8) {
        let Some(known) = self.inspector.nodes.get_mut(&self.current) else { return };
        let (Some(types), Some(extended)) = (&self.inspector.types, known.extended) else { return };
        if let Declared::Struct(index) = known.declared
            && types.get(index).is_none_or(|info| info.get(FieldIndex(byte & 0x3f)).is_none())
        {
            (known.declared, known.extended) = (Declared::Struct(extended), None);
        }
    }

    /// What no type is known for: all up to what looks like the next switch.
    fn opaque(&mut self, byte: u8) -> Read<String> {
        let mut count = 0;
        while self.reader.peek().is_some_and(|byte| byte != SWITCH_TO_STRUCTURE) {
            self.byte("a byte")?;
            count += 1;
        }
        let id = self.current;
        if id == ROOT {
            let operation = text::operation(byte & 0xc0);
            return Ok(format!(
                "#0: {operation} field {}, then what cannot be told without the types; {count} bytes in all",
                byte & 0x3f
            ));
        }
        Ok(format!("#{id}: {count} bytes that cannot be told without its type"))
    }

    fn field(&mut self, byte: u8, index: TypeIndex) -> Read<String> {
        let (operation, at) = (byte & 0xc0, byte & 0x3f);
        let types = self.inspector.types.clone();
        let info = types.as_ref().and_then(|types| types.get(index));
        let Some(info) = info else {
            return Err(self.wrong(format!("a type that is there, not {}", index.0), byte));
        };
        let Some(field) = info.get(FieldIndex(at)) else {
            let expected =
                format!("one of the {} fields of {}", info.fields.len(), text::name(&info.name));
            let fault = DecodeErrorKind::UnknownField { index: at };
            return Err((expected, Fault::at(self.reader.offset(), fault)));
        };
        self.byte("an operation")?;
        let name = text::name(&field.name);
        let named = format!("{} {name}", text::operation(operation));
        if operation == op::DELETE {
            return Ok(named);
        }
        let place = || format!(".{name}");
        let value = match field.kind {
            FieldKind::Quantized(by) => {
                let range = format!("{} to {} in {} bits", by.min(), by.max(), by.bits());
                match leaf_kind(field.kind).map(|kind| self.reader.value(kind)) {
                    Some(Ok(value)) => text::value(as_read(value, &field.kind)),
                    Some(Err(fault)) => {
                        let expected = format!("a step of {range} for {}.{name}", self.here());
                        return Err((expected, fault));
                    }
                    None => range,
                }
            }
            FieldKind::Primitive(kind) => {
                self.value(ElementKind::Primitive(kind), operation, place)?
            }
            kind => match Declared::of_field(kind) {
                Some(declared) => self.reference(declared, operation, place)?,
                None => return Err(self.wrong(format!("a field that is supported: {name}"), byte)),
            },
        };
        Ok(format!("{named} = {value}"))
    }

    fn entry(&mut self, byte: u8, element: ElementKind) -> Read<String> {
        if byte == op::CLEAR {
            self.byte("an operation")?;
            return Ok("CLEAR".to_owned());
        }
        let known = [
            op::ADD,
            op::REPLACE,
            op::DELETE,
            op::DELETE_AND_ADD,
            op::MOVE,
            op::MOVE_AND_ADD,
            op::DELETE_AND_MOVE,
        ];
        if !known.contains(&byte) {
            return Err(self.wrong("an operation on a map".to_owned(), byte));
        }
        self.byte("an operation")?;
        let index = self.unsigned("the number of an entry")?;
        let at = (self.current, index);
        if byte & op::ADD != 0 {
            let key =
                self.reader.string().map_err(|fault| ("the key of an entry".into(), fault))?;
            self.inspector.keys.insert(at, text::short(key));
        }
        let key = self.inspector.keys.get(&at);
        let key = key.map_or("(key not known)".to_owned(), |key| format!("{key:?}"));
        let named = format!("{} entry {index} {key}", text::operation(byte));
        if byte == op::DELETE {
            return Ok(named);
        }
        let value = self.value(element, byte, || format!("[{key}]"))?;
        Ok(format!("{named} = {value}"))
    }

    fn item(&mut self, byte: u8, element: ElementKind) -> Read<String> {
        let known = [
            op::ADD,
            op::REPLACE,
            op::DELETE,
            op::DELETE_AND_ADD,
            op::MOVE,
            op::MOVE_AND_ADD,
            op::DELETE_AND_MOVE,
            op::ADD_BY_REFID,
            op::DELETE_BY_REFID,
            op::CLEAR,
            op::REVERSE,
        ];
        if !known.contains(&byte) {
            return Err(self.wrong("an operation on an array".to_owned(), byte));
        }
        self.byte("an operation")?;
        let operation = text::operation(byte);
        match byte {
            op::CLEAR | op::REVERSE => Ok(operation.to_owned()),
            op::DELETE_BY_REFID => Ok(format!("{operation} #{}", self.unsigned("a refId")?)),
            op::ADD_BY_REFID => {
                let id = self.unsigned("a refId")?;
                let value = self.value(element, byte, || format!("[#{id}]"))?;
                Ok(format!("{operation} #{id} = {value}"))
            }
            _ => {
                let index = self.unsigned("an index")?;
                if byte == op::DELETE {
                    return Ok(format!("{operation} [{index}]"));
                }
                let value = self.value(element, byte, || format!("[{index}]"))?;
                Ok(format!("{operation} [{index}] = {value}"))
            }
        }
    }

    fn member(&mut self, byte: u8, element: ElementKind) -> Read<String> {
        if ![op::ADD, op::DELETE, op::DELETE_AND_ADD, op::CLEAR].contains(&byte) {
            return Err(self.wrong("an operation on a set or a collection".to_owned(), byte));
        }
        self.byte("an operation")?;
        let operation = text::operation(byte);
        if byte == op::CLEAR {
            return Ok(operation.to_owned());
        }
        let number = self.unsigned("the number of a member")?;
        if byte == op::DELETE {
            return Ok(format!("{operation} member {number}"));
        }
        let value = self.value(element, byte, || format!("[{number}]"))?;
        Ok(format!("{operation} member {number} = {value}"))
    }

    fn value(
        &mut self,
        element: ElementKind,
        operation: u8,
        place: impl Fn() -> String,
    ) -> Read<String> {
        match element {
            ElementKind::Primitive(kind) => match self.reader.value(kind) {
                Ok(value) => Ok(text::value(value)),
                Err(fault) => {
                    Err((format!("a value for {}{}, a {kind}", self.here(), place()), fault))
                }
            },
            ElementKind::Ref(index) => self.reference(Declared::Struct(index), operation, place),
        }
    }

    fn reference(
        &mut self,
        mut declared: Declared,
        operation: u8,
        place: impl Fn() -> String,
    ) -> Read<String> {
        let id = self.unsigned(format_args!("a refId for {}{}", self.here(), place()))?;
        let is_struct = matches!(declared, Declared::Struct(_));
        let mut said = "";
        if is_struct && operation & op::ADD != 0 && self.reader.peek() == Some(TYPE_ID) {
            self.byte("a type")?;
            declared = Declared::Struct(TypeIndex(self.unsigned("the number of a type")?));
            said = " (type given)";
        }
        let known = self.inspector.nodes.get(&id);
        let mut extended = None;
        if let (Some(known), Declared::Struct(index), "") = (known, declared, said)
            && let Declared::Struct(before) = known.declared
        {
            let before = known.extended.unwrap_or(before);
            let types = self.inspector.types.as_ref();
            if before != index && types.is_some_and(|types| types.is_a(before, index)) {
                if operation & op::ADD == 0 {
                    // What moves, or stays, is what it was.
                    (declared, extended) = (known.declared, known.extended);
                } else {
                    extended = Some(before);
                }
            }
        }
        let note = match known {
            None => ", new".to_owned(),
            Some(known) if known.declared == declared => {
                format!(", was {}", self.inspector.path(id))
            }
            Some(known) => format!(", was {}", self.inspector.declared(known.declared)),
        };
        let parent = self.current;
        if id != ROOT {
            let known = Known { extended, ..Known::new(declared, parent, place()) };
            self.inspector.nodes.insert(id, known);
        }
        Ok(format!("#{id}{note}, {}{said}", self.inspector.declared(declared)))
    }

    fn here(&self) -> String {
        self.inspector.path(self.current)
    }

    fn byte(&mut self, expected: &str) -> Read<u8> {
        self.reader.byte().map_err(|fault| (expected.to_owned(), fault))
    }

    fn unsigned(&mut self, expected: impl fmt::Display) -> Read<u32> {
        self.reader.unsigned().map_err(|fault| (expected.to_string(), fault))
    }

    /// A byte that was looked at, and not read.
    fn wrong(&self, expected: String, byte: u8) -> (String, Fault) {
        let kind = DecodeErrorKind::UnknownOperation { byte };
        (expected, Fault::at(self.reader.offset(), kind))
    }
}
