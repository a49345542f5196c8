//! Values that are made up and changed by numbers.

use std::fmt::Debug;

use serde::{Serialize, de::DeserializeOwned};
use tidewire_state::{Element, Instance, Number};

use super::card::Card;

/// A value that is made of a number, and changed by one.
pub(crate) trait Sample:
    Element + Clone + Debug + Default + PartialEq + Serialize + DeserializeOwned
{
    fn sample(n: u8) -> Self;

    fn change(&mut self, n: u8) {
        *self = Self::sample(n);
    }
}

impl Sample for u16 {
    fn sample(n: u8) -> Self {
        u16::from(n % 4)
    }
}

impl Sample for i32 {
    fn sample(n: u8) -> Self {
        1 - i32::from(n % 4)
    }
}

impl Sample for Number {
    fn sample(n: u8) -> Self {
        Self(f64::from(n % 4) / 2.0)
    }
}

impl Sample for String {
    fn sample(n: u8) -> Self {
        "a text that is long enough to need memory".chars().take(usize::from(n % 5) * 7).collect()
    }
}

impl Sample for Card {
    fn sample(n: u8) -> Self {
        Self { suit: n % 3, text: Sample::sample(n / 3) }
    }

    fn change(&mut self, n: u8) {
        match n % 3 {
            0 => *self = Self::sample(n / 3),
            1 => self.suit = n / 3 % 3,
            _ => self.text.push('!'),
        }
    }
}

impl<S: Sample> Sample for Box<S>
where
    Self: Element,
{
    fn sample(n: u8) -> Self {
        Self::new(S::sample(n))
    }

    fn change(&mut self, n: u8) {
        if n.is_multiple_of(4) { *self = Self::sample(n / 4) } else { (**self).change(n / 4) }
    }
}

impl<S: Sample> Sample for Instance<S>
where
    Self: Element,
{
    fn sample(n: u8) -> Self {
        Self::new(S::sample(n))
    }

    fn change(&mut self, n: u8) {
        if n.is_multiple_of(4) { *self = Self::sample(n / 4) } else { (**self).change(n / 4) }
    }
}
