//! How a struct of a run-time type is received into.

use super::{DynField, DynPrimitive, DynState, DynStruct};
use crate::{
    receive::{
        Detached, FieldSource, Fresh, Misfit, New, POOLS, PoolSink, Receive, Sink, StructSink,
        ValueSink,
    },
    types::{FieldIndex, FieldKind},
    value::{Primitive, Value},
};

impl StructSink for DynStruct {
    fn field(&mut self, at: FieldIndex) -> Option<&mut dyn ValueSink> {
        Some(match self.field_mut(at)? {
            DynField::Primitive(field) => field,
            DynField::Optional(field) => field,
            DynField::Ref(field) => field,
            DynField::PrimitiveMap(field) => &mut **field,
            DynField::Map(field) => &mut **field,
            DynField::PrimitiveArray(field) => &mut **field,
            DynField::Array(field) => &mut **field,
            DynField::PrimitiveSet(field) => &mut **field,
            DynField::PrimitiveCollection(field) => &mut **field,
            DynField::Shared(field) => field,
            DynField::SharedMap(field) => &mut **field,
            DynField::SharedArray(field) => &mut **field,
            DynField::SharedSet(field) => &mut **field,
            DynField::SharedCollection(field) => &mut **field,
        })
    }

    fn receive<F: FieldSource>(&mut self, path: &[u32], source: &mut F) -> Result<(), F::Fault> {
        let [at, rest @ ..] = path else { return StructSink::receive_fields(self, source) };
        match self.fields.get_mut(*at as usize) {
            Some(DynField::Ref(field)) => field.receive(rest, source),
            Some(DynField::Map(field)) => field.receive(rest, source),
            Some(DynField::Array(field)) => field.receive(rest, source),
            _ => Ok(()),
        }
    }

    fn receive_fields<F: FieldSource>(&mut self, source: &mut F) -> Result<(), F::Fault> {
        let fields = &self.types[self.index].fields;
        while let Some(at) = source.next_field() {
            let at = usize::from(at.0);
            let Some((info, field)) = fields.get(at).zip(self.fields.get_mut(at)) else { break };
            // What is no primitive is not read.
            let (DynField::Primitive(_) | DynField::Optional(_)) = field else { break };
            let value = match &info.kind {
                FieldKind::Primitive(kind) => source.read(*kind)?,
                FieldKind::Quantized(by) => match source.read(Value::Quantized(0, by).kind())? {
                    Value::Uint8(step) => Value::Quantized(step.into(), by),
                    Value::Uint16(step) => Value::Quantized(step.into(), by),
                    Value::Uint32(step) => Value::Quantized(step, by),
                    value => {
                        let misfit = Misfit::value::<Self>(value);
                        return Err(source.misfit(misfit));
                    }
                },
                _ => break,
            };
            match field {
                DynField::Primitive(current) | DynField::Optional(Some(current)) => {
                    current.put(value);
                }
                DynField::Optional(absent) => *absent = Some(value.into()),
                _ => break,
            }
        }
        Ok(())
    }
    fn fresh(of: Fresh<'_>) -> Result<Self, Misfit> {
        match of.types.get(of.index) {
            Some(_) => Ok(Self::new(of.types.clone(), of.index)),
            None => Err(Misfit::node::<Self>()),
        }
    }

    fn fresh_pooled(of: Fresh<'_>) -> Result<Self, Misfit> {
        match of.types.get(of.index) {
            Some(_) => Ok(Self::pooled(of.types.clone(), of.index)),
            None => Err(Misfit::node::<Self>()),
        }
    }
}

impl StructSink for DynState {
    fn field(&mut self, at: FieldIndex) -> Option<&mut dyn ValueSink> {
        StructSink::field(&mut **self, at)
    }

    fn set(&mut self, at: FieldIndex, value: Value<'_>) -> Result<(), Misfit> {
        StructSink::set(&mut **self, at, value)
    }

    fn receive<F: FieldSource>(&mut self, path: &[u32], source: &mut F) -> Result<(), F::Fault> {
        match path {
            [POOLS, path @ ..] => self.pool.receive(path, source),
            path => StructSink::receive(&mut **self, path, source),
        }
    }

    fn receive_fields<F: FieldSource>(&mut self, source: &mut F) -> Result<(), F::Fault> {
        StructSink::receive_fields(&mut **self, source)
    }

    fn fresh(of: Fresh<'_>) -> Result<Self, Misfit> {
        Ok(Self::new(of.types.clone()))
    }

    fn pool(&mut self, at: usize) -> Option<&mut dyn PoolSink> {
        (at == 0).then_some(&mut self.pool as &mut dyn PoolSink)
    }
}

/// Takes values of every kind: what has a kind of its own is the field, whose codec reads no other.
impl ValueSink for DynPrimitive {
    fn set(&mut self, value: Value<'_>) -> Result<(), Misfit> {
        self.put(value);
        Ok(())
    }

    fn value(&self) -> Option<Value<'_>> {
        Some(Primitive::value(self))
    }

    fn node(&mut self) -> Option<Sink<'_>> {
        None
    }

    fn replace(&mut self, new: New<'_>) -> Result<Option<Detached>, Misfit> {
        *self = Self::create(new)?;
        Ok(None)
    }

    fn unset(&mut self, _: Fresh<'_>) -> Result<Option<Detached>, Misfit> {
        match self {
            Self::Quantized(step, by) => *step = by.quantize(0.0),
            other => other.put(Primitive::value(other).kind().zero()),
        }
        Ok(None)
    }
}

impl Receive for DynPrimitive {
    fn create(new: New<'_>) -> Result<Self, Misfit> {
        match new {
            New::Value(value) => Ok(value.into()),
            New::Fresh(_) => Ok(Self::default()),
            New::Node(_) | New::Shared(_) => Err(Misfit::node::<Self>()),
        }
    }

    fn detach(self) -> Option<Detached> {
        None
    }
}
