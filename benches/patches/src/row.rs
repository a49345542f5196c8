//! A line of the result.

use std::fmt;

/// What one codec took for one message of a workload. Displays as a JSON object in one line.
#[derive(Clone, Debug, PartialEq)]
pub struct Row<'a> {
    /// Who was measured.
    pub peer: &'static str,
    /// The state.
    pub workload: &'a str,
    /// `snapshot`, `add`, `remove`, `first add` or `replace`.
    pub message: &'static str,
    /// Of a patch, nanoseconds to change the state.
    pub mutate_ns: Option<f64>,
    /// Nanoseconds to write it; of a patch, with the tracking that finds what changed.
    pub encode_ns: f64,
    /// Nanoseconds to read it.
    pub decode_ns: f64,
    /// Its length, on average.
    pub bytes: f64,
}

impl fmt::Display for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { peer, workload, message, mutate_ns, encode_ns, decode_ns, bytes } = self;
        write!(f, r#"{{"bench":"patch","peer":"{peer}","workload":"{workload}","#)?;
        write!(f, r#""message":"{message}","mutate_ns":"#)?;
        match mutate_ns {
            Some(time) => write!(f, "{time:.1}")?,
            None => f.write_str("null")?,
        }
        write!(f, r#","encode_ns":{encode_ns:.1},"decode_ns":{decode_ns:.1},"bytes":{bytes}}}"#)
    }
}

/// How often a codec allocates for one message of a workload. Displays as a JSON object in one line.
#[derive(Clone, Debug, PartialEq)]
pub struct Allocations<'a> {
    /// Who was counted.
    pub peer: &'static str,
    /// The state.
    pub workload: &'a str,
    /// The message.
    pub message: &'static str,
    /// While it is made, the change of the state included, on average.
    pub allocs: f64,
}

impl fmt::Display for Allocations<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { peer, workload, message, allocs } = self;
        write!(f, r#"{{"peer":"{peer}","workload":"{workload}","message":"{message}","#)?;
        write!(f, r#""allocs":{allocs}}}"#)
    }
}
