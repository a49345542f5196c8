//! Places: primitives, options, structs.

use std::any::TypeId;

use super::{Detached, FieldSource, Fresh, Misfit, New, Receive, Sink, StructSink, ValueSink};
use crate::{
    instance::Instance,
    number::AsNumber,
    types::FieldIndex,
    value::{Number, Primitive, PrimitiveKind, PrimitiveType, Value},
};

/// A primitive. `$number` tells how it takes a `number`, for fields marked so.
macro_rules! primitive {
    ($($type:ty: $number:expr;)*) => {$(
        impl ValueSink for $type {
            #[inline]
            fn set(&mut self, value: Value<'_>) -> Result<(), Misfit> {
                if self.assign(value).is_ok() {
                    return Ok(());
                }
                let take: fn(&mut Self, f64) -> bool = $number;
                match value {
                    Value::Number(number) if take(self, number) => Ok(()),
                    Value::Quantized(step, by) if take(self, by.dequantize(step)) => Ok(()),
                    _ => Err(Misfit::value::<Self>(value)),
                }
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
                *self = Self::default();
                Ok(None)
            }
        }

        impl Receive for $type {
            const IS_PRIMITIVE: bool = true;

            fn create(new: New<'_>) -> Result<Self, Misfit> {
                let mut this = Self::default();
                match new {
                    New::Value(value) => this.set(value)?,
                    New::Fresh(_) => {}
                    New::Node(_) | New::Shared(_) => return Err(Misfit::node::<Self>()),
                }
                Ok(this)
            }

            fn detach(self) -> Option<Detached> {
                None
            }

            fn drawn<F: FieldSource>(
                source: &mut F,
                is_number: bool,
            ) -> Result<Option<Self>, F::Fault> {
                let mut this = Self::default();
                this.draw(source, is_number)?;
                Ok(Some(this))
            }

            #[inline(always)]
            fn draw<F: FieldSource>(
                &mut self,
                source: &mut F,
                is_number: bool,
            ) -> Result<(), F::Fault> {
                let kind = if is_number { PrimitiveKind::Number } else { Self::KIND };
                let value = source.read(kind)?;
                match self.set(value) {
                    Ok(()) => Ok(()),
                    Err(misfit) => Err(source.misfit(misfit)),
                }
            }
        }
    )*};
}

fn number<T: AsNumber>(this: &mut T, number: f64) -> bool {
    this.set_number(Number(number)).is_ok()
}

primitive! {
    String: |_, _| false;
    bool: |_, _| false;
    Number: |_, _| false;
    i64: |_, _| false;
    u64: |_, _| false;
    i8: number;
    u8: number;
    i16: number;
    u16: number;
    i32: number;
    u32: number;
    f32: number;
    f64: number;
}

impl<E: Receive> ValueSink for Option<E> {
    #[inline]
    fn set(&mut self, value: Value<'_>) -> Result<(), Misfit> {
        match self {
            Some(this) => this.set(value),
            None => {
                *self = Some(E::create(New::Value(value))?);
                Ok(())
            }
        }
    }

    fn value(&self) -> Option<Value<'_>> {
        self.as_ref()?.value()
    }

    fn node(&mut self) -> Option<Sink<'_>> {
        self.as_mut()?.node()
    }

    fn replace(&mut self, new: New<'_>) -> Result<Option<Detached>, Misfit> {
        let new = E::create(new)?;
        Ok(self.replace(new).and_then(E::detach))
    }

    fn unset(&mut self, _: Fresh<'_>) -> Result<Option<Detached>, Misfit> {
        Ok(self.take().and_then(E::detach))
    }

    fn pooled(&self) -> Option<TypeId> {
        E::refers_to()
    }
}

impl<E: Receive> Receive for Option<E> {
    const IS_PRIMITIVE: bool = E::IS_PRIMITIVE;

    fn create(new: New<'_>) -> Result<Self, Misfit> {
        match new {
            New::Fresh(_) => Ok(None),
            new => E::create(new).map(Some),
        }
    }

    fn detach(self) -> Option<Detached> {
        self.and_then(E::detach)
    }

    fn refers_to() -> Option<TypeId> {
        E::refers_to()
    }

    #[inline]
    fn draw<F: FieldSource>(&mut self, source: &mut F, is_number: bool) -> Result<(), F::Fault> {
        match self {
            Some(this) => this.draw(source, is_number),
            None => {
                *self = E::drawn(source, is_number)?;
                Ok(())
            }
        }
    }

    #[inline]
    fn receive<F: FieldSource>(&mut self, path: &[u32], source: &mut F) -> Result<(), F::Fault> {
        match self {
            Some(this) => this.receive(path, source),
            None => Ok(()),
        }
    }

    #[inline(always)]
    fn receive_fields<F: FieldSource>(&mut self, source: &mut F) -> Result<(), F::Fault> {
        match self {
            Some(this) => this.receive_fields(source),
            None => Ok(()),
        }
    }
}

impl<S: StructSink> ValueSink for S {
    fn set(&mut self, value: Value<'_>) -> Result<(), Misfit> {
        Err(Misfit::value::<S>(value))
    }

    fn value(&self) -> Option<Value<'_>> {
        None
    }

    #[inline]
    fn node(&mut self) -> Option<Sink<'_>> {
        Some(Sink::Struct(self))
    }

    fn replace(&mut self, new: New<'_>) -> Result<Option<Detached>, Misfit> {
        let new = S::create(new)?;
        Ok(Receive::detach(std::mem::replace(self, new)))
    }

    fn unset(&mut self, fresh: Fresh<'_>) -> Result<Option<Detached>, Misfit> {
        self.replace(New::Fresh(fresh))
    }
}

impl<S: StructSink> Receive for S {
    fn create(new: New<'_>) -> Result<Self, Misfit> {
        match new {
            New::Fresh(of) => S::fresh(of),
            New::Node(Detached::Struct(node)) => S::attach(node),
            New::Value(value) => Err(Misfit::value::<S>(value)),
            New::Node(_) | New::Shared(_) => Err(Misfit::node::<S>()),
        }
    }

    fn detach(self) -> Option<Detached> {
        Some(Detached::Struct(StructSink::detach(self)))
    }

    #[inline]
    fn receive<F: FieldSource>(&mut self, path: &[u32], source: &mut F) -> Result<(), F::Fault> {
        StructSink::receive(self, path, source)
    }

    #[inline(always)]
    fn receive_fields<F: FieldSource>(&mut self, source: &mut F) -> Result<(), F::Fault> {
        StructSink::receive_fields(self, source)
    }
}

/// What holds a struct is the struct.
macro_rules! holder {
    ($holder:ident, $into_inner:expr) => {
        impl<S: StructSink> StructSink for $holder<S> {
            #[inline]
            fn field(&mut self, at: FieldIndex) -> Option<&mut dyn ValueSink> {
                (**self).field(at)
            }

            #[inline]
            fn set(&mut self, at: FieldIndex, value: Value<'_>) -> Result<(), Misfit> {
                StructSink::set(&mut **self, at, value)
            }

            #[inline]
            fn receive<F: FieldSource>(
                &mut self,
                path: &[u32],
                source: &mut F,
            ) -> Result<(), F::Fault> {
                StructSink::receive(&mut **self, path, source)
            }

            #[inline]
            fn receive_fields<F: FieldSource>(&mut self, source: &mut F) -> Result<(), F::Fault> {
                StructSink::receive_fields(&mut **self, source)
            }

            fn fresh(of: Fresh<'_>) -> Result<Self, Misfit> {
                S::fresh(of).map(Self::new)
            }

            fn detach(self) -> Box<dyn StructSink> {
                let into_inner: fn(Self) -> S = $into_inner;
                StructSink::detach(into_inner(self))
            }

            fn attach(node: Box<dyn StructSink>) -> Result<Self, Misfit> {
                S::attach(node).map(Self::new)
            }
        }
    };
}

holder!(Box, |this| *this);
holder!(Instance, Instance::into_inner);
