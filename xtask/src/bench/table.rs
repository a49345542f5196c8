//! The rows of a run: medians over the rounds, the table, and how the goals stand.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

const FLOOR: &str = "floor";
const TIDEWIRE: &str = "tidewire";
const SCHEMA_5: &str = "schema 5 (node)";

/// The tables in their order, and what is done in each. Rows of other benches come behind them.
const BENCHES: [(&str, &str); 8] = [
    ("tick", "changes of entities that stay"),
    ("names", "other names for entities that stay"),
    ("churn", "as many entities go as come"),
    ("splice", "an array: as many items from the middle, and others in their place"),
    ("shift", "an array: the first item goes, another comes behind the last"),
    ("sort", "an array: sorted by one field and by another in turn"),
    ("join", "one snapshot, read by a client that has nothing"),
    ("storm", "as many clients join in one tick, each with an entity of its own"),
];

const HEADER: &str = "entities  changed  peer                    mutate    encode     apply \
                      m+e/floor  schema5/     bytes   allocs";
const LEGEND: &str = "
m+e/floor: mutate and encode as a multiple of the floor's; the less the better
schema5/:  how many times as long they take schema 5; the more the better
";

/// One peer in one cell, all figures per tick; `None` where the peer cannot be measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    bench: String,
    peer: String,
    entities: u32,
    changed: u32,
    mutate_ns: Option<f64>,
    encode_ns: Option<f64>,
    apply_ns: Option<f64>,
    bytes: Option<f64>,
    allocs: Option<f64>,
}

/// A bench, its entities, and how many of them change.
type Cell<'a> = (&'a str, u32, u32);

impl Row {
    fn cell(&self) -> Cell<'_> {
        (&self.bench, self.entities, self.changed)
    }

    fn mutate_and_encode(&self) -> Option<f64> {
        Some(self.mutate_ns? + self.encode_ns?)
    }
}

/// One row for each peer and cell, with the medians of its figures, sorted by cell.
pub(crate) fn medians(rows: &[Row]) -> Vec<Row> {
    let mut merged: Vec<Row> = Vec::new();
    for row in rows {
        let same = |other: &&Row| other.cell() == row.cell() && other.peer == row.peer;
        if merged.iter().any(|other| same(&other)) {
            continue;
        }
        let rounds: Vec<&Row> = rows.iter().filter(same).collect();
        let median = |figure: fn(&Row) -> Option<f64>| {
            let mut figures: Vec<f64> = rounds.iter().filter_map(|row| figure(row)).collect();
            figures.sort_by(f64::total_cmp);
            figures.get(figures.len() / 2).copied()
        };
        merged.push(Row {
            mutate_ns: median(|row| row.mutate_ns),
            encode_ns: median(|row| row.encode_ns),
            apply_ns: median(|row| row.apply_ns),
            bytes: median(|row| row.bytes),
            allocs: median(|row| row.allocs),
            ..row.clone()
        });
    }
    // Stable: a bench without a place of its own stays where it came first.
    let benches: Vec<String> = merged.iter().map(|row| row.bench.clone()).collect();
    let place = |row: &Row| {
        let known = BENCHES.iter().position(|(bench, _)| *bench == row.bench);
        let first = || benches.iter().position(|bench| *bench == row.bench).unwrap_or(0);
        known.unwrap_or_else(|| BENCHES.len() + first())
    };
    merged.sort_by_key(|row| (place(row), row.entities, row.changed));
    merged
}

/// The table for people.
pub(crate) fn render(rows: &[Row]) -> String {
    let mut out = String::new();
    let mut last: Option<Cell<'_>> = None;
    for row in rows {
        if last.is_some_and(|cell| cell != row.cell()) {
            out.push('\n');
        }
        if last.is_none_or(|(bench, ..)| bench != row.bench) {
            let known = BENCHES.iter().find(|(bench, _)| *bench == row.bench);
            let what = known.map_or_else(String::new, |(_, what)| format!(": {what}"));
            let _ = writeln!(out, "{}{what}\n\n{HEADER}", row.bench);
        }
        last = Some(row.cell());
        let total = row.mutate_and_encode();
        let of = |peer| find(rows, peer, row.cell()).and_then(Row::mutate_and_encode);
        let _ = writeln!(
            out,
            "{:>8} {:>8}  {:<22} {:>7} {:>9} {:>9} {:>9} {:>9} {:>9} {:>8}",
            row.entities,
            row.changed,
            row.peer,
            time(row.mutate_ns),
            time(row.encode_ns),
            time(row.apply_ns),
            times(ratio(total, of(FLOOR))),
            times(ratio(of(SCHEMA_5), total)),
            count(row.bytes),
            count(row.allocs),
        );
    }
    out.push_str(LEGEND);
    out
}

/// How Tidewire stands to its goals, by the worst cell of each.
pub(crate) fn goals<'a>(rows: &'a [Row]) -> String {
    let mut out = String::new();
    let mut line = |goal: &str, (worst, cell): (f64, Cell<'_>)| {
        let _ = writeln!(out, "{goal:<58} {worst:>6.2} × at {} of {}", cell.2, cell.1);
    };
    let of_ours = |benches: &[&str]| -> Vec<&Row> {
        let wanted = |row: &&Row| row.peer == TIDEWIRE && benches.contains(&&*row.bench);
        rows.iter().filter(wanted).collect()
    };
    let ours = of_ours(&["tick"]);
    let against = |peer, figure: fn(&Row) -> Option<f64>| {
        ours.iter().filter_map(move |row| {
            let other = find(rows, peer, row.cell()).and_then(figure);
            Some((ratio(figure(row), other)?, row.cell()))
        })
    };
    let most = |ratios: &mut dyn Iterator<Item = (f64, Cell<'a>)>| {
        ratios.max_by(|left, right| left.0.total_cmp(&right.0))
    };
    let total: fn(&Row) -> Option<f64> = Row::mutate_and_encode;
    let apply: fn(&Row) -> Option<f64> = |row| row.apply_ns;

    if let Some(worst) = most(&mut against(FLOOR, total)) {
        line("mutate + encode to the floor's (goal: at most 3)", worst);
    }
    if let Some((worst, cell)) = most(&mut against(SCHEMA_5, total)) {
        line("schema 5 to mutate + encode (goal: at least 10)", (1.0 / worst, cell));
    }
    let encode =
        |entities| find(rows, TIDEWIRE, ("tick", entities, 100)).and_then(|row| row.encode_ns);
    if let Some(worst) = ratio(encode(10_000), encode(1_000)) {
        line("encode to that of 100 of 1,000 (goal: at most 1.5)", (worst, ("tick", 10_000, 100)));
    }
    if let Some(worst) = most(&mut against(FLOOR, apply)) {
        line("apply to the floor's (goal: at most 3)", worst);
    }
    if let Some((worst, cell)) = most(&mut against(SCHEMA_5, apply)) {
        line("schema 5 to apply (goal: at least 10)", (1.0 / worst, cell));
    }
    if let Some(worst) = most(&mut against(SCHEMA_5, |row| row.bytes)) {
        line("bytes to schema 5's (goal: 1)", worst);
    }
    // Where Tidewire has no rows of a bench, nothing is said.
    for (bench, goal) in [
        ("join", "schema 5 to a snapshot (goal: at least 8)"),
        ("view 300x60", "schema 5 to patches for 300 views (goal: at least 8)"),
    ] {
        let ours = of_ours(&[bench]);
        let ratios = ours.iter().filter_map(|row| {
            let other = find(rows, SCHEMA_5, row.cell())?;
            Some((ratio(other.encode_ns, row.encode_ns)?, row.cell()))
        });
        if let Some(worst) = ratios.min_by(|left, right| left.0.total_cmp(&right.0)) {
            line(goal, worst);
        }
    }
    let allocations = of_ours(&["tick", "names"]);
    let allocations = allocations.iter().filter_map(|row| row.allocs);
    let allocations = allocations.fold(0.0, f64::max);
    let _ = writeln!(out, "allocations a tick, at most (goal: 0): {allocations}");
    out
}

fn find<'a>(rows: &'a [Row], peer: &str, cell: Cell<'_>) -> Option<&'a Row> {
    rows.iter().find(|row| row.peer == peer && row.cell() == cell)
}

fn ratio(this: Option<f64>, that: Option<f64>) -> Option<f64> {
    Some(this? / that?)
}

fn times(ratio: Option<f64>) -> String {
    ratio.map_or_else(unknown, |ratio| format!("{ratio:.2}"))
}

pub(super) fn time(nanoseconds: Option<f64>) -> String {
    nanoseconds.map_or_else(unknown, |ns| match ns {
        ..1e3 => format!("{ns:.1} ns"),
        ..1e6 => format!("{:.2} µs", ns / 1e3),
        _ => format!("{:.2} ms", ns / 1e6),
    })
}

pub(super) fn count(value: Option<f64>) -> String {
    value.map_or_else(unknown, |value| format!("{}", (value * 10.0).round() / 10.0))
}

pub(super) fn unknown() -> String {
    "–".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(peer: &str, mutate: f64, encode: Option<f64>) -> Row {
        Row {
            bench: "tick".to_owned(),
            peer: peer.to_owned(),
            entities: 100,
            changed: 1,
            mutate_ns: Some(mutate),
            encode_ns: encode,
            apply_ns: Some(2.0),
            bytes: Some(15.0),
            allocs: None,
        }
    }

    #[test]
    fn rounds_are_merged_to_medians_by_peer() {
        let rows = [
            row(FLOOR, 3.0, Some(1.0)),
            row(TIDEWIRE, 6.0, Some(2.0)),
            row(FLOOR, 1.0, Some(1.0)),
            row(FLOOR, 2.0, None),
        ];
        let merged = medians(&rows);
        assert_eq!(merged.len(), 2);
        assert_eq!((merged[0].mutate_ns, merged[0].encode_ns), (Some(2.0), Some(1.0)));
        assert_eq!(merged[0].allocs, None);
    }

    #[test]
    fn every_bench_has_a_table_and_unknown_ones_come_last() {
        let of = |bench: &str| Row { bench: bench.to_owned(), ..row(TIDEWIRE, 1.0, Some(1.0)) };
        let rows = medians(&[of("view 9x9"), of("view 2x2"), of("sort"), of("tick"), of("sort")]);
        let benches: Vec<&str> = rows.iter().map(|row| &*row.bench).collect();
        assert_eq!(benches, ["tick", "sort", "view 9x9", "view 2x2"]);
        let table = render(&rows);
        assert_eq!(table.lines().filter(|line| line.starts_with("entities")).count(), 4);
        assert!(table.contains("\nview 9x9\n") && table.contains("sort: an array"));
    }

    #[test]
    fn ratios_are_against_the_same_cell_and_unknowns_stay_unknown() {
        let rows = [
            row(FLOOR, 3.0, Some(1.0)),
            row(TIDEWIRE, 6.0, Some(2.0)),
            row(SCHEMA_5, 60.0, Some(28.0)),
            row("one that cannot encode", 5.0, None),
        ];
        let table = render(&rows);
        let line = |peer| table.lines().find(|line| line.contains(peer)).expect("it has a line");
        assert!(line(TIDEWIRE).contains(" 2.00 ") && line(TIDEWIRE).contains(" 11.00 "));
        assert!(line("one that").contains('–'));
        let goals = goals(&rows);
        assert!(goals.contains(" 2.00 × at 1 of 100"));
        assert!(goals.contains("11.00 × at 1 of 100"));
    }
}
