//! The second table: the patch codecs beside patchpack and notepack.io on node.

use std::{
    fmt::Write as _,
    fs::File,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::{Args, Runner, cargo, check};

const OURS: &str = "tidewire patchpack";
const PATCHPACK: &str = "patchpack 0.4.2 (node)";

/// The message that a new encoder and a new decoder are measured with.
const FIRST: &str = "first add";

const HEADER: &str = "workload        message   peer                       mutate    encode    decode \
                        p.e/e   p.me/me     p.d/d    bytes   allocs\n";
const LEGEND: &str = "
p.e/e, p.me/me, p.d/d: how many times as long patchpack on node takes to encode, to mutate and encode, and to decode;
                       the more the better
";

/// What one peer took for one message of a workload; `None` where it cannot be measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Row {
    bench: String,
    peer: String,
    workload: String,
    message: String,
    /// Nothing for a snapshot, which changes nothing.
    mutate_ns: Option<f64>,
    encode_ns: f64,
    decode_ns: f64,
    bytes: f64,
    /// Counted by another program.
    #[serde(default)]
    allocs: Option<f64>,
}

/// How often a codec allocates for one message of a workload.
#[derive(Debug, Deserialize)]
struct Allocations {
    peer: String,
    workload: String,
    message: String,
    allocs: f64,
}

impl Row {
    fn cell(&self) -> (&str, &str) {
        (&self.workload, &self.message)
    }

    fn mutate_and_encode(&self) -> f64 {
        self.mutate_ns.unwrap_or_default() + self.encode_ns
    }
}

/// Runs the benches of the patch codecs, adds their rows to `file` and prints the table.
///
/// # Errors
///
/// If Tidewire's own bench does not build, or if any bench fails while it runs.
pub(super) fn run(root: &Path, args: &Args, file: &mut File) -> Result<()> {
    let mut runners = vec![ours(root)];
    check(&mut runners[0].prepare)?;
    if !args.no_peers {
        let mut node = node(root);
        match check(&mut node.prepare) {
            Ok(()) => runners.push(node),
            Err(error) => eprintln!("left out: {}: {error:#}", node.name),
        }
    }
    let mut rows: Vec<Row> = Vec::new();
    for round in 1..=args.rounds {
        for runner in &mut runners {
            eprintln!("round {round} of {}: {}", args.rounds, runner.name);
            rows.extend(runner.run()?);
        }
        runners.reverse();
    }
    let counted: Vec<Allocations> = allocations(root).run()?;
    let rows = counted_in(medians(&rows), &counted);
    for row in &rows {
        writeln!(file, "{}", serde_json::to_string(row)?)?;
    }
    print!("\n{}", render(&rows));
    println!("\n{}", goals(&rows));
    Ok(())
}

fn ours(root: &Path) -> Runner {
    let arguments = ["--quiet", "--profile", "bench", "--package", "tidewire-bench-patches"];
    Runner {
        name: "the patch codecs",
        prepare: cargo(root, "build", arguments.iter().copied()),
        bench: cargo(root, "run", arguments.into_iter().chain(["--bin", "patches"])),
    }
}

/// What counts allocations takes time, so another program than [`ours`] does it.
fn allocations(root: &Path) -> Runner {
    let arguments = ["--quiet", "--profile", "bench", "--package", "tidewire-bench-patches"];
    Runner {
        name: "the allocations of the patch codecs",
        prepare: cargo(root, "build", arguments.iter().copied()),
        bench: cargo(root, "run", arguments.into_iter().chain(["--bin", "allocations"])),
    }
}

/// The rows with what was counted.
fn counted_in(mut rows: Vec<Row>, counted: &[Allocations]) -> Vec<Row> {
    for row in &mut rows {
        let is_it = |counted: &&Allocations| {
            (&counted.peer, &counted.workload, &counted.message)
                == (&row.peer, &row.workload, &row.message)
        };
        row.allocs = counted.iter().find(is_it).map(|counted| counted.allocs);
    }
    rows
}

fn node(root: &Path) -> Runner {
    let folder = root.join("benches/patchpack");
    let mut install = Command::new("npm");
    install.args(["ci", "--no-fund", "--no-audit"]).current_dir(&folder).stdout(Stdio::null());
    let mut bench = Command::new("node");
    bench.arg("bench.mjs").current_dir(&folder);
    Runner { name: "patchpack on node", prepare: install, bench }
}

/// One row for each peer and cell, with the medians of its figures, cell by cell.
fn medians(rows: &[Row]) -> Vec<Row> {
    let mut merged: Vec<Row> = Vec::new();
    for row in rows {
        let same = |other: &&Row| other.cell() == row.cell() && other.peer == row.peer;
        if merged.iter().any(|other| same(&other)) {
            continue;
        }
        let median = |figure: fn(&Row) -> f64| {
            let mut figures: Vec<f64> = rows.iter().filter(same).map(figure).collect();
            figures.sort_by(f64::total_cmp);
            figures[figures.len() / 2]
        };
        merged.push(Row {
            mutate_ns: row.mutate_ns.map(|_| median(|row| row.mutate_ns.unwrap_or_default())),
            encode_ns: median(|row| row.encode_ns),
            decode_ns: median(|row| row.decode_ns),
            ..row.clone()
        });
    }
    let mut cells: Vec<(String, String)> = Vec::new();
    for row in &merged {
        let cell = (row.workload.clone(), row.message.clone());
        if !cells.contains(&cell) {
            cells.push(cell);
        }
    }
    let place = |row: &Row| {
        cells.iter().position(|(workload, message)| (&**workload, &**message) == row.cell())
    };
    merged.sort_by_key(place);
    merged
}

fn render(rows: &[Row]) -> String {
    let mut out = HEADER.to_owned();
    let mut last = None;
    for row in rows {
        if last.is_some_and(|cell| cell != row.cell()) {
            out.push('\n');
        }
        last = Some(row.cell());
        let other = find(rows, PATCHPACK, row);
        let times = |ratio: Option<f64>| {
            ratio.map_or_else(super::table::unknown, |ratio| format!("{ratio:.2}"))
        };
        let _ = writeln!(
            out,
            "{:<15} {:<9} {:<22} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>8} {:>8}",
            row.workload,
            row.message,
            row.peer,
            super::table::time(row.mutate_ns),
            super::table::time(Some(row.encode_ns)),
            super::table::time(Some(row.decode_ns)),
            times(other.map(|other| other.encode_ns / row.encode_ns)),
            times(other.map(|other| other.mutate_and_encode() / row.mutate_and_encode())),
            times(other.map(|other| other.decode_ns / row.decode_ns)),
            super::table::count(Some(row.bytes)),
            super::table::count(row.allocs),
        );
    }
    out.push_str(LEGEND);
    out
}

/// How the codec patchpack stands to its goals, by the worst cell of each.
fn goals(all: &[Row]) -> String {
    let mut out = String::new();
    let ours = || all.iter().filter(|row| row.peer == OURS);
    let mut worst = |goal: &str, is_meant: fn(&Row) -> bool, ratio: fn(&Row, &Row) -> f64| {
        let rows = ours().filter(|row| is_meant(row));
        let ratios = rows.filter_map(|row| Some((ratio(row, find(all, PATCHPACK, row)?), row)));
        if let Some((ratio, row)) = ratios.min_by(|left, right| left.0.total_cmp(&right.0)) {
            let Row { workload, message, .. } = row;
            let _ = writeln!(out, "{goal:<58} {ratio:>6.2} × at {message} of {workload}");
        }
    };
    let is_first = |row: &Row| row.message == FIRST;
    let lives = |row: &Row| row.message != FIRST;
    let encode = |row: &Row, other: &Row| other.encode_ns / row.encode_ns;
    let both = |row: &Row, other: &Row| other.mutate_and_encode() / row.mutate_and_encode();
    let decode = |row: &Row, other: &Row| other.decode_ns / row.decode_ns;
    worst("patchpack on node to encode (goal: at least 10)", lives, encode);
    worst("patchpack on node to mutate and encode", lives, both);
    worst("patchpack on node to decode (goal: at least 10)", lives, decode);
    worst("patchpack on node to encode first", is_first, encode);
    worst("patchpack on node to decode first", is_first, decode);
    worst(
        "patchpack's bytes to ours (goal: at least 1)",
        |_| true,
        |row, other| other.bytes / row.bytes,
    );
    let steady = ours().filter(|row| row.message == "replace").filter_map(|row| row.allocs);
    let allocations = steady.fold(0.0, f64::max);
    let _ = writeln!(out, "allocations in a steady tick, at most (goal: 0): {allocations}");
    out
}

fn find<'a>(rows: &'a [Row], peer: &str, like: &Row) -> Option<&'a Row> {
    rows.iter().find(|row| row.peer == peer && row.cell() == like.cell())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(peer: &str, message: &str, encode: f64, decode: f64) -> Row {
        Row {
            bench: "patch".to_owned(),
            peer: peer.to_owned(),
            workload: "readme".to_owned(),
            message: message.to_owned(),
            mutate_ns: Some(1.0),
            encode_ns: encode,
            decode_ns: decode,
            bytes: 5.0,
            allocs: None,
        }
    }

    #[test]
    fn ratios_are_against_the_same_message_and_the_worst_is_told() {
        let rows = [
            row(OURS, "replace", 2.0, 4.0),
            row(PATCHPACK, "replace", 40.0, 30.0),
            row(OURS, "replace", 4.0, 2.0),
            row(OURS, "replace", 3.0, 3.0),
            row(OURS, "add", 10.0, 1.0),
            row(PATCHPACK, "add", 120.0, 40.0),
            row(OURS, "first add", 10.0, 1.0),
            row(PATCHPACK, "first add", 20.0, 3.0),
        ];
        let counted = [Allocations {
            peer: OURS.to_owned(),
            workload: "readme".to_owned(),
            message: "add".to_owned(),
            allocs: 2.5,
        }];
        let rows = counted_in(medians(&rows), &counted);
        assert_eq!(rows.len(), 6);
        let is_add = |row: &&Row| row.message == "add" && row.peer == OURS;
        assert_eq!(rows.iter().find(is_add).and_then(|row| row.allocs), Some(2.5));
        assert_eq!((rows[0].encode_ns, rows[0].decode_ns), (3.0, 3.0));
        let table = render(&rows);
        let line = |start| table.lines().find(|line| line.starts_with(start)).expect("a line");
        assert!(
            line("readme          replace   tidewire").contains(" 13.33     10.25     10.00 "),
            "{table}"
        );
        let goals = goals(&rows);
        assert!(goals.contains(" 12.00 × at add of readme"), "{goals}");
        assert!(goals.contains(" 10.00 × at replace of readme"), "{goals}");
        assert!(goals.contains("  2.00 × at first add of readme"), "{goals}");
    }
}
