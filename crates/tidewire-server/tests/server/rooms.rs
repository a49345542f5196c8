//! Whole rooms in virtual time: what a client sees of joining, playing and leaving.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use tidewire_protocol::frame::{self, MessageType, code};
use tidewire_protocol::msgpack;
use tidewire_server::transport::memory::Delivery;
use tidewire_server::{Config, Method};
use tokio::time::{Instant, sleep, timeout};

use crate::support::World;

#[tokio::test(start_paused = true)]
async fn the_state_comes_after_the_ack_and_then_patches() {
    let world = World::new();
    let mut ada = world.dial(json!({"name": "Ada"})).await;
    let greeting = ada.frame().await;
    assert_eq!(greeting[0], code::JOIN_ROOM);
    assert_eq!(greeting[1], 9, "a token of nine characters");
    assert_eq!(greeting[11..18], *b"\x06schema");
    assert_eq!(greeting[18], 0xcd, "polyglot");
    assert_eq!(greeting[21..23], [0xff, 0x00], "polyglot");

    assert!(timeout(Duration::from_secs(1), ada.frame()).await.is_err(), "nothing before the ack");
    ada.end.send(vec![code::JOIN_ROOM]);
    assert_eq!(ada.frame().await[0], code::ROOM_STATE);
    assert!(
        timeout(Duration::from_secs(1), ada.frame()).await.is_err(),
        "nothing while nothing changes"
    );

    ada.send("move", (1.5, 2.0));
    ada.send("move", (2.5, 2.0));
    assert_eq!(ada.frame().await[0], code::ROOM_STATE_PATCH);
    assert!(timeout(Duration::from_secs(1), ada.frame()).await.is_err(), "one patch for both");
}

#[tokio::test(start_paused = true)]
async fn patches_keep_to_the_multiples_of_their_rate() {
    let world = World::new();
    let start = Instant::now();
    let mut ada = world.join(json!({})).await;
    for tick in 2..50_u32 {
        ada.send("move", (tick, 0));
        ada.until(code::ROOM_STATE_PATCH).await;
        let expected = Duration::from_millis(50) * tick;
        let late = start.elapsed() - expected;
        assert!(late <= Duration::from_millis(2), "tick {tick} was {late:?} late");
    }
}

#[tokio::test(start_paused = true)]
async fn steps_of_the_simulation_keep_to_the_multiples_of_their_interval() {
    let world = World::new();
    let _ada = world.join(json!({"simulate": 100})).await;
    sleep(Duration::from_millis(1_030)).await;
    let steps: Vec<_> = world.log().into_iter().filter(|line| line.starts_with("step")).collect();
    let expected: Vec<_> = (1..=10).map(|i| format!("step 100 at {}", i * 100)).collect();
    assert_eq!(steps, expected);
}

#[tokio::test(start_paused = true)]
async fn newcomers_share_a_snapshot_after_the_patch_of_the_others() {
    let world = World::new();
    let mut ada = world.join(json!({})).await;
    let mut bob = world.dial(json!({})).await;
    let mut cyd = world.dial(json!({})).await;
    for guest in [&mut bob, &mut cyd] {
        assert_eq!(guest.frame().await[0], code::JOIN_ROOM);
        guest.end.send(vec![code::JOIN_ROOM]);
    }
    ada.send("move", (1, 1));
    assert_eq!(ada.frame().await[0], code::ROOM_STATE_PATCH);
    let (state_of_bob, state_of_cyd) = (bob.frame().await, cyd.frame().await);
    assert_eq!(state_of_bob[0], code::ROOM_STATE);
    assert_eq!(state_of_bob, state_of_cyd);
    assert_eq!(state_of_bob.as_ptr(), state_of_cyd.as_ptr(), "the very same bytes");
    assert!(
        timeout(Duration::from_secs(1), bob.frame()).await.is_err(),
        "no patch with what the snapshot had"
    );
}

#[tokio::test(start_paused = true)]
async fn a_patch_is_one_buffer_and_one_flush_for_each_client() {
    let world = World::new();
    let mut ada = world.join(json!({})).await;
    let mut bob = world.join(json!({})).await;
    ada.until(code::ROOM_STATE_PATCH).await;
    let before = (ada.end.flushes(), bob.end.flushes());
    bob.send("say", "one");
    bob.send("say", "two");
    bob.send("say", "three");
    ada.send("move", (1, 1));
    let (patch_of_ada, patch_of_bob) =
        (ada.until(code::ROOM_STATE_PATCH).await, bob.until(code::ROOM_STATE_PATCH).await);
    assert_eq!(patch_of_ada.as_ptr(), patch_of_bob.as_ptr());
    // The room took the messages at one go, so what they caused was written at one go, and the patch at another.
    assert_eq!((ada.end.flushes() - before.0, bob.end.flushes() - before.1), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn messages_before_the_state_wait_for_it() {
    let world = World::new();
    let mut ada = world.join(json!({})).await;
    let mut bob = world.dial(json!({"join": "hello", "name": "Bob"})).await;
    assert_eq!(bob.frame().await[0], code::JOIN_ROOM);
    ada.send("say", "early");
    ada.expect_message("said", "early").await;
    bob.end.send(vec![code::JOIN_ROOM, 0]);
    assert_eq!(bob.frame().await[0], code::ROOM_STATE);
    bob.expect_message("hello", "Bob").await;
    bob.expect_message("said", "early").await;
}

#[tokio::test(start_paused = true)]
async fn messages_of_every_kind_find_their_handlers() {
    let world = World::new();
    let mut ada = world.join(json!({})).await;
    let mut bob = world.join(json!({})).await;

    ada.send("whisper", "psst");
    bob.expect_message("said", "psst").await;
    // The types 7 and "7" are one.
    ada.signal(7);
    ada.expect_message(7, "seven").await;
    ada.signal("7");
    ada.expect_message(7, "seven").await;
    // A handler that replaces itself, and registers another, while it runs.
    ada.signal("again");
    ada.signal("again");
    ada.expect_message("again", 2).await;
    ada.signal("more");
    ada.expect_message("more", 1).await;
    // Bytes, in a frame with a type of their own kind.
    let mut raw = Vec::new();
    frame::room_data_bytes(&mut raw, "raw".into(), &[1, 2, 3]);
    ada.end.send(raw.clone());
    assert_eq!(bob.until(code::ROOM_DATA_BYTES).await, raw);
    // The ping of the protocol.
    bob.end.send(vec![code::PING]);
    assert_eq!(bob.until(code::PING).await, vec![code::PING]);
    // A handler that fails is nobody's end.
    ada.signal("fail");
    ada.send("say", "still here");
    bob.expect_message("said", "still here").await;
}

#[tokio::test(start_paused = true)]
async fn a_wildcard_takes_what_no_other_handler_takes() {
    let world = World::new();
    let seat = world.seat(Method::Create, "wild", json!({})).await.unwrap();
    let mut ada = world.dial_seat(&seat);
    ada.settle().await;
    ada.send("anything", [1, 2]);
    ada.expect_message("any", ("anything", [1, 2])).await;
    ada.send(3, "x");
    ada.expect_message("any", ("3", "x")).await;
}

#[tokio::test(start_paused = true)]
async fn requests_are_answered() {
    let world = World::new();
    let mut ada = world.join(json!({})).await;
    let request = |id: u8, name: &str, payload: &[u8]| {
        let mut out = vec![code::ROOM_REQUEST, id];
        tidewire_protocol::primitive::put_string(&mut out, name);
        out.extend_from_slice(payload);
        out
    };
    let answer =
        |frame: &Bytes| (frame[1], frame[2], msgpack::from_payload::<Value>(&frame[3..]).unwrap());

    ada.end.send(request(0, "sum", &msgpack::to_vec(&[1, 2, 3]).unwrap()));
    assert_eq!(answer(&ada.until(code::ROOM_RESPONSE).await), (0, 0, json!(6)));
    ada.end.send(request(1, "refuse", &[]));
    let (id, status, error) = answer(&ada.until(code::ROOM_RESPONSE).await);
    assert_eq!((id, status), (1, 2));
    assert_eq!(error, json!({"name": "Error", "message": "not now", "code": 42}));
    ada.end.send(request(2, "nothing", &[]));
    let (id, status, error) = answer(&ada.until(code::ROOM_RESPONSE).await);
    assert_eq!((id, status, &error["name"]), (2, 2, &json!("no_handler")));
    // A payload of another shape is an error too, and no reason to close.
    ada.end.send(request(3, "sum", &msgpack::to_vec("text").unwrap()));
    let (id, status, _) = answer(&ada.until(code::ROOM_RESPONSE).await);
    assert_eq!((id, status), (3, 2));
}

#[tokio::test(start_paused = true)]
async fn what_was_spawned_comes_back_to_the_room() {
    let world = World::new();
    let mut ada = world.join(json!({})).await;
    ada.send("spawn", 300);
    ada.send("say", "meanwhile");
    ada.expect_message("said", "meanwhile").await;
    ada.expect_message("result", 600).await;
    assert_eq!(world.log()[2..], ["spawned", "came back"]);
}

#[tokio::test(start_paused = true)]
async fn a_leave_runs_on_leave_before_the_close() {
    let world = World::new();
    let mut ada = world.join(json!({})).await;
    ada.end.send(vec![code::LEAVE_ROOM]);
    assert_eq!(ada.closed().await.0, 4000);
    assert_eq!(world.log(), ["create", "join as nobody", "leave Consented"]);
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_is_a_leave_and_an_empty_room_ends() {
    let world = World::new();
    let ada = world.join(json!({})).await;
    assert_eq!(world.matchmaker.query(Some("test"))[0].clients, 1);
    drop(ada);
    sleep(Duration::from_millis(900)).await;
    assert_eq!(world.log()[2..], ["leave Disconnected(1006)"]);
    assert_eq!(world.matchmaker.query(None)[0].clients, 0);
    sleep(Duration::from_millis(200)).await;
    assert_eq!(world.log()[3..], ["dispose"]);
    assert_eq!(world.matchmaker.query(None), []);
}

#[tokio::test(start_paused = true)]
async fn a_room_stays_when_it_is_told_to() {
    let world = World::new();
    drop(world.join(json!({"autoDispose": false})).await);
    sleep(Duration::from_secs(60)).await;
    assert_eq!(world.matchmaker.query(None).len(), 1);
    assert!(world.matchmaker.end_room(&world.matchmaker.query(None)[0].room_id, 4000).await);
    sleep(Duration::from_millis(1)).await;
    assert_eq!(world.matchmaker.query(None), []);
}

#[tokio::test(start_paused = true)]
async fn a_kicked_client_gets_the_code_and_never_none() {
    for (asked, sent) in [(1000, 1000), (4123, 4123), (1005, 4000), (7, 4000)] {
        let world = World::new();
        let mut ada = world.join(json!({})).await;
        ada.send("kick", asked);
        assert_eq!(ada.closed().await.0, sent);
        sleep(Duration::from_millis(1)).await;
        assert_eq!(world.log()[2..], [format!("leave Closed({sent})")]);
    }
}

#[tokio::test(start_paused = true)]
async fn messages_that_nobody_can_take_close_with_4002() {
    let message = |payload: &[u8]| {
        let mut out = Vec::new();
        frame::room_data(&mut out, "move".into(), payload);
        out
    };
    let unregistered = [&[code::ROOM_DATA, 0xa4][..], b"nope"].concat();
    for (bytes, reason) in [
        (unregistered, Some("room onMessage for \"nope\" not registered.")),
        (message(&[0xc1]), None),
        (message(&[0x92, 1]), None),
        (message(&msgpack::to_vec("far").unwrap()), None),
        (vec![99], None),
        (Vec::new(), None),
    ] {
        let world = World::new();
        let mut ada = world.join(json!({})).await;
        let mut bob = world.join(json!({})).await;
        ada.end.send(bytes.clone());
        let (code, text) = ada.closed().await;
        assert_eq!(code, 4002, "{bytes:?}");
        if let Some(reason) = reason {
            assert_eq!(text, reason);
        }
        bob.send("say", "still here");
        bob.expect_message("said", "still here").await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_panics_ends_its_own_room_only() {
    for message in ["panic", "spawn panic"] {
        let world = World::new();
        let mut ada = world.join(json!({"mode": "a"})).await;
        let mut bob = world.join(json!({"mode": "a"})).await;
        let mut cyd = world.join(json!({"mode": "b"})).await;
        assert_eq!(world.matchmaker.query(None).len(), 2);
        bob.signal(message);
        assert_eq!(ada.closed().await, (4002, "the room failed".to_owned()));
        assert_eq!(bob.closed().await.0, 4002);
        let rooms = world.matchmaker.query(None);
        assert_eq!(rooms.len(), 1);
        assert_eq!(rooms[0].metadata, json!({"mode": "b"}));
        cyd.send("say", "still here");
        cyd.expect_message("said", "still here").await;
        // No code of the room ran any more.
        assert!(!world.log().iter().any(|line| line.starts_with("leave") || line == "dispose"));
        // And the next client gets a room that works.
        world.join(json!({"mode": "a"})).await;
        assert_eq!(world.matchmaker.query(None).len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn on_join_may_refuse_or_panic() {
    let world = World::new();
    let mut ada = world.join(json!({})).await;
    let mut bob = world.dial(json!({"join": "fail"})).await;
    assert_eq!(
        bob.frame().await,
        [&[code::ERROR, 0xcd, 0x0e, 0x02, 0xa7][..], b"not you"].concat()
    );
    assert_eq!(bob.end.receive().await, Some(Delivery::Closed(4002, "not you".into())));
    assert_eq!(world.log()[3..], ["leave JoinFailed"]);
    assert_eq!(world.matchmaker.query(None)[0].clients, 1);

    let seat = |options| world.seat(Method::Join, "test", options);
    let (first, second) = (seat(json!({"join": "panic"})).await, seat(json!({})).await);
    let mut cyd = world.dial_seat(&first.unwrap());
    let mut behind_cyd = world.dial_seat(&second.unwrap());
    assert_eq!(cyd.closed().await.0, 4002);
    assert_eq!(behind_cyd.closed().await, (4002, "the room has ended".to_owned()));
    assert_eq!(ada.closed().await.0, 4002);
    assert_eq!(world.matchmaker.query(None), []);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_is_dropped_and_the_others_play_on() {
    let config = Config { max_queued_frames: 20, ..Config::default() };
    let world = World::with_config(config);
    let mut ada = world.join(json!({})).await;
    let seat = world.seat(Method::Join, "test", json!({})).await.unwrap();
    let path = format!("/p/{}?sessionId={}", seat.room.room_id, seat.session_id);
    let mut slow = world.dial_slowly(&path, 2);
    slow.settle().await;
    let start = Instant::now();
    for i in 0..60 {
        ada.send("move", (i, 0));
        ada.until(code::ROOM_STATE_PATCH).await;
    }
    assert!(start.elapsed() < Duration::from_millis(3_100), "nobody waited for it");
    // It is told, if it reads after all.
    assert_eq!(slow.closed().await, (4002, "too slow to read".to_owned()));
    sleep(Duration::from_millis(1)).await;
    assert!(world.log().contains(&"leave TooSlow".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_dead_connection_is_cut_after_two_unanswered_pings() {
    let world = World::new();
    let ada = world.join(json!({})).await;
    sleep(Duration::from_secs(20)).await;
    assert_eq!(world.matchmaker.query(None)[0].clients, 1, "alive while it answers");
    ada.end.answer_pings(false);
    sleep(Duration::from_secs(5)).await;
    assert_eq!(world.matchmaker.query(None)[0].clients, 1);
    sleep(Duration::from_secs(5)).await;
    assert!(world.log().contains(&"leave Disconnected(1006)".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_acks_is_closed() {
    let world = World::new();
    let mut ada = world.dial(json!({})).await;
    let start = Instant::now();
    assert_eq!(ada.closed().await.0, 4002);
    assert!((15..17).contains(&start.elapsed().as_secs()));
}

#[tokio::test(start_paused = true)]
async fn too_many_messages_in_a_second_close() {
    let config = Config { max_messages_per_second: Some(10), ..Config::default() };
    let world = World::with_config(config);
    let mut ada = world.join(json!({})).await;
    for _ in 0..5 {
        sleep(Duration::from_secs(1)).await;
        for _ in 0..9 {
            ada.send("say", "x");
        }
    }
    ada.send("say", "fine");
    ada.expect_message("said", "x").await;
    for _ in 0..20 {
        ada.send("say", "x");
    }
    assert_eq!(ada.closed().await, (4002, "too many messages".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn without_a_patch_rate_a_join_flushes_at_once() {
    let world = World::new();
    let start = Instant::now();
    let mut ada = world.join(json!({"patchRate": 0})).await;
    let bob = world.join(json!({})).await;
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(ada.frame().await[0], code::ROOM_STATE_PATCH);
    bob.send("move", (1, 2));
    assert!(timeout(Duration::from_secs(1), ada.frame()).await.is_err());
    bob.signal("flush");
    assert_eq!(ada.frame().await[0], code::ROOM_STATE_PATCH);
}

#[tokio::test(start_paused = true)]
async fn the_handshake_is_what_the_client_reads() {
    let world = World::new();
    let seat = || world.seat(Method::JoinOrCreate, "test", json!({}));
    let (one, two) = (seat().await.unwrap(), seat().await.unwrap());
    let path = |process: &str, seat: &tidewire_server::Seat, more: &str| {
        format!("/any/prefix/{process}/{}?sessionId={}{more}", seat.room.room_id, seat.session_id)
    };
    let nested = serde_json::from_str::<Value>(&one.to_json()).unwrap();
    let nested = nested["room"]["processId"].as_str().unwrap();
    let greeting = world.dial_path(&path(nested, &one, "")).frame().await;
    assert_ne!(greeting[18], 0xcd, "plain");
    let greeting =
        world.dial_path(&path(&two.room.process_id, &two, "&skipHandshake=1")).frame().await;
    assert_eq!(greeting.len(), 18, "nothing after the serializer");
}

#[tokio::test(start_paused = true)]
async fn a_room_that_disconnects_closes_everybody() {
    let world = World::new();
    let mut ada = world.join(json!({})).await;
    let mut bob = world.join(json!({})).await;
    bob.signal("disconnect");
    assert_eq!((ada.closed().await.0, bob.closed().await.0), (4000, 4000));
    assert_eq!(world.log()[3..], ["leave RoomEnded(4000)", "leave RoomEnded(4000)", "dispose"]);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_closes_with_4001_and_lets_nobody_in() {
    let world = World::new();
    let mut ada = world.join(json!({})).await;
    let late = world.seat(Method::JoinOrCreate, "test", json!({})).await.unwrap();
    let start = Instant::now();
    world.matchmaker.shut_down(4001).await;
    assert!(start.elapsed() < Duration::from_millis(100), "took {:?}", start.elapsed());
    assert_eq!(ada.closed().await.0, 4001);
    assert_eq!(world.log().last().map(String::as_str), Some("dispose"));
    assert_eq!(world.seat(Method::JoinOrCreate, "test", json!({})).await.unwrap_err().0, 503);
    assert_eq!(world.dial_seat(&late).closed().await.0, 4002);
}

#[tokio::test(start_paused = true)]
async fn a_latency_socket_answers_and_closes_after_a_second() {
    let world = World::new();
    let mut socket = world.dial_path("/");
    for _ in 0..3 {
        sleep(Duration::from_millis(900)).await;
        socket.end.send(vec![MessageType::Number(1).key().len() as u8]);
        assert_eq!(socket.frame().await, vec![code::PING]);
    }
    let start = Instant::now();
    assert_eq!(socket.closed().await.0, 1000);
    assert_eq!(start.elapsed().as_millis(), 1000);
}

#[tokio::test(start_paused = true)]
async fn no_bytes_from_a_client_harm_its_room() {
    let world = World::new();
    let mut ada = world.join(json!({})).await;
    // A reproducible mess (Numerical Recipes' generator), most of it close to frames that mean something.
    let mut seed = 7_u32;
    let mut random = move || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 24) as u8
    };
    for round in 0..500 {
        let mut frame = vec![if round % 4 == 0 { random() } else { 10 + random() % 13 }];
        if round % 2 == 0 {
            frame.extend([&[0xa4][..], b"move"].concat());
        }
        frame.extend((0..random() % 24).map(|_| random()));
        let mallory = world.join(json!({})).await;
        mallory.end.send(frame);
        sleep(Duration::from_millis(1)).await;
    }
    ada.send("say", "still here");
    ada.expect_message("said", "still here").await;
    sleep(Duration::from_secs(10)).await;
    assert_eq!(world.matchmaker.query(None)[0].clients, 1, "all the others have left");
}
