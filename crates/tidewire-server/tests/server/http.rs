//! Requests over a real connection, byte for byte.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::{get, put};
use serde_json::{Value, json};
use tidewire_server::{Config, Matchmaker, Running};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::server;

/// What came back.
struct Answer {
    status: u16,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), Some("application/json"));
        serde_json::from_slice(&self.body).unwrap()
    }
}

async fn start() -> Running {
    server(Config::default()).0.start("127.0.0.1:0").await.unwrap()
}

async fn send(address: SocketAddr, head: &str, body: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let head =
        format!("{head}\r\nHost: test\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    // A server that refuses a large body need not read all of it.
    let _ = stream.write_all(body).await;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let split = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(answer[..split].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines.map(|line| line.split_once(": ").unwrap());
    let headers = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
    let answer = Answer { status, headers, body: answer[split + 4..].to_vec() };
    if let Some(length) = answer.header("content-length") {
        assert_eq!(length.parse(), Ok(answer.body.len()), "the length counts bytes");
    }
    answer
}

#[tokio::test]
async fn a_seat_is_there_for_every_generation_of_clients() {
    let running = start().await;
    let body = json!({"name": "Zoë 🦀"}).to_string();
    let head =
        "POST /some/prefix/matchmake/joinOrCreate/test HTTP/1.1\r\nOrigin: http://game.example";
    let answer = send(running.address(), head, body.as_bytes()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), Some("http://game.example"));
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
    let seat = answer.json();
    assert_eq!((&seat["name"], &seat["room"]["name"]), (&json!("test"), &json!("test")));
    assert_eq!(seat["roomId"], seat["room"]["roomId"]);
    assert_ne!(seat["processId"], seat["room"]["processId"]);
    assert_eq!(seat["sessionId"].as_str().unwrap().len(), 9);
    assert_eq!(seat["room"]["clients"], 1);
    assert_eq!(seat["room"]["maxClients"], Value::Null);
}

#[tokio::test]
async fn bodies_are_objects_or_nothing() {
    let running = start().await;
    let post = "POST /matchmake/create/test HTTP/1.1";
    for body in ["", "{}", "[]", "  "] {
        assert_eq!(send(running.address(), post, body.as_bytes()).await.status, 200, "{body:?}");
    }
    for body in ["{", "7", "\"x\"", "\u{0}"] {
        let answer = send(running.address(), post, body.as_bytes()).await;
        assert_eq!(answer.status, 400, "{body:?}");
        assert_eq!(answer.json(), json!({"code": 400, "error": "malformed request body"}));
    }
    let large = vec![b' '; 100 * 1024];
    assert_eq!(send(running.address(), post, &large).await.status, 413);
    let deep = "[".repeat(60_000);
    assert_eq!(send(running.address(), post, deep.as_bytes()).await.status, 400);
}

#[tokio::test]
async fn refusals_have_their_code_as_status_and_in_the_body() {
    let running = start().await;
    let answer = send(running.address(), "POST /matchmake/joinOrCreate/no HTTP/1.1", b"{}").await;
    assert_eq!(answer.status, 520);
    assert_eq!(
        answer.json(),
        json!({"code": 520, "error": "provided room name \"no\" not defined"})
    );
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    let answer = send(running.address(), "POST /matchmake/foo/test HTTP/1.1", b"{}").await;
    assert_eq!(answer.json(), json!({"code": 520, "error": "invalid method \"foo\""}));
    let head = "POST /matchmake/create/test HTTP/1.1\r\nAuthorization: Bearer banned";
    let answer = send(running.address(), head, b"{}").await;
    assert_eq!((answer.status, answer.json()["error"].as_str()), (403, Some("banned")));
}

#[tokio::test]
async fn the_other_paths() {
    let running = start().await;
    for (head, status, body) in [
        ("OPTIONS /matchmake/joinOrCreate/test HTTP/1.1", 204, ""),
        ("OPTIONS /whatever HTTP/1.1", 204, ""),
        ("GET /__healthcheck HTTP/1.1", 200, "OK"),
        ("GET / HTTP/1.1", 200, concat!("Tidewire ", env!("CARGO_PKG_VERSION"))),
        ("GET /matchmake/joinOrCreate/test HTTP/1.1", 404, ""),
        ("GET /matchmake/test HTTP/1.1", 404, ""),
        ("POST /nowhere HTTP/1.1", 404, ""),
    ] {
        let answer = send(running.address(), &format!("{head}\r\nOrigin: http://a"), b"").await;
        assert_eq!(
            (answer.status, String::from_utf8_lossy(&answer.body).as_ref()),
            (status, body),
            "{head}"
        );
        assert_eq!(answer.header("access-control-allow-origin"), Some("http://a"), "{head}");
        let methods = answer.header("access-control-allow-methods");
        assert_eq!(methods, Some("GET,HEAD,PUT,PATCH,POST,DELETE"), "{head}");
    }
}

#[tokio::test]
async fn routes_of_the_user_stand_beside_matchmaking() {
    let (server, _) = server(Config::default());
    let rooms = |State(matchmaker): State<Matchmaker>| async move {
        matchmaker.query(None).len().to_string()
    };
    let routes = Router::new()
        .route("/rooms", get(rooms))
        .route("/secret", put(|| async { "written" }))
        .with_state(server.matchmaker());
    let running = server.mount(routes).start("127.0.0.1:0").await.unwrap();
    let address = running.address();
    assert_eq!(send(address, "POST /matchmake/create/test HTTP/1.1", b"").await.status, 200);
    let answer = send(address, "GET /rooms HTTP/1.1", b"").await;
    assert_eq!((answer.status, answer.body.as_slice()), (200, &b"1"[..]));
    assert_eq!(answer.header("access-control-allow-origin"), None, "the user's own affair");
    let answer = send(address, "OPTIONS /secret HTTP/1.1\r\nOrigin: http://a", b"").await;
    assert_eq!(answer.header("access-control-allow-origin"), None, "not opened to other origins");
    assert_eq!(send(address, "GET / HTTP/1.1", b"").await.status, 200);
    assert_eq!(send(address, "GET /none HTTP/1.1", b"").await.status, 404);
}

#[tokio::test]
async fn a_connection_that_does_not_ask_is_closed() {
    let config = Config { header_timeout: Duration::from_millis(100), ..Config::default() };
    let running = server(config).0.start("127.0.0.1:0").await.unwrap();
    for start in ["", "POST /matchm"] {
        let mut stream = TcpStream::connect(running.address()).await.unwrap();
        stream.write_all(start.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let end = timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await;
        assert!(end.is_ok(), "after {start:?}");
    }
    running.shut_down().await.unwrap();
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_idle_connections() {
    let running = start().await;
    let mut stream = TcpStream::connect(running.address()).await.unwrap();
    stream.write_all(b"GET /__healthcheck HTTP/1.1\r\nHost: test\r\n\r\n").await.unwrap();
    let mut first = [0; 15];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    timeout(Duration::from_secs(2), running.shut_down()).await.unwrap().unwrap();
}
