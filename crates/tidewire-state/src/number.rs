//! `#[schema(number)]`: fields of any numeric type that are sent as the protocol's `number`.

use crate::{
    schema::{Describe, Field},
    value::Number,
};

/// A type that `#[schema(number)]` can stand on.
pub trait AsNumber {
    /// [`Number`], or an option of it.
    type Number: Field + Describe;
    /// The value that is sent.
    fn as_number(&self) -> Self::Number;
    /// Takes what was received.
    ///
    /// # Errors
    ///
    /// The value, if this type cannot hold it.
    fn set_number(&mut self, number: Number) -> Result<(), f64>;
}

macro_rules! as_number {
    (float: $($float:ty),*; int: $($int:ty),*) => {
        $(as_number!(@ $float, |number: f64| Some(number as $float));)*
        $(as_number!(@ $int, |number: f64| {
            let int = number as $int;
            (f64::from(int) == number).then_some(int)
        });)*
    };
    (@ $type:ty, $from:expr) => {
        impl AsNumber for $type {
            type Number = Number;

            #[inline]
            fn as_number(&self) -> Number {
                Number(f64::from(*self))
            }

            fn set_number(&mut self, number: Number) -> Result<(), f64> {
                *self = ($from)(number.0).ok_or(number.0)?;
                Ok(())
            }
        }

        impl AsNumber for Option<$type> {
            type Number = Option<Number>;

            #[inline]
            fn as_number(&self) -> Option<Number> {
                self.map(|value| Number(f64::from(value)))
            }

            fn set_number(&mut self, number: Number) -> Result<(), f64> {
                *self = Some(($from)(number.0).ok_or(number.0)?);
                Ok(())
            }
        }
    };
}

as_number!(float: f32, f64; int: i8, u8, i16, u16, i32, u32);
