//! The server of the demo: its rooms, and its page beside them, at one address.
//!
//! `npm ci` in `web/` fetches the SDK that the page needs; then `cargo run --release -p tidewire-demo` serves it all.

use std::io;
use std::path::{Path, PathBuf};

use clap::Parser;
use tidewire::prelude::*;
use tidewire::server::axum::Router;
use tidewire_demo::room::WorldRoom;
use tower_http::services::ServeDir;
use tracing_subscriber::filter::LevelFilter;

/// A small shared world, served with its page at one address.
#[derive(Parser)]
struct Arguments {
    /// The port to listen at; 0 takes any that is free.
    #[arg(long, default_value_t = 2567)]
    port: u16,
    /// Where the page is.
    #[arg(long, default_value = "examples/demo/web")]
    web: PathBuf,
    /// Lets SwiftStateTree clients into the same rooms too: they dial /game and join the land `world`.
    #[arg(long)]
    lands: bool,
}

#[tokio::main]
async fn main() -> Result<()> {
    tracing_subscriber::fmt().with_max_level(LevelFilter::WARN).with_writer(io::stderr).init();
    let Arguments { port, web, lands } = Arguments::parse();
    check_page(&web)?;

    // One room kind, and the page beside it: whatever is not for rooms is looked for among the files.
    let config = Config { max_messages_per_second: Some(120), ..Config::default() };
    let world = Definition::new(WorldRoom::default);
    let server = Server::with_config(config)
        .define_with("world", if lands { world.land(|land| land) } else { world })
        .mount(Router::new().fallback_service(ServeDir::new(web)));

    let running = server.start(("0.0.0.0", port)).await.context(format!(
        "cannot listen at port {port}; stop what uses it, or take another with --port {}",
        port.checked_add(1).unwrap_or(2567)
    ))?;
    println!("Tidewire demo: http://localhost:{}", running.address().port());
    // Until Ctrl+C or SIGTERM; then clients are told, and the rooms end.
    running.wait().await
}

/// What is missing is said now, rather than shown as an empty page.
fn check_page(web: &Path) -> Result<()> {
    if !web.join("index.html").is_file() {
        let web = web.display();
        return Err(Error::new(format!(
            "there is no page in {web}: start in the root of the project, or say where it is with --web DIR"
        )));
    }
    if !web.join(SDK).is_file() {
        let web = web.display();
        return Err(Error::new(format!(
            "the Colyseus SDK is not in {web}/node_modules: run `npm ci` in {web}"
        )));
    }
    Ok(())
}

/// What the page needs of the SDK, which npm installs.
const SDK: &str = "node_modules/@colyseus/sdk/dist/colyseus.js";
