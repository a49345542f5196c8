//! How values become bytes: JSON text and MessagePack, behind one trait.

use std::io::Write as _;

use crate::{tree::Tree, update::PROTO};

/// A writer of one format. Lengths are said in front; JSON does without.
pub(crate) trait Format {
    fn open_array(&mut self, len: usize);
    fn close_array(&mut self);
    fn open_object(&mut self, len: usize);
    fn close_object(&mut self);
    fn key(&mut self, name: &str);
    fn null(&mut self);
    fn boolean(&mut self, value: bool);
    fn integer(&mut self, value: i128);
    fn double(&mut self, value: f64);
    fn string(&mut self, text: &str);
    /// A value that is written in this format already.
    fn raw(&mut self, bytes: &[u8]);

    /// All of a value but members of the name that JavaScript clients cannot read.
    fn tree(&mut self, tree: &Tree) {
        match tree {
            Tree::Null => self.null(),
            Tree::Boolean(value) => self.boolean(*value),
            Tree::Integer(value) => self.integer(*value),
            Tree::Double(value) => self.double(*value),
            Tree::String(text) => self.string(text),
            Tree::Array(items) => {
                self.open_array(items.len());
                items.iter().for_each(|item| self.tree(item));
                self.close_array();
            }
            Tree::Object(members) => {
                let held = members.iter().filter(|(name, _)| &***name != PROTO);
                self.open_object(held.clone().count());
                for (name, value) in held {
                    self.key(name);
                    self.tree(value);
                }
                self.close_object();
            }
        }
    }
}

/// Compact JSON.
#[derive(Debug)]
pub(crate) struct JsonText<'a> {
    pub(crate) out: &'a mut Vec<u8>,
    /// Writes `/` as `\/`.
    pub(crate) escape_slashes: bool,
}

impl JsonText<'_> {
    /// A comma where a value stands in front. No value ends like what may not be followed by one.
    fn separate(&mut self) {
        if !matches!(self.out.last(), None | Some(b'[' | b'{' | b':')) {
            self.out.push(b',');
        }
    }

    fn text(&mut self, text: &str) {
        self.out.push(b'"');
        for byte in text.bytes() {
            match byte {
                b'"' | b'\\' => self.out.extend([b'\\', byte]),
                b'/' if self.escape_slashes => self.out.extend(br"\/"),
                b'\n' => self.out.extend(br"\n"),
                b'\r' => self.out.extend(br"\r"),
                b'\t' => self.out.extend(br"\t"),
                0..0x20 => {
                    let [high, low] = [byte >> 4, byte & 0xf].map(|digit| HEX[usize::from(digit)]);
                    self.out.extend([b'\\', b'u', b'0', b'0', high, low]);
                }
                byte => self.out.push(byte),
            }
        }
        self.out.push(b'"');
    }

    fn display(&mut self, value: impl std::fmt::Display) {
        self.separate();
        write!(self.out, "{value}").expect("a vector takes what is written to it");
    }
}

const HEX: &[u8; 16] = b"0123456789abcdef";

impl Format for JsonText<'_> {
    fn open_array(&mut self, _: usize) {
        self.separate();
        self.out.push(b'[');
    }

    fn close_array(&mut self) {
        self.out.push(b']');
    }

    fn open_object(&mut self, _: usize) {
        self.separate();
        self.out.push(b'{');
    }

    fn close_object(&mut self) {
        self.out.push(b'}');
    }

    fn key(&mut self, name: &str) {
        self.separate();
        self.text(name);
        self.out.push(b':');
    }

    fn null(&mut self) {
        self.display("null");
    }

    fn boolean(&mut self, value: bool) {
        self.display(value);
    }

    fn integer(&mut self, value: i128) {
        self.display(value);
    }

    /// Digits as JavaScript writes them; a whole double has no fraction.
    fn double(&mut self, value: f64) {
        match value.abs() {
            _ if !value.is_finite() => self.null(),
            0.0 | 1e-6..1e21 => self.display(value),
            _ => self.display(format_args!("{value:e}")),
        }
    }

    fn string(&mut self, text: &str) {
        self.separate();
        self.text(text);
    }

    fn raw(&mut self, bytes: &[u8]) {
        self.separate();
        self.out.extend(bytes);
    }
}

/// MessagePack with the shortest integers, doubles as they are, and no extensions.
#[derive(Debug)]
pub(crate) struct MessagePack<'a> {
    pub(crate) out: &'a mut Vec<u8>,
}

impl MessagePack<'_> {
    /// A header: the short form below its limit, or a mark with as many bytes as are needed.
    fn header(&mut self, len: usize, short: (u8, usize), marks: [Option<u8>; 3]) {
        let [one, two, four] = marks;
        match (u8::try_from(len), u16::try_from(len), one, two, four) {
            (Ok(len), ..) if usize::from(len) < short.1 => self.out.push(short.0 | len),
            (Ok(len), _, Some(mark), ..) => self.out.extend([mark, len]),
            (_, Ok(len), _, Some(mark), _) => {
                self.out.push(mark);
                self.out.extend(len.to_be_bytes());
            }
            (.., mark) => {
                // What is longer than 4 GiB cannot be said; nothing of that size is sent.
                let len = u32::try_from(len).unwrap_or(u32::MAX);
                self.out.extend(mark);
                self.out.extend(len.to_be_bytes());
            }
        }
    }

    fn marked<const N: usize>(&mut self, mark: u8, bytes: [u8; N]) {
        self.out.push(mark);
        self.out.extend(bytes);
    }
}

impl Format for MessagePack<'_> {
    fn open_array(&mut self, len: usize) {
        self.header(len, (0x90, 16), [None, Some(0xdc), Some(0xdd)]);
    }

    fn close_array(&mut self) {}

    fn open_object(&mut self, len: usize) {
        self.header(len, (0x80, 16), [None, Some(0xde), Some(0xdf)]);
    }

    fn close_object(&mut self) {}

    fn key(&mut self, name: &str) {
        self.string(name);
    }

    fn null(&mut self) {
        self.out.push(0xc0);
    }

    fn boolean(&mut self, value: bool) {
        self.out.push(if value { 0xc3 } else { 0xc2 });
    }

    fn integer(&mut self, value: i128) {
        if let Ok(value) = u64::try_from(value) {
            match value {
                0..0x80 => self.out.push(value as u8),
                0x80..=0xff => self.out.extend([0xcc, value as u8]),
                0x100..=0xffff => self.marked(0xcd, (value as u16).to_be_bytes()),
                0x1_0000..=0xffff_ffff => self.marked(0xce, (value as u32).to_be_bytes()),
                _ => self.marked(0xcf, value.to_be_bytes()),
            }
        } else if let Ok(value) = i64::try_from(value) {
            match value {
                -32.. => self.out.push(value as i8 as u8),
                -0x80.. => self.out.extend([0xd0, value as i8 as u8]),
                -0x8000.. => self.marked(0xd1, (value as i16).to_be_bytes()),
                -0x8000_0000.. => self.marked(0xd2, (value as i32).to_be_bytes()),
                _ => self.marked(0xd3, value.to_be_bytes()),
            }
        } else {
            self.double(value as f64);
        }
    }

    fn double(&mut self, value: f64) {
        self.marked(0xcb, value.to_be_bytes());
    }

    fn string(&mut self, text: &str) {
        self.header(text.len(), (0xa0, 32), [Some(0xd9), Some(0xda), Some(0xdb)]);
        self.out.extend(text.bytes());
    }

    fn raw(&mut self, bytes: &[u8]) {
        self.out.extend(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::read_message_pack;

    fn check(tree: impl Into<Tree>, json: &str, hex: &str) {
        let tree = tree.into();
        let (mut text, mut bytes) = (Vec::new(), Vec::new());
        JsonText { out: &mut text, escape_slashes: false }.tree(&tree);
        MessagePack { out: &mut bytes }.tree(&tree);
        assert_eq!(String::from_utf8_lossy(&text), json);
        let found: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(found, hex, "{json}");
        assert_eq!(read_message_pack(&bytes).as_ref(), Ok(&tree), "{json}");
    }

    #[test]
    fn values() {
        check(Tree::Null, "null", "c0");
        check(true, "true", "c3");
        check(127, "127", "7f");
        check(200, "200", "ccc8");
        check(640, "640", "cd0280");
        check(70_000, "70000", "ce00011170");
        check(u64::MAX, "18446744073709551615", "cfffffffffffffffff");
        check(-32, "-32", "e0");
        check(-33, "-33", "d0df");
        check(-300, "-300", "d1fed4");
        check(-70_000, "-70000", "d2fffeee90");
        check(i64::MIN, "-9223372036854775808", "d38000000000000000");
        check(3.0, "3", "cb4008000000000000");
        check(-0.0, "-0", "cb8000000000000000");
        check(0.1, "0.1", "cb3fb999999999999a");
        check(1e300, "1e300", "cb7e37e43c8800759c");
        check("a\"\u{1}/é", "\"a\\\"\\u0001/é\"", "a6612201 2fc3a9".replace(' ', "").as_str());
        check(vec![1, 2], "[1,2]", "920102");
        check(
            Tree::object([("b", Tree::from(vec![Tree::Null])), ("a", "".into())]),
            r#"{"a":"","b":[null]}"#,
            "82a161a0a16291c0",
        );
        check(
            "x".repeat(32).as_str(),
            &format!("\"{}\"", "x".repeat(32)),
            &format!("d920{}", "78".repeat(32)),
        );
        check(
            vec![0; 16],
            &format!("[{}0]", "0,".repeat(15)),
            &format!("dc0010{}", "00".repeat(16)),
        );
    }
}
