//! `cargo xtask demo`.

use anyhow::Result;

use crate::{cargo, check, root, setup};

/// Arguments of `cargo xtask demo`.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The port to listen on.
    #[arg(long, default_value_t = 2567)]
    port: u16,
}

/// Installs the page's packages, builds the demo and runs it until it is stopped.
pub(crate) fn run(args: &Args) -> Result<()> {
    let web = root().join("examples/demo/web");
    setup::npm(&web)?;
    let mut demo = cargo(["run", "--release", "--quiet", "--package", "tidewire-demo", "--"]);
    check(demo.args(["--port", &args.port.to_string(), "--web"]).arg(web))
}
