//! A line of the result.

use std::fmt;

/// What one codec took for one message of a workload. Displays as a JSON object in one line.
#[derive(Clone, Debug, PartialEq)]
pub struct Row<'a> {
    /// Who was measured.
    pub peer: &'static str,
    /// The state.
    pub workload: &'a str,
    /// `snapshot`, `add` or `replace`.
    pub message: &'static str,
    /// Nanoseconds to write it; of a patch, to make the change and write it.
    pub encode_ns: f64,
    /// Nanoseconds to read it.
    pub decode_ns: f64,
    /// Its length, on average.
    pub bytes: f64,
    /// Heap allocations while it is made, on average.
    pub allocs: f64,
}

impl fmt::Display for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { peer, workload, message, encode_ns, decode_ns, bytes, allocs } = self;
        write!(f, r#"{{"bench":"patch","peer":"{peer}","workload":"{workload}","#)?;
        write!(f, r#""message":"{message}","encode_ns":{encode_ns:.1},"#)?;
        write!(f, r#""decode_ns":{decode_ns:.1},"bytes":{bytes},"allocs":{allocs}}}"#)
    }
}
