//! Values that may get lost: apart from the patches, as frames like others or as a transport has them.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;
use tidewire_protocol::frame::{UnreliablePatches, code};
use tidewire_schema::Decoder;
use tidewire_server::transport::FrameSink;
use tidewire_server::transport::memory::{self, MemorySink};
use tidewire_server::{Method, Result, Room, RoomContext, Server};
use tidewire_state::Schema;

use crate::support::{Guest, Log, World};

#[derive(Schema, Default, Debug, Clone, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Probe {
    title: String,
    #[schema(unreliable)]
    heat: u8,
}

#[derive(Default)]
struct ProbeRoom;

impl Room for ProbeRoom {
    type State = Probe;

    fn on_create(&mut self, room: &mut RoomContext<Self>) -> Result<()> {
        room.state.heat = 1;
        room.on_message("heat", |_, room, _, heat: u8| {
            room.state.heat = heat;
            Ok(())
        });
        room.on_message("both", |_, room, _, (title, heat): (String, u8)| {
            (room.state.title, room.state.heat) = (title, heat);
            Ok(())
        });
        Ok(())
    }
}

fn world() -> World {
    let server = Server::new().define::<ProbeRoom>("probe");
    World { matchmaker: server.matchmaker(), log: Log::default() }
}

#[tokio::test(start_paused = true)]
async fn they_come_in_patches_of_their_own_where_everything_arrives() {
    let world = world();
    let seat = world.seat(Method::JoinOrCreate, "probe", json!({})).await.unwrap();
    let mut guest = world.dial_seat(&seat);
    let mut copy = Decoder::<Probe>::new();
    copy.apply(&guest.settle().await[1..]).unwrap();
    assert_eq!(copy.state().heat, 1, "the first value comes with the state");
    guest.send("heat", 7);
    assert_eq!(guest.frame().await, [code::ROOM_STATE_PATCH, 0xff, 0x00, 0x81, 7][..]);
    guest.send("both", ("hot", 9));
    assert_eq!(guest.frame().await, b"\x0f\xff\x00\x80\xa3hot"[..]);
    let apart = guest.frame().await;
    assert_eq!(apart, [code::ROOM_STATE_PATCH, 0xff, 0x00, 0x81, 9][..]);
    copy.apply(&apart[1..]).unwrap();
    assert_eq!(copy.state().heat, 9);
}

/// The server's end of a connection that has a channel for frames that may get lost.
struct Datagrams {
    frames: MemorySink,
    patches: UnreliablePatches,
}

impl FrameSink for Datagrams {
    async fn feed(&mut self, frame: Bytes) -> io::Result<()> {
        if frame.first() == Some(&code::ROOM_STATE) {
            self.patches.restart();
        }
        self.frames.feed(frame).await
    }

    async fn feed_unreliable(&mut self, frame: Bytes) -> io::Result<()> {
        let mut out = Vec::new();
        self.patches.write(&mut out, &frame[1..]);
        self.frames.feed(out.into()).await
    }

    async fn flush(&mut self) -> io::Result<()> {
        self.frames.flush().await
    }

    async fn ping(&mut self) -> io::Result<()> {
        self.frames.ping().await
    }

    async fn close(&mut self, code: u16, reason: String) -> io::Result<()> {
        self.frames.close(code, reason).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_transport_that_may_lose_them_has_them_numbered() {
    let world = world();
    let seat = world.seat(Method::JoinOrCreate, "probe", json!({})).await.unwrap();
    let (end, source, frames) = memory::connect(1_000);
    let sink = Datagrams { frames, patches: UnreliablePatches::default() };
    let (process, room) = (&seat.room.process_id, &seat.room.room_id);
    let address = format!("/{process}/{room}?sessionId={}", seat.session_id);
    let matchmaker = world.matchmaker.clone();
    let session = tokio::spawn(async move { matchmaker.attach(&address, source, sink).await });
    let mut guest = Guest { end };
    guest.settle().await;
    for (heat, number) in [(7, 1), (8, 2)] {
        guest.send("heat", heat);
        assert_eq!(guest.frame().await, [0x4f, number, 0, 0xff, 0x00, 0x81, heat][..]);
    }
    // Nothing changed, so nothing is sent.
    guest.send("heat", 8);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(guest.end.try_receive(), None);
    drop(guest);
    session.await.unwrap();
}
