//! Players click for cookies, and buy what bakes them.

use std::time::Duration;

use tidewire::prelude::*;
use tidewire_opcode::is_addressable;

/// What everybody sees.
#[derive(Schema, Default)]
pub struct CookieGameState {
    /// The players, by their ids.
    pub players: MapSchema<CookiePlayerPublicState>,
    /// What each player bought, which nobody else sees.
    #[schema(per_player, rename = "privateStates")]
    pub private_states: MapSchema<CookiePlayerPrivateState>,
    /// The cookies of all players.
    #[schema(rename = "totalCookies")]
    pub total_cookies: i64,
    /// How many ticks there were.
    pub ticks: i32,
}

/// A player.
#[derive(Schema, Default)]
pub struct CookiePlayerPublicState {
    /// What the others call them.
    pub name: String,
    /// What they have.
    pub cookies: i64,
    /// What comes to it with every tick.
    #[schema(rename = "cookiesPerSecond")]
    pub cookies_per_second: i64,
}

/// What a player did and bought.
#[derive(Schema, Default)]
pub struct CookiePlayerPrivateState {
    /// The cookies that were clicked for.
    #[schema(rename = "totalClicks")]
    pub total_clicks: i64,
    /// How many there are of what was bought.
    pub upgrades: MapSchema<i32>,
}

/// The payload of `ClickCookie`.
#[derive(Schema, Default, Deserialize)]
pub struct ClickCookieEvent {
    /// For how many; at least one.
    pub amount: i64,
}

/// The payload of `BuyUpgrade`.
#[derive(Schema, Default, Deserialize)]
pub struct BuyUpgradeAction {
    /// What to buy.
    #[schema(rename = "upgradeID")]
    #[serde(rename = "upgradeID")]
    pub upgrade_id: String,
}

/// The answer to it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BuyUpgradeResponse {
    /// Whether there were enough cookies.
    pub success: bool,
    /// What the player has now.
    pub new_cookies: i64,
    /// What comes to it with every tick.
    pub new_cookies_per_second: i64,
    /// How many of it the player has.
    pub upgrade_level: i32,
}

/// The land.
pub struct CookieRoom {
    /// How many times as fast as usual.
    pub speed: u32,
}

impl Room for CookieRoom {
    type State = CookieGameState;

    fn on_create(&mut self, room: &mut RoomContext<Self>) -> Result<()> {
        room.set_max_clients(20);
        let interval = Duration::from_millis(300) / self.speed.max(1);
        room.set_patch_rate(interval);
        room.set_simulation_interval(interval, |_, room, _| {
            room.state.tick();
            Ok(())
        });
        room.on_client_event("ClickCookie", |_, room, client, click: ClickCookieEvent| {
            room.state.click(client.session_id(), click.amount).context("not playing")
        });
        room.on_action("BuyUpgrade", |_, room, client, buy: BuyUpgradeAction| {
            room.state.buy(client.session_id(), &buy.upgrade_id).context("not playing")
        });
        Ok(())
    }

    fn on_join(
        &mut self,
        room: &mut RoomContext<Self>,
        client: &Client,
        options: Options,
    ) -> Result<()> {
        let player = client.session_id();
        let name = match options.get::<String>("username")? {
            Some(name) => name.chars().take(LONGEST_NAME).collect(),
            None if options.get_or("isGuest", false)? => {
                format!("Guest-{}", player.chars().take(4).collect::<String>())
            }
            None => player.to_owned(),
        };
        let public = CookiePlayerPublicState { name, ..CookiePlayerPublicState::default() };
        room.state.players.insert(player, public);
        room.state.private_states.insert(player, CookiePlayerPrivateState::default());
        Ok(())
    }

    fn on_leave(
        &mut self,
        room: &mut RoomContext<Self>,
        client: &Client,
        _: LeaveReason,
    ) -> Result<()> {
        room.state.players.remove(client.session_id());
        room.state.private_states.remove(client.session_id());
        Ok(())
    }
}

impl CookieGameState {
    fn tick(&mut self) {
        self.ticks = self.ticks.wrapping_add(1);
        let mut total = 0_i64;
        for (_, mut player) in &mut self.players {
            if player.cookies_per_second > 0 {
                player.cookies = player.cookies.saturating_add(player.cookies_per_second);
            }
            total = total.saturating_add(player.cookies);
        }
        self.total_cookies = total;
    }

    fn click(&mut self, player: &str, amount: i64) -> Option<()> {
        let amount = amount.clamp(1, MOST_AT_ONCE);
        let public = self.players.get_mut(player)?;
        public.cookies = public.cookies.saturating_add(amount);
        let private = self.private_states.get_mut(player)?;
        private.total_clicks = private.total_clicks.saturating_add(amount);
        Some(())
    }

    fn buy(&mut self, player: &str, upgrade: &str) -> Option<BuyUpgradeResponse> {
        let public = self.players.get_mut(player)?;
        let upgrades = &mut self.private_states.get_mut(player)?.upgrades;
        let (cost, gain) = match upgrade {
            "cursor" => (10, 1),
            "grandma" => (50, 5),
            _ => (25, 2),
        };
        let level = upgrades.get(upgrade).copied().unwrap_or(0);
        let price = cost * i64::from(level.saturating_add(1));
        // What a client calls it becomes a key, so not everything may be bought.
        let is_sold = upgrade.len() <= LONGEST_NAME && is_addressable(upgrade);
        let is_known = upgrades.contains_key(upgrade) || upgrades.len() < MOST_UPGRADES;
        let success = is_sold && is_known && upgrade != "__proto__" && public.cookies >= price;
        if success {
            public.cookies -= price;
            public.cookies_per_second = public.cookies_per_second.saturating_add(gain);
            upgrades.insert(upgrade, level.saturating_add(1));
        }
        Some(BuyUpgradeResponse {
            success,
            new_cookies: public.cookies,
            new_cookies_per_second: public.cookies_per_second,
            upgrade_level: level.saturating_add(i32::from(success)),
        })
    }
}

/// Letters of the longest name.
const LONGEST_NAME: usize = 32;

/// How many different things a player can have.
const MOST_UPGRADES: usize = 64;

/// The most cookies for one click.
const MOST_AT_ONCE: i64 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_rise() {
        let mut state = CookieGameState::default();
        state.players.insert("ada", CookiePlayerPublicState::default());
        state.private_states.insert("ada", CookiePlayerPrivateState::default());
        let mut buy = |clicks: i64, upgrade: &str, expected: (bool, i64, i64, i32)| {
            if clicks > 0 {
                state.click("ada", clicks);
            }
            let bought = state.buy("ada", upgrade).expect("she plays");
            let found = (
                bought.success,
                bought.new_cookies,
                bought.new_cookies_per_second,
                bought.upgrade_level,
            );
            assert_eq!(found, expected, "{upgrade}");
        };
        buy(9, "cursor", (false, 9, 0, 0));
        buy(1, "cursor", (true, 0, 1, 1));
        buy(19, "cursor", (false, 19, 1, 1));
        buy(1, "cursor", (true, 0, 2, 2));
        buy(50, "grandma", (true, 0, 7, 1));
        buy(26, "spoon", (true, 1, 9, 1));
        buy(1_000_000, "__proto__", (false, 1_000_001, 9, 0));
        buy(0, "a.b", (false, 1_000_001, 9, 0));
        state.tick();
        assert_eq!((state.ticks, state.total_cookies), (1, 1_000_010));
    }
}
