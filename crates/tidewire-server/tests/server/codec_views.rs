//! Views in rooms of serializers that go by path: each client is sent what it sees, and nothing of the others.

use bytes::Bytes;
use serde_json::{Value as Json, json};
use tidewire_protocol::frame::code;
use tidewire_server::{Client, Context as _, Method, Options, Result, Room, RoomContext, Server};
use tidewire_state::{ArraySchema, MapSchema, Schema};

use crate::codecs::{Copy, codec};
use crate::support::{Guest, Log, World};

const CODECS: [&str; 5] = ["json", "mpack", "light", "patchpack", "lines"];

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Hand {
    name: String,
    #[schema(view)]
    secret: String,
    #[schema(view)]
    cards: ArraySchema<String>,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Table {
    round: u32,
    hands: MapSchema<Hand>,
}

/// Takes its serializer from the options.
#[derive(Default)]
struct HandsRoom;

impl Room for HandsRoom {
    type State = Table;

    fn on_create(&mut self, room: &mut RoomContext<Self>) -> Result<()> {
        let name: String = room.options().get_or("codec", String::new())?;
        room.set_serializer(codec(&name)?)?;
        room.on_message("secret", |_, room, client, secret: String| {
            let hand = room.state.hands.get_mut(client.session_id()).context("no hand")?;
            hand.cards.push(secret.clone());
            hand.secret = secret;
            room.state.round += 1;
            Ok(())
        });
        room.on_message("look", |_, room, client, ()| {
            room.view(client).add(&["hands", client.session_id()])
        });
        room.on_message("look away", |_, room, client, ()| {
            room.view(client).clear();
            Ok(())
        });
        room.on_message("share", |_, room, client, with: String| {
            let other = room.client(&with).cloned().context("nobody")?;
            room.share_view(client, &other);
            Ok(())
        });
        Ok(())
    }

    fn on_join(
        &mut self,
        room: &mut RoomContext<Self>,
        client: &Client,
        options: Options,
    ) -> Result<()> {
        let name: String = options.get_or("name", String::new())?;
        let hand = Hand { secret: format!("{name}'s first"), name, ..Hand::default() };
        room.state.hands.insert(client.session_id(), hand);
        match options.get_or("look", true)? {
            true => room.view(client).add(&["hands", client.session_id()]),
            false => Ok(()),
        }
    }
}

/// A client, what it holds, and all that it was ever sent of the state.
struct Player {
    guest: Guest,
    id: String,
    codec: &'static str,
    copy: Copy,
    heard: Vec<u8>,
    snapshots: usize,
}

async fn join(world: &World, codec: &'static str, name: &str, look: bool) -> Player {
    let options = json!({"codec": codec, "name": name, "look": look});
    let seat = world.seat(Method::JoinOrCreate, "hands", options).await.unwrap();
    let mut guest = world.dial_seat(&seat);
    assert_eq!(guest.frame().await[0], code::JOIN_ROOM);
    guest.end.send(vec![code::JOIN_ROOM]);
    let snapshot = guest.frame().await;
    assert_eq!(snapshot[0], code::ROOM_STATE);
    let (copy, heard) = (Copy::new(codec, &snapshot[1..]), snapshot.to_vec());
    Player { guest, id: seat.session_id, codec, copy, heard, snapshots: 1 }
}

impl Player {
    async fn frame(&mut self) -> Bytes {
        let frame = self.guest.frame().await;
        self.heard.extend_from_slice(&frame);
        match frame[0] {
            code::ROOM_STATE => {
                self.copy = Copy::new(self.codec, &frame[1..]);
                self.snapshots += 1;
            }
            code::ROOM_STATE_PATCH => self.copy.apply(&frame[1..]),
            other => panic!("frame {other}"),
        }
        frame
    }

    /// Reads until the state is of a round, and returns the last frame.
    async fn until_round(&mut self, round: u32) -> Bytes {
        loop {
            let frame = self.frame().await;
            if self.copy.to_json()["round"] == round {
                return frame;
            }
        }
    }

    /// What it holds of a player's hand.
    fn hand(&self, id: &str) -> Json {
        self.copy.to_json()["hands"][id].clone()
    }

    fn heard(&self, text: &str) -> bool {
        self.heard.windows(text.len()).any(|window| window == text.as_bytes())
    }
}

fn world() -> World {
    let server = Server::new().define::<HandsRoom>("hands");
    World { matchmaker: server.matchmaker(), log: Log::default() }
}

#[tokio::test(start_paused = true)]
async fn each_is_sent_its_own_and_nothing_of_the_others() {
    for codec in CODECS {
        let world = world();
        let mut ada = join(&world, codec, "ada", true).await;
        let mut bob = join(&world, codec, "bob", true).await;
        let mut eve = join(&world, codec, "eve", false).await;
        let mut max = join(&world, codec, "max", false).await;
        for (round, who) in (1..7).zip([true, false, false, true, true, false]) {
            let (player, name) = if who { (&ada, "ada") } else { (&bob, "bob") };
            player.guest.send("secret", format!("{name}'s in round {round}"));
            ada.until_round(round).await;
            bob.until_round(round).await;
            // What is public is encoded once for all who see no more.
            let (a, b) = (eve.until_round(round).await, max.until_round(round).await);
            assert_eq!((a.as_ptr(), a.len()), (b.as_ptr(), b.len()), "{codec}");
        }
        let cards = ["ada's in round 1", "ada's in round 4", "ada's in round 5"];
        let own = json!({"name": "ada", "secret": cards[2], "cards": cards});
        assert_eq!(ada.hand(&ada.id), own, "{codec}");
        assert_eq!(bob.hand(&bob.id)["secret"], "bob's in round 6", "{codec}");
        for (player, others) in [(&ada, &["bob"][..]), (&bob, &["ada"]), (&eve, &["ada", "bob"])] {
            for other in others {
                assert!(!player.heard(&format!("{other}'s")), "{codec}");
            }
        }
        assert_eq!(bob.hand(&ada.id), json!({"name": "ada"}), "{codec}");
        assert_eq!(eve.hand(&eve.id), json!({"name": "eve"}), "{codec}");
        assert_eq!([ada, bob, eve, max].map(|player| player.snapshots), [1; 4], "{codec}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_view_that_comes_later_changes_or_is_shared_shows_what_it_shows() {
    for codec in CODECS {
        let world = world();
        let mut ada = join(&world, codec, "ada", false).await;
        let mut bob = join(&world, codec, "bob", true).await;
        ada.guest.send("look", ());
        ada.guest.send("secret", "ada's own");
        ada.until_round(1).await;
        bob.until_round(1).await;
        // It held what is public, so that it was sent all that it sees now.
        assert_eq!(ada.hand(&ada.id)["secret"], "ada's own", "{codec}");
        assert_eq!((ada.snapshots, bob.snapshots), (2, 1), "{codec}");

        ada.guest.send("look away", ());
        ada.guest.send("secret", "unseen");
        ada.until_round(2).await;
        assert_eq!((ada.hand(&ada.id), ada.snapshots), (json!({"name": "ada"}), 2), "{codec}");
        assert!(!ada.heard("unseen"), "{codec}");

        // Now both look through bob's eyes, and are sent the same bytes.
        ada.guest.send("share", bob.id.clone());
        bob.until_round(2).await;
        bob.guest.send("secret", "for both");
        let (id, other) = (bob.id.clone(), ada.id.clone());
        ada.until_round(3).await;
        bob.until_round(3).await;
        assert_eq!(ada.hand(&id), bob.hand(&id), "{codec}");
        assert_eq!((ada.hand(&id)["secret"].as_str(), ada.snapshots), (Some("for both"), 3));
        bob.guest.send("secret", "for both again");
        let (a, b) = (ada.until_round(4).await, bob.until_round(4).await);
        assert_eq!((a.as_ptr(), a.len()), (b.as_ptr(), b.len()), "{codec}");
        assert_eq!(bob.hand(&other), json!({"name": "ada"}), "{codec}");

        // Whoever joins when ada's own view is gone may have its number, and holds nothing of it.
        let mut eve = join(&world, codec, "eve", true).await;
        assert_eq!(eve.hand(&eve.id)["secret"], "eve's first", "{codec}");
        eve.guest.send("secret", "eve's own");
        eve.until_round(5).await;
        assert_eq!((eve.hand(&eve.id)["secret"].as_str(), eve.snapshots), (Some("eve's own"), 1));
        assert!(!eve.heard("ada's") && !eve.heard("for both"), "{codec}");
        ada.until_round(5).await;
        assert!(!ada.heard("eve's"), "{codec}");
        // And when the last who had a view has left, it is another's.
        bob.guest.end.close(1000);
        eve.guest.send("secret", "eve's last");
        ada.until_round(6).await;
        eve.until_round(6).await;
        assert_eq!(ada.hand(&id)["secret"], "for both again", "{codec}");
        assert!(!ada.heard("eve's") && !bob.heard("eve's"), "{codec}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_serializer_that_serves_no_views_is_refused() {
    let options = json!({"codec": "blind"});
    let refused = world().seat(Method::Create, "hands", options).await;
    let message = "`blind` serves no views, and some fields are marked `view`: implement \
                   `Serializer::for_view`, or use another serializer";
    assert_eq!(refused.unwrap_err(), (523, message.to_owned()));
}
