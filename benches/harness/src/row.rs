//! A line of the result.

use std::fmt;

use crate::Case;

/// What one peer took for one cell; all figures are per tick. Displays as a JSON object in one line.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What was done: `tick`, `churn`, `join`.
    pub bench: String,
    /// Who was measured.
    pub peer: &'static str,
    /// The cell.
    pub case: Case,
    /// Nanoseconds to change the server's world.
    pub mutate_ns: f64,
    /// Nanoseconds to write what changed.
    pub encode_ns: f64,
    /// Nanoseconds to read it on a client.
    pub apply_ns: f64,
    /// Bytes for one client, on average over two passes of all entities.
    pub bytes: f64,
    /// Heap allocations while changing and writing, on average.
    pub allocs: f64,
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bench, peer, case: Case { entities, changed }, .. } = self;
        write!(
            f,
            r#"{{"bench":"{bench}","peer":"{peer}","entities":{entities},"changed":{changed},"#
        )?;
        write!(f, r#""mutate_ns":{:.1},"encode_ns":{:.1},"#, self.mutate_ns, self.encode_ns)?;
        write!(f, r#""apply_ns":{:.1},"#, self.apply_ns)?;
        write!(f, r#""bytes":{},"allocs":{}}}"#, self.bytes, self.allocs)
    }
}
