//! Scenarios that are kept, a file each: of what users of the reference implementation ran into
//! (`upstream/`), and of what random runs found here (`regressions/`).

use std::{fs, path::Path};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value as Json;

/// All of them, with their names, in order.
///
/// # Errors
///
/// If one cannot be read.
pub fn scenarios() -> Result<Vec<(String, Json)>> {
    let mut all = Vec::new();
    for folder in ["upstream", "regressions"] {
        let mut found = in_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder))?;
        ensure!(!found.is_empty(), "there are no scenarios in {folder:?}");
        found.sort_by(|(name, _), (other, _)| name.cmp(other));
        all.append(&mut found);
    }
    Ok(all)
}

fn in_folder(folder: &Path) -> Result<Vec<(String, Json)>> {
    let mut scenarios = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("failed to read {folder:?}"))? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path)?;
        let scenario = serde_json::from_str(&text).with_context(|| format!("{path:?}"))?;
        scenarios.push((name, scenario));
    }
    Ok(scenarios)
}
