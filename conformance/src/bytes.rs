//! Field changes take as many bytes as the reference encoder needs for them.

use std::{path::Path, process::Command};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value as Json;
use tidewire_bench::Tidewire;
use tidewire_bench_harness::{Case, Peer as _, Workload};

/// Compares every tick of the benches' workload with what `encode.mjs` says of schema 5.
///
/// # Errors
///
/// The first tick whose patch is of another length.
pub fn same_as_reference() -> Result<()> {
    for (entities, changed) in [(100, 10), (1000, 100), (1000, 1000)] {
        let output = Command::new("node")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("encode.mjs"))
            .args([entities, changed, TICKS].map(|number| number.to_string()))
            .output()
            .context("failed to start node")?;
        ensure!(output.status.success(), "encode.mjs: {}", String::from_utf8_lossy(&output.stderr));
        // The first line is the full state.
        let lines = std::str::from_utf8(&output.stdout)?.lines().skip(1);
        let reference = lines.map(serde_json::from_str).collect::<Result<Vec<Json>, _>>()?;
        ensure!(reference.len() == TICKS, "expected {TICKS} ticks, found {}", reference.len());

        let workload = Workload::new(Case { entities, changed });
        let mut ours = Tidewire::new(&workload);
        let mut ticks = workload.ticks();
        for line in reference {
            ours.mutate(&ticks.advance());
            let bytes = ours.encode();
            ensure!(
                line["bytes"] == bytes,
                "{changed} of {entities} entities, tick {}: {bytes} bytes, the reference needs {}",
                line["tick"],
                line["bytes"],
            );
        }
    }
    Ok(())
}

const TICKS: usize = 24;
