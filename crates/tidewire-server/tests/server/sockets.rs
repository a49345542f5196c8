//! WebSockets over a real connection.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::json;
use tidewire_protocol::frame::{self, code};
use tidewire_protocol::msgpack;
use tidewire_server::{AuthRequest, Config, Method, Running};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::support::server;

type Socket = WebSocketStream<TcpStream>;

async fn start() -> Running {
    let config = Config { close_timeout: Duration::from_millis(300), ..Config::default() };
    server(config).0.start("127.0.0.1:0").await.unwrap()
}

async fn dial(running: &Running, path_and_query: &str) -> Socket {
    let address = running.address();
    let stream = TcpStream::connect(address).await.unwrap();
    let (socket, response) =
        client_async(format!("ws://{address}{path_and_query}"), stream).await.unwrap();
    assert_eq!(response.headers().get("sec-websocket-extensions"), None, "no compression");
    socket
}

/// Joins the room `test` and reads up to the state.
async fn join(running: &Running) -> Socket {
    let request = AuthRequest::new(json!({}));
    let seat = running.matchmaker().request(Method::JoinOrCreate, "test", request).await.unwrap();
    let path = format!(
        "/prefix/{}/{}?sessionId={}",
        seat.room.process_id, seat.room.room_id, seat.session_id
    );
    let mut socket = dial(running, &path).await;
    assert_eq!(frame(&mut socket).await[0], code::JOIN_ROOM);
    send(&mut socket, vec![code::JOIN_ROOM]).await;
    while frame(&mut socket).await[0] != code::ROOM_STATE {}
    socket
}

async fn send(socket: &mut Socket, bytes: Vec<u8>) {
    socket.send(Message::Binary(bytes.into())).await.unwrap();
}

/// The next frame of the room protocol.
async fn frame(socket: &mut Socket) -> Bytes {
    loop {
        match socket.next().await {
            Some(Ok(Message::Binary(bytes))) => return bytes,
            Some(Ok(Message::Ping(_))) => {}
            other => panic!("no frame but {other:?}"),
        }
    }
}

/// Reads up to the close frame.
async fn closed(socket: &mut Socket) -> u16 {
    let code = async {
        loop {
            match socket.next().await {
                Some(Ok(Message::Close(frame))) => return frame.unwrap().code.into(),
                Some(Ok(_)) => {}
                other => panic!("no close frame but {other:?}"),
            }
        }
    };
    let code = timeout(Duration::from_secs(10), code).await.unwrap();
    assert!(
        matches!(socket.next().await, None | Some(Err(Error::ConnectionClosed))),
        "the server hangs up"
    );
    code
}

fn say(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    frame::room_data(&mut out, "say".into(), &msgpack::to_vec(text).unwrap());
    out
}

#[tokio::test]
async fn clients_join_and_hear_each_other() {
    let running = start().await;
    let mut ada = join(&running).await;
    let mut bob = join(&running).await;
    send(&mut ada, say("hello")).await;
    let said = loop {
        let frame = frame(&mut bob).await;
        if frame[0] == code::ROOM_DATA {
            break frame;
        }
    };
    assert_eq!(said, b"\x0d\xa4said\xa5hello"[..]);
    send(&mut ada, vec![code::LEAVE_ROOM]).await;
    assert_eq!(closed(&mut ada).await, 4000);
}

#[tokio::test]
async fn text_is_taken_as_bytes() {
    let running = start().await;
    let mut ada = join(&running).await;
    // LEAVE_ROOM is 12, a form feed.
    ada.send(Message::Text("\u{c}".into())).await.unwrap();
    assert_eq!(closed(&mut ada).await, 4000);
}

#[tokio::test]
async fn frames_above_the_limit_close_with_1009() {
    let running = start().await;
    // A frame of a text of this many bytes.
    let sized = |size: usize| say(&"x".repeat(size - say(&"x".repeat(256)).len() + 256));
    for size in [4_097, 10_000, 60_000, 70_000, 1_000_000] {
        let mut ada = join(&running).await;
        let exact = sized(4_096);
        assert_eq!(exact.len(), 4_096);
        send(&mut ada, exact).await;
        while frame(&mut ada).await[0] != code::ROOM_DATA {}
        // The server may hang up in the middle of it.
        let _ = ada.send(Message::Binary(sized(size).into())).await;
        assert_eq!(closed(&mut ada).await, 1009, "{size} bytes");
    }
}

#[tokio::test]
async fn bad_seats_are_told_after_the_upgrade() {
    let running = start().await;
    for (path, code) in [
        ("/p/none?sessionId=x", 4002),
        ("/p/none?sessionId=x&reconnectionToken=t", 4003),
        ("/none?sessionId=x", 4002),
    ] {
        let mut socket = dial(&running, path).await;
        assert_eq!(frame(&mut socket).await[..4], [code::ERROR, 0xcd, 0x0c, 0x02]);
        assert_eq!(closed(&mut socket).await, code);
    }
}

#[tokio::test]
async fn a_latency_socket_is_answered() {
    let running = start().await;
    let mut socket = dial(&running, "/").await;
    send(&mut socket, vec![code::PING]).await;
    assert_eq!(frame(&mut socket).await, vec![code::PING]);
    assert_eq!(closed(&mut socket).await, 1000);
}

#[tokio::test]
async fn a_shutdown_closes_with_4001_and_stops_listening() {
    let running = start().await;
    let address = running.address();
    let mut ada = join(&running).await;
    let (ended, code) = tokio::join!(running.shut_down(), closed(&mut ada));
    ended.unwrap();
    assert_eq!(code, 4001);
    assert!(TcpStream::connect(address).await.is_err());
}
