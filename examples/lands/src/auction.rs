//! Players bid in secret: each is told something else of the same fields.

use std::time::Duration;

use tidewire::prelude::*;

/// What there is to see.
#[derive(Schema, Default)]
pub struct AuctionState {
    /// What the thing is worth. Who bids is told it, and the higher the bid, the more exactly.
    #[schema(custom = AuctionState::estimate_for)]
    pub worth: i32,
    /// Who bids, by their ids.
    pub bidders: MapSchema<Bidder>,
}

/// A player.
#[derive(Schema, Default)]
pub struct Bidder {
    /// Their id.
    pub player: String,
    /// What they bid: for themselves until it is revealed.
    #[schema(custom = Bidder::bid_for)]
    pub bid: Option<i32>,
    /// Why: the others are told how long it is.
    #[schema(custom = Bidder::note_for)]
    pub note: String,
    /// Whether everybody may know.
    pub revealed: bool,
}

/// The payload of `Bid`.
#[derive(Schema, Default, Deserialize)]
pub struct BidEvent {
    /// How much.
    pub amount: i32,
    /// Why.
    pub note: String,
}

/// The payload of `Reveal`: nothing.
#[derive(Schema, Default, Deserialize)]
pub struct RevealAction {}

/// The answer to it.
#[derive(Serialize)]
pub struct RevealResponse {
    /// How many bids there are.
    pub bids: usize,
}

/// The land.
pub struct AuctionRoom {
    /// How many times as fast as usual.
    pub speed: u32,
}

impl Room for AuctionRoom {
    type State = AuctionState;

    fn on_create(&mut self, room: &mut RoomContext<Self>) -> Result<()> {
        room.set_max_clients(20);
        let interval = Duration::from_millis(100) / self.speed.max(1);
        room.set_simulation_interval(interval, |_, _, _| Ok(()));
        room.set_patch_rate(interval);
        room.state.worth = WORTH;
        room.on_client_event("Bid", |_, room, client, bid: BidEvent| {
            let bidder = room.state.bidders.get_mut(client.session_id()).context("not bidding")?;
            bidder.bid = Some(bid.amount.clamp(0, HIGHEST));
            bidder.note = bid.note.chars().take(LONGEST).collect();
            bidder.revealed = false;
            Ok(())
        });
        room.on_action("Reveal", |_, room, _, RevealAction {}| {
            let mut bids = 0;
            for (_, mut bidder) in &mut room.state.bidders {
                bidder.revealed = true;
                bids += usize::from(bidder.bid.is_some());
            }
            Ok(RevealResponse { bids })
        });
        Ok(())
    }

    fn on_join(&mut self, room: &mut RoomContext<Self>, client: &Client, _: Options) -> Result<()> {
        let player = client.session_id();
        let bidder = Bidder { player: player.to_owned(), ..Bidder::default() };
        room.state.bidders.insert(player, bidder);
        Ok(())
    }

    fn on_leave(
        &mut self,
        room: &mut RoomContext<Self>,
        client: &Client,
        _: LeaveReason,
    ) -> Result<()> {
        room.state.bidders.remove(client.session_id());
        Ok(())
    }
}

impl AuctionState {
    fn estimate_for(&self, viewer: &Viewer<'_>) -> Option<i32> {
        let bid = self.bidders.get(viewer.session_id())?.bid?;
        let step = (HIGHEST - bid).max(1);
        Some(self.worth / step * step)
    }
}

impl Bidder {
    fn knows(&self, viewer: &Viewer<'_>) -> bool {
        self.revealed || viewer.session_id() == self.player
    }

    fn bid_for(&self, viewer: &Viewer<'_>) -> Option<i32> {
        self.bid.filter(|_| self.knows(viewer))
    }

    fn note_for(&self, viewer: &Viewer<'_>) -> Option<String> {
        if self.knows(viewer) {
            return Some(self.note.clone());
        }
        Some("*".repeat(self.note.chars().count()))
    }
}

/// What the thing is worth.
const WORTH: i32 = 1234;

/// The highest bid.
const HIGHEST: i32 = 100;

/// Letters of the longest note.
const LONGEST: usize = 64;
