//! Matchmaking requests and answers.
#![expect(clippy::unwrap_used, reason = "tests")]

use serde_json::{Value, json};
use tidewire_protocol::matchmake::{
    CORS_HEADERS, Generation, Listing, Method, Refusal, SeatReservation, allow_origin,
    nested_process_id, options, reconnection_token, route,
};
use tidewire_protocol::url::{self, Target};
use tidewire_protocol::{Timestamp, is_dialable};

#[test]
fn paths() {
    let check = |path: &str, expected: Option<(Method, &str)>| {
        let request = route(path).unwrap();
        assert_eq!(
            request.as_ref().map(|request| (request.method, request.target.as_ref())),
            expected,
            "{path}"
        );
    };
    check("/matchmake/joinOrCreate/arena", Some((Method::JoinOrCreate, "arena")));
    check("/matchmake/create/arena", Some((Method::Create, "arena")));
    check("/matchmake/join/arena", Some((Method::Join, "arena")));
    check("/matchmake/joinById/Ab3_-9xyz", Some((Method::JoinById, "Ab3_-9xyz")));
    check("/matchmake/reconnect/Ab3_-9xyz", Some((Method::Reconnect, "Ab3_-9xyz")));
    check("/2567/game/matchmake/create/arena", Some((Method::Create, "arena")));
    check("//matchmake/create/arena", Some((Method::Create, "arena")));
    check("/matchmake/create/matchmake", Some((Method::Create, "matchmake")));
    check("/matchmake/create/big%20arena", Some((Method::Create, "big arena")));
    check("/matchmake/create/%C3%A9", Some((Method::Create, "é")));
    check("/matchmake/create/100%", Some((Method::Create, "100%")));
    for other in [
        "",
        "/",
        "/matchmake",
        "/matchmake/create",
        "/matchmake/create/",
        "/create/arena",
        "matchmake/create/x",
    ] {
        check(other, None);
    }
}

#[test]
fn unknown_methods_are_refused() {
    let refusal = route("/matchmake/foo/arena").unwrap_err();
    assert_eq!(refusal, Refusal::new(520, "invalid method \"foo\""));
    assert_eq!(route("/matchmake/Create/arena").unwrap_err().code, 520);
    assert_eq!(route("/matchmake/create/%ff").unwrap_err().code, 520);
}

#[test]
fn bodies() {
    let check = |body: &str, expected: Value| {
        assert_eq!(json!(options(body.as_bytes()).unwrap()), expected, "{body}");
    };
    check("", json!({}));
    check(" \n", json!({}));
    check("{}", json!({}));
    check("[]", json!({}));
    check("[1, 2]", json!({}));
    check("null", json!({}));
    check(r#"{"a": {"b": [1]}}"#, json!({"a": {"b": [1]}}));
    for malformed in ["{bad", "7", "\"text\"", "true", "{} {}", "{\"a\":}"] {
        let refusal = options(malformed.as_bytes()).unwrap_err();
        assert_eq!(
            (refusal.status(), refusal.message.as_str()),
            (400, "malformed request body"),
            "{malformed}"
        );
    }
    assert_eq!(options(&[b'{', 0xff, b'}']).unwrap_err().status(), 400);
    assert_eq!(options("[".repeat(1 << 20).as_bytes()).unwrap_err().status(), 400);
}

#[test]
fn tokens() {
    let token =
        |body: &str| reconnection_token(&options(body.as_bytes()).unwrap()).map(str::to_owned);
    assert_eq!(token(r#"{"reconnectionToken":"tok"}"#).unwrap(), "tok");
    for without in ["{}", r#"{"reconnectionToken":""}"#, r#"{"reconnectionToken":7}"#] {
        assert_eq!(token(without), Err(Refusal::token_missing()), "{without}");
    }
}

#[test]
fn statuses() {
    for (code, status) in [
        (400, 400),
        (520, 520),
        (599, 599),
        (600, 500),
        (4217, 500),
        (4999, 500),
        (200, 500),
        (0, 500),
    ] {
        let refusal = Refusal::new(code, "é\"");
        assert_eq!(refusal.status(), status, "{code}");
        let body: Value = serde_json::from_str(&refusal.to_json()).unwrap();
        assert_eq!(body, json!({"code": code, "error": "é\""}));
    }
}

fn listing() -> Listing {
    Listing {
        name: "arena".into(),
        room_id: "room1".into(),
        process_id: "p1".into(),
        clients: 1,
        max_clients: Some(4),
        created_at: Timestamp::from_millis(1_700_000_000_123),
        metadata: json!({"mode": "duel"}),
        ..Listing::default()
    }
}

#[test]
fn a_seat_reads_in_both_layouts() {
    let seat = SeatReservation { room: &listing(), session_id: "ada" }.to_json();
    assert_eq!(
        serde_json::from_str::<Value>(&seat).unwrap(),
        json!({
            "name": "arena", "roomId": "room1", "processId": "p1", "sessionId": "ada",
            "room": {
                "name": "arena", "roomId": "room1", "processId": "p1-nested", "clients": 1, "maxClients": 4,
                "locked": false, "private": false, "unlisted": false, "createdAt": "2023-11-14T22:13:20.123Z",
                "metadata": {"mode": "duel"},
            },
        })
    );
    let room =
        Listing { public_address: Some("eu.example.org".into()), max_clients: None, ..listing() };
    let seat: Value =
        serde_json::from_str(&SeatReservation { room: &room, session_id: "ada" }.to_json())
            .unwrap();
    assert_eq!(seat["publicAddress"], "eu.example.org");
    assert_eq!(seat["room"]["publicAddress"], "eu.example.org");
    assert!(seat["room"]["maxClients"].is_null());
}

#[test]
fn the_dialled_process_tells_the_generation() {
    let seat: Value =
        serde_json::from_str(&SeatReservation { room: &listing(), session_id: "ada" }.to_json())
            .unwrap();
    for (process_id, expected) in [
        (&seat["processId"], Generation::Flat),
        (&seat["room"]["processId"], Generation::Nested016),
    ] {
        let process_id = process_id.as_str().unwrap();
        assert!(is_dialable(process_id));
        let Target::Room(dial) = url::parse(&format!("/{process_id}/room1?sessionId=ada")).unwrap()
        else {
            panic!("no room")
        };
        assert_eq!(Generation::of_process_id(&dial.process_id), expected);
    }
    assert_ne!(nested_process_id("p1"), "p1");
    assert_eq!(Generation::of_process_id(""), Generation::Flat);
}

#[test]
fn cors() {
    assert_eq!(allow_origin(Some("https://example.org")), "https://example.org");
    assert_eq!(allow_origin(None), "*");
    assert!(
        CORS_HEADERS
            .iter()
            .all(|(name, value)| name.starts_with("Access-Control-") && !value.is_empty())
    );
}
