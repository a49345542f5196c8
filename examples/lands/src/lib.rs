//! Four lands: three small games that clients of SwiftStateTree's own demos join, and Colyseus clients with them.
//!
//! Those have the states, actions, events and rules of the demos, so that whatever was written for one can be pointed at
//! this server. [`counter`] is as little as there can be, [`cookie`] has players who buy things, and [`hero`] is a game.
//! In [`auction`], which is no demo of theirs, each player is told something else of the same fields.

pub mod auction;
pub mod cookie;
pub mod counter;
pub mod hero;

use tidewire::prelude::*;
use tidewire::server::land::{LandConfig, types_of};

/// A server of the lands. At `speed` 10 a tick takes a tenth of its time.
pub fn server(config: Config, lands: LandConfig, speed: u32) -> Server {
    let counter = Definition::new(move || counter::CounterRoom { speed })
        .land(|land| land.action("Increment", types_of::<counter::IncrementAction>()));
    let cookie = Definition::new(move || cookie::CookieRoom { speed }).land(|land| {
        land.action("BuyUpgrade", types_of::<cookie::BuyUpgradeAction>())
            .client_event("ClickCookie", types_of::<cookie::ClickCookieEvent>())
    });
    let auction = Definition::new(move || auction::AuctionRoom { speed }).land(|land| {
        land.action("Reveal", types_of::<auction::RevealAction>())
            .client_event("Bid", types_of::<auction::BidEvent>())
    });
    let hero = Definition::new(move || hero::HeroRoom::new(speed)).land(hero::describe);
    Server::with_config(config)
        .lands(lands)
        .define_with("auction", auction)
        .define_with("counter", counter)
        .define_with("cookie", cookie)
        .define_with("hero-defense", hero)
}
