//! Filters in rooms: nobody asks for a view, and each client sees its own.

use serde_json::json;
use tidewire_protocol::frame::code;
use tidewire_schema::Decoder;
use tidewire_server::{Client, LeaveReason, Method, Options, Result, Room, RoomContext, Server};
use tidewire_state::{ArraySchema, MapSchema, Schema, Viewer};

use crate::support::{Guest, Log, World};

#[derive(Schema, Default, Debug)]
#[schema(crate = "tidewire_state")]
struct Card {
    owner: String,
    discarded: bool,
    #[schema(filter = Card::shows_name)]
    name: String,
}

impl Card {
    fn shows_name(&self, viewer: &Viewer<'_>) -> bool {
        let is_over = viewer.root::<Table>().is_some_and(|table| table.is_over);
        is_over || self.discarded || self.owner == viewer.session_id()
    }
}

#[derive(Schema, Default, Debug)]
#[schema(crate = "tidewire_state")]
struct Table {
    title: String,
    #[schema(skip)]
    is_over: bool,
    cards: ArraySchema<Card>,
    #[schema(per_player)]
    purses: MapSchema<String>,
}

#[derive(Default)]
struct TableRoom;

impl Room for TableRoom {
    type State = Table;

    fn on_create(&mut self, room: &mut RoomContext<Self>) -> Result<()> {
        room.on_message("draw", |_, room, client, name: String| {
            let owner = client.session_id().to_owned();
            room.state.cards.push(Card { owner, name, discarded: false });
            Ok(())
        });
        room.on_message("discard", |_, room, _, at: usize| {
            room.state.cards[at].discarded = true;
            Ok(())
        });
        room.on_message("end", |_, room, client, all: bool| {
            room.state.is_over = true;
            room.state.title = if all { "over" } else { "over for one" }.to_owned();
            if all {
                room.state.refilter();
            } else {
                room.view(client).refilter();
            }
            Ok(())
        });
        Ok(())
    }

    fn on_join(&mut self, room: &mut RoomContext<Self>, client: &Client, _: Options) -> Result<()> {
        let id = client.session_id();
        room.state.purses.insert(id, format!("purse of {id}"));
        Ok(())
    }

    fn on_leave(
        &mut self,
        room: &mut RoomContext<Self>,
        client: &Client,
        _: LeaveReason,
    ) -> Result<()> {
        room.state.purses.remove(client.session_id());
        Ok(())
    }
}

/// A client, what it holds, and all that it was ever sent of the state.
struct Player {
    guest: Guest,
    id: String,
    copy: Decoder<Table>,
    heard: Vec<u8>,
}

impl Player {
    async fn join(world: &World) -> Self {
        let seat = world.seat(Method::JoinOrCreate, "table", json!({})).await.unwrap();
        let guest = world.dial_seat(&seat);
        let id = seat.session_id;
        let mut player = Self { guest, id, copy: Decoder::new(), heard: Vec::new() };
        assert_eq!(player.guest.frame().await[0], code::JOIN_ROOM);
        player.guest.end.send(vec![code::JOIN_ROOM]);
        player.until(|_| true).await;
        player
    }

    /// Reads until the state is what it should be.
    async fn until(&mut self, is_it: impl Fn(&Table) -> bool) {
        loop {
            let frame = self.guest.frame().await;
            if [code::ROOM_STATE, code::ROOM_STATE_PATCH].contains(&frame[0]) {
                self.heard.extend_from_slice(&frame);
                self.copy.apply(&frame[1..]).unwrap();
                if is_it(self.copy.state()) {
                    return;
                }
            }
        }
    }

    fn names(&self) -> Vec<&str> {
        self.copy.state().cards.iter().map(|card| card.name.as_str()).collect()
    }

    fn purses(&self) -> Vec<&str> {
        self.copy.state().purses.values().map(String::as_str).collect()
    }

    /// Whether a text was in any of the frames.
    fn heard(&self, text: &str) -> bool {
        self.heard.windows(text.len()).any(|window| window == text.as_bytes())
    }
}

fn world() -> World {
    let server = Server::new().define::<TableRoom>("table");
    World { matchmaker: server.matchmaker(), log: Log::default() }
}

#[tokio::test(start_paused = true)]
async fn each_client_sees_its_own_without_asking() {
    let world = world();
    let mut ada = Player::join(&world).await;
    let mut bob = Player::join(&world).await;
    ada.guest.send("draw", "ace");
    bob.guest.send("draw", "king");
    ada.until(|table| table.cards.len() == 2).await;
    bob.until(|table| table.cards.len() == 2).await;
    assert_eq!(ada.names(), ["ace", ""]);
    assert_eq!(bob.names(), ["", "king"]);
    assert_eq!(ada.purses(), [format!("purse of {}", ada.id)]);
    assert_eq!(bob.purses(), [format!("purse of {}", bob.id)]);
    assert!(!ada.heard("king") && !bob.heard("ace"));
    assert!(!ada.heard(&format!("purse of {}", bob.id)));

    // Another field than the one that is filtered decides.
    bob.guest.send("discard", 1);
    ada.until(|table| table.cards[1].discarded).await;
    assert_eq!(ada.names(), ["ace", "king"]);

    // Who comes later has a view before the first state.
    let cyd = Player::join(&world).await;
    assert_eq!(cyd.names(), ["", "king"]);
    assert_eq!(cyd.purses(), [format!("purse of {}", cyd.id)]);
    assert!(!cyd.heard("ace"));
}

#[tokio::test(start_paused = true)]
async fn filters_are_asked_again_when_the_room_says_so() {
    let world = world();
    let mut ada = Player::join(&world).await;
    let mut bob = Player::join(&world).await;
    ada.guest.send("draw", "ace");
    bob.guest.send("draw", "king");
    ada.until(|table| table.cards.len() == 2).await;
    bob.until(|table| table.cards.len() == 2).await;
    ada.guest.send("end", false);
    ada.until(|table| table.title == "over for one").await;
    bob.until(|table| table.title == "over for one").await;
    assert_eq!(ada.names(), ["ace", "king"]);
    assert!(!bob.heard("ace"), "no card was touched");
    bob.guest.send("end", true);
    bob.until(|table| table.title == "over").await;
    assert_eq!(bob.names(), ["ace", "king"]);
}
