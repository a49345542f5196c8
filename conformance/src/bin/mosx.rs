//! Random scenarios through the patch codecs, read by the real patchpack, notepack.io,
//! `@msgpack/msgpack` and fast-json-patch, compared with an independent model after every message.

use std::{process::ExitCode, time::Instant};

use anyhow::{Result, ensure};
use serde_json::json;
use tidewire_conformance::{
    case::Counts,
    derived::{Root as _, Zoo},
    driver::{self, Arguments, check, config},
    judge::Judge,
    mosx::{self, values},
    tags,
};
use tidewire_testkit::{Config, Reading, generate, generate_over};

fn main() -> ExitCode {
    driver::main("Random scenarios through the libraries of patch clients", run)
}

fn run(arguments: &Arguments) -> Result<()> {
    let mut judge = Judge::run("mosx/decode.mjs")?;
    let versions = judge.ask(&json!({"op": "versions", "id": 0}))?;
    for (name, version) in [("patchpack", "0.4.2"), ("notepack.io", "2.3.0")] {
        ensure!(versions[name] == version, "expected {name} {version}, found {}", versions[name]);
    }
    if let Some(scenario) = arguments.scenario()? {
        println!("agreed: {:?}", mosx::run(&scenario, &mut judge)?);
        return Ok(());
    }
    let start = Instant::now();
    let values = values::check(&mut judge)?;
    let (mut total, mut told) = (Counts::default(), 0);
    let types = Zoo::types();
    for seed in arguments.range() {
        let scenario = generate(seed, &config(seed));
        total += check(seed, &scenario, Reading::Json, |each| mosx::run(each, &mut judge))?;
        // Every fourth has listeners with tags.
        if seed % 4 == 0 {
            told += tags::run(seed, &mut judge)?;
        }
        // Every eighth on derived types too, with patches that can be undone.
        if seed % 8 == 0 {
            let scenario =
                generate_over(&types, seed, &Config::default()).map_err(anyhow::Error::msg)?;
            let run = |each: &_| mosx::run_derived(each, &mut judge);
            total += check(seed, &scenario, Reading::Json, run)?;
        }
    }
    let counts = judge.ask(&json!({"op": "undone", "id": 0}))?;
    let undone = counts["undone"].as_u64();
    let paths = &counts["paths"];
    ensure!(paths["text"].as_u64() > Some(0), "no patch of patchpack was applied by its path");
    ensure!(undone > Some(0) || arguments.seeds < 16, "no patch was undone");
    println!(
        "{} scenarios agree in patchpack, mpack, light and json: {} messages, {} states, {} bytes, \
         {} patches undone, {} of patchpack applied by their path and {} by nodes, {told} messages to listeners with tags, \
         {} values of MessagePack both ways, {:.0} s",
        arguments.seeds + arguments.seeds / 8,
        total.messages,
        total.states,
        total.bytes,
        undone.unwrap_or_default(),
        paths["text"],
        paths["nodes"],
        values,
        start.elapsed().as_secs_f32(),
    );
    Ok(())
}
