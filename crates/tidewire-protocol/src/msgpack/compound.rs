use serde::Serialize;
use serde::ser::{
    Error as _, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant,
};

use super::Error;
use super::key::KeySerializer;
use super::serialize::Encoder;

/// An array or a map that is being written.
pub(super) struct Compound<'a> {
    encoder: &'a mut Encoder,
    header: Header,
    count: usize,
}

enum Header {
    /// It announces so many items.
    Announced(usize),
    /// Nobody knew; a count of four bytes, here, is filled in at the end.
    FilledInAt(usize),
}

impl<'a> Compound<'a> {
    /// `fixed` is the prefix that holds counts below 16, `medium` the one of two-byte counts; that of four bytes is the next.
    pub(super) fn begin(
        encoder: &'a mut Encoder,
        count: Option<usize>,
        fixed: u8,
        medium: u8,
    ) -> Result<Self, Error> {
        let header = match count {
            Some(count) => {
                match count {
                    0..=15 => encoder.out.push(fixed | count as u8),
                    _ => encoder.length(count, None, medium)?,
                }
                Header::Announced(count)
            }
            None => {
                encoder.put(medium + 1, &[0; 4]);
                Header::FilledInAt(encoder.out.len() - 4)
            }
        };
        Ok(Self { encoder, header, count: 0 })
    }

    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.count += 1;
        value.serialize(&mut *self.encoder)
    }

    fn entry<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<(), Error> {
        self.count += 1;
        key.serialize(&mut *self.encoder)?;
        value.serialize(&mut *self.encoder)
    }

    fn finish(self) -> Result<(), Error> {
        let Self { encoder, header, count } = self;
        match header {
            Header::Announced(announced) if announced == count => Ok(()),
            Header::Announced(announced) => Err(Error::custom(format_args!(
                "{announced} items were announced, and {count} came"
            ))),
            Header::FilledInAt(at) => {
                let count = u32::try_from(count).map_err(Error::custom)?;
                encoder.out[at..at + 4].copy_from_slice(&count.to_be_bytes());
                Ok(())
            }
        }
    }
}

impl SerializeSeq for Compound<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.item(value)
    }

    fn end(self) -> Result<(), Error> {
        self.finish()
    }
}

impl SerializeTuple for Compound<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.item(value)
    }

    fn end(self) -> Result<(), Error> {
        self.finish()
    }
}

impl SerializeTupleStruct for Compound<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.item(value)
    }

    fn end(self) -> Result<(), Error> {
        self.finish()
    }
}

impl SerializeTupleVariant for Compound<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.item(value)
    }

    fn end(self) -> Result<(), Error> {
        self.finish()
    }
}

impl SerializeMap for Compound<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.count += 1;
        key.serialize(KeySerializer(&mut *self.encoder))
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        value.serialize(&mut *self.encoder)
    }

    fn end(self) -> Result<(), Error> {
        self.finish()
    }
}

impl SerializeStruct for Compound<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.entry(key, value)
    }

    fn end(self) -> Result<(), Error> {
        self.finish()
    }
}

impl SerializeStructVariant for Compound<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.entry(key, value)
    }

    fn end(self) -> Result<(), Error> {
        self.finish()
    }
}
