//! What a fresh machine lacks.

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, Result, bail};

use crate::check;

/// Installs the npm packages of a folder as its lock file says, unless they are there.
pub(crate) fn npm(folder: &Path) -> Result<()> {
    check_node()?;
    let lock = folder.join("package-lock.json");
    // npm writes this file at the end of an installation.
    let installed = folder.join("node_modules/.package-lock.json");
    let modified = |path: &Path| fs::metadata(path).and_then(|meta| meta.modified());
    let wanted = modified(&lock).with_context(|| format!("failed to find {}", lock.display()))?;
    if modified(&installed).is_ok_and(|installed| installed >= wanted) {
        return Ok(());
    }
    eprintln!("installing npm packages in {}", folder.display());
    check(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(folder))
}

fn check_node() -> Result<()> {
    let output = Command::new("node")
        .arg("--version")
        .output()
        .context("failed to start node: install Node.js 20 or newer")?;
    let version = String::from_utf8_lossy(&output.stdout);
    let major =
        version.trim().trim_start_matches('v').split('.').next().and_then(|n| n.parse().ok());
    match major {
        Some(20..) => Ok(()),
        Some::<u32>(_) | None => bail!("found node {}, expected 20 or newer", version.trim()),
    }
}

/// Installs Debian's Chromium unless it is there.
pub(crate) fn chromium() -> Result<()> {
    if Path::new("/usr/bin/chromium").exists() {
        return Ok(());
    }
    apt("chromium").context("do it by hand, so that it is /usr/bin/chromium")
}

/// Installs Debian's valgrind unless there is one.
pub(crate) fn valgrind() -> Result<()> {
    if Command::new("valgrind").arg("--version").output().is_ok() {
        return Ok(());
    }
    apt("valgrind").context("do it by hand, so that `valgrind --version` runs")
}

fn apt(package: &str) -> Result<()> {
    eprintln!("installing {package}");
    let apt = |args: &[&str]| {
        check(Command::new("apt-get").args(args).env("DEBIAN_FRONTEND", "noninteractive"))
    };
    apt(&["update", "--quiet"])?;
    apt(&["install", "--yes", "--quiet", "--no-install-recommends", package])
        .with_context(|| format!("failed to install {package}"))
}
