use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::{Serialize, Serializer};

/// A moment: seconds since 1970-01-01T00:00:00Z (negative before it) and nanoseconds within the second.
///
/// It is what a JavaScript `Date` is in a message. For serde it is the number of milliseconds since 1970, as `+date` is in
/// JavaScript; [`msgpack::to_vec`](crate::msgpack::to_vec) writes it as a date again.
///
/// ```
/// use tidewire_protocol::Timestamp;
///
/// let moment = Timestamp::from_millis(1_700_000_000_123);
/// assert_eq!(moment.to_string(), "2023-11-14T22:13:20.123Z");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// Whole seconds since 1970, rounded down.
    pub seconds: i64,
    /// Nanoseconds after `seconds`, below 1,000,000,000.
    pub nanos: u32,
}

impl Timestamp {
    /// The moment that many milliseconds after 1970 (before it, when negative).
    #[must_use]
    pub fn from_millis(millis: i64) -> Self {
        let nanos = millis.rem_euclid(1_000) as u32 * 1_000_000;
        Self { seconds: millis.div_euclid(1_000), nanos }
    }

    /// Milliseconds since 1970, rounded down; at the ends of `i64` when the moment is further away.
    #[must_use]
    pub fn millis(self) -> i64 {
        let millis = i128::from(self.seconds) * 1_000 + i128::from(self.nanos / 1_000_000);
        i64::try_from(millis).unwrap_or(if millis < 0 { i64::MIN } else { i64::MAX })
    }
}

/// ISO 8601 with milliseconds, as `Date.prototype.toISOString` gives it.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, second) = (self.seconds.div_euclid(86_400), self.seconds.rem_euclid(86_400));
        let (year, month, day) = civil(days);
        match year {
            0..=9_999 => write!(f, "{year:04}")?,
            _ => write!(f, "{}{:06}", if year < 0 { '-' } else { '+' }, year.unsigned_abs())?,
        }
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        write!(
            f,
            "-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z",
            self.nanos / 1_000_000
        )
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(NEWTYPE, &self.millis())
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_f64(Millis)
    }
}

/// The name by which the MessagePack serializer knows a timestamp from any other newtype.
pub(crate) const NEWTYPE: &str = "$tidewire::Timestamp";

struct Millis;

impl Visitor<'_> for Millis {
    type Value = Timestamp;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a date, or milliseconds since 1970")
    }

    fn visit_i64<E: Error>(self, millis: i64) -> Result<Timestamp, E> {
        Ok(Timestamp::from_millis(millis))
    }

    fn visit_u64<E: Error>(self, millis: u64) -> Result<Timestamp, E> {
        i64::try_from(millis)
            .map(Timestamp::from_millis)
            .map_err(|_| E::custom("a date out of range"))
    }

    fn visit_f64<E: Error>(self, millis: f64) -> Result<Timestamp, E> {
        // The range of a JavaScript date.
        if millis.abs() <= 8.64e15 {
            Ok(Timestamp::from_millis(millis.floor() as i64))
        } else {
            Err(E::custom(format_args!(
                "{millis} milliseconds since 1970 are out of the range of dates"
            )))
        }
    }
}

/// Year, month and day of a day counted from 1970-01-01, in the proleptic Gregorian calendar.
fn civil(days: i64) -> (i64, i64, i64) {
    // Years are counted from March, so that the leap day is the last of its year, in eras of 400 years.
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}
