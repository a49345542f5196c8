//! The server of the lands: `cargo run --release -p tidewire-lands`.
//!
//! State-tree clients dial `ws://localhost:8080/game`; Colyseus clients join `counter`, `cookie`, `auction` and `hero-defense` at
//! `http://localhost:8080`. Both meet in the same rooms.

use std::io;

use clap::Parser;
use tidewire::prelude::*;
use tidewire::server::land::{LandConfig, Profile, Tokens};
use tracing_subscriber::filter::LevelFilter;

/// Four lands: counter, cookie, auction and hero-defense.
#[derive(Parser)]
struct Arguments {
    /// The port to listen at; 0 takes any that is free.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// How many times as fast as usual the lands go.
    #[arg(long, default_value_t = 1)]
    speed: u32,
    /// What state-tree clients are spoken to in that do not ask for anything: json, jsonOpcode, opcode or messagepack.
    #[arg(long, default_value = "messagepack", value_parser = profile)]
    encoding: Profile,
    /// The secret of the tokens without which nobody comes in, signed by HS256; without it everybody does.
    #[arg(long)]
    secret: Option<String>,
}

#[tokio::main]
async fn main() -> Result<()> {
    tracing_subscriber::fmt().with_max_level(LevelFilter::WARN).with_writer(io::stderr).init();
    let Arguments { port, speed, encoding, secret } = Arguments::parse();
    let tokens =
        secret.as_ref().map_or_else(Tokens::none, |secret| Tokens::none().hs256(secret.as_bytes()));
    let lands =
        LandConfig { profile: encoding, guests: secret.is_none(), tokens, ..LandConfig::default() };
    let server = tidewire_lands::server(Config::default(), lands, speed);
    let running = server.start(("0.0.0.0", port)).await.context(format!(
        "cannot listen at port {port}; stop what uses it, or take another with --port {}",
        port.checked_add(1).unwrap_or(8080)
    ))?;
    println!("Tidewire lands: http://localhost:{}", running.address().port());
    running.wait().await
}

fn profile(name: &str) -> Result<Profile, String> {
    Profile::named(name)
        .ok_or_else(|| format!("{name:?} is none of json, jsonOpcode, opcode and messagepack"))
}
