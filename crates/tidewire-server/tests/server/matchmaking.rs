//! Who gets a seat where, in virtual time.

use std::time::Duration;

use serde_json::{Value, json};
use tidewire_protocol::frame::code;
use tidewire_server::transport::memory::Delivery;
use tidewire_server::{Method, Options};
use tokio::time::{sleep, timeout};

use crate::support::World;

/// Asks, and gives the code and the message of the refusal.
async fn refused(world: &World, method: Method, target: &str, options: Value) -> (u16, String) {
    world.seat(method, target, options).await.expect_err("should have been refused")
}

fn refusal(code: u16, message: &str) -> (u16, String) {
    (code, message.to_owned())
}

#[tokio::test(start_paused = true)]
async fn refusals_carry_the_codes_that_clients_know() {
    let world = World::new();
    let nothing = json!({});
    for (method, target, options, expected) in [
        (
            Method::JoinOrCreate,
            "no",
            nothing.clone(),
            refusal(520, "provided room name \"no\" not defined"),
        ),
        (
            Method::Join,
            "test",
            nothing.clone(),
            refusal(521, "no rooms found with provided criteria"),
        ),
        (Method::JoinById, "no", nothing.clone(), refusal(522, "room \"no\" not found")),
        (
            Method::Reconnect,
            "no",
            nothing.clone(),
            refusal(523, "'reconnectionToken' must be provided for reconnection."),
        ),
        (
            Method::Reconnect,
            "no",
            json!({"reconnectionToken": "x"}),
            refusal(522, "room \"no\" has been disposed."),
        ),
        (Method::Create, "test", json!({"token": "bad"}), refusal(525, "no such account")),
        (Method::Create, "test", json!({"token": "banned"}), refusal(403, "banned")),
        (Method::Create, "test", json!({"token": "panic"}), refusal(525, "onAuth failed")),
        (Method::Create, "test", json!({"create": "fail"}), refusal(555, "no more rooms")),
        (
            Method::Create,
            "test",
            json!({"roomId": 7}),
            refusal(523, "option `roomId` is of the wrong type"),
        ),
        (
            Method::Create,
            "test",
            json!({"create": "panic"}),
            refusal(523, "the room failed while it was created"),
        ),
    ] {
        assert_eq!(refused(&world, method, target, options).await, expected);
    }
    assert_eq!(world.matchmaker.query(None), [], "nothing is left of any of them");

    let room = world.matchmaker.create_room("test", Options::default()).await.unwrap();
    let token = json!({"reconnectionToken": "x"});
    let expected = refusal(524, "reconnection token invalid or expired.");
    assert_eq!(refused(&world, Method::Reconnect, &room.room_id, token).await, expected);
}

#[tokio::test(start_paused = true)]
async fn many_at_once_share_one_room() {
    let world = World::new();
    let seats = (0..20).map(|_| world.seat(Method::JoinOrCreate, "test", json!({})));
    let seats: Vec<_> =
        futures_util::future::join_all(seats).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(world.matchmaker.query(None).len(), 1);
    assert_eq!(world.matchmaker.query(None)[0].clients, 20);
    let mut sessions: Vec<_> = seats.iter().map(|seat| &seat.session_id).collect();
    sessions.sort();
    sessions.dedup();
    assert_eq!(sessions.len(), 20);
}

#[tokio::test(start_paused = true)]
async fn a_full_room_is_locked_until_somebody_leaves() {
    let world = World::new();
    let options = json!({"maxClients": 2});
    let ada = world.join(options.clone()).await;
    let _bob = world.join(options.clone()).await;
    let room = world.matchmaker.query(None).remove(0);
    assert!(room.locked);
    let locked = refusal(522, &format!("room \"{}\" is locked", room.room_id));
    assert_eq!(refused(&world, Method::JoinById, &room.room_id, json!({})).await, locked);
    assert_eq!(refused(&world, Method::Join, "test", json!({})).await.0, 521);
    drop(ada);
    sleep(Duration::from_millis(1)).await;
    let seat = world.seat(Method::JoinById, &room.room_id, json!({})).await.unwrap();
    assert_eq!(seat.room.clients, 2, "a reserved seat counts");
    // The next one gets a room of its own.
    world.join(options).await;
    assert_eq!(world.matchmaker.query(None).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn seats_that_are_not_taken_expire() {
    let world = World::new();
    let options = json!({"maxClients": 1});
    let seat = world.seat(Method::Create, "test", options.clone()).await.unwrap();
    sleep(Duration::from_secs(14)).await;
    assert_eq!(refused(&world, Method::Join, "test", json!({})).await.0, 521);
    sleep(Duration::from_secs(2)).await;
    let mut late = world.dial_seat(&seat);
    let error = [&[code::ERROR, 0xcd, 0x0c, 0x02, 0xb9][..], b"seat reservation expired."].concat();
    assert_eq!(late.frame().await, error);
    assert_eq!(
        late.end.receive().await,
        Some(Delivery::Closed(4002, "seat reservation expired.".into()))
    );
    assert_eq!(world.log(), ["create", "dispose"]);

    // Whoever comes with a token is told that it failed to reconnect.
    let path = format!("/p/{}?sessionId=x&reconnectionToken=y", seat.room.room_id);
    assert_eq!(world.dial_path(&path).closed().await.0, 4003);
    assert_eq!(world.dial_path("/p/bad!room?sessionId=x").closed().await.0, 4002);
}

#[tokio::test(start_paused = true)]
async fn a_seat_is_good_for_one_connection() {
    let world = World::new();
    let seat = world.seat(Method::Create, "test", json!({})).await.unwrap();
    let mut ada = world.dial_seat(&seat);
    ada.settle().await;
    let mut thief = world.dial_seat(&seat);
    assert_eq!(thief.closed().await.0, 4002);
    ada.send("say", "still here");
    ada.expect_message("said", "still here").await;
    assert_eq!(world.matchmaker.query(None)[0].clients, 1);
}

#[tokio::test(start_paused = true)]
async fn rooms_are_found_by_the_options_they_are_filtered_by() {
    let world = World::new();
    let duel = world.seat(Method::JoinOrCreate, "test", json!({"mode": "duel"})).await.unwrap();
    let race = world.seat(Method::JoinOrCreate, "test", json!({"mode": "race"})).await.unwrap();
    assert_ne!(duel.room.room_id, race.room.room_id);
    let again =
        world.seat(Method::Join, "test", json!({"mode": "race", "other": 1})).await.unwrap();
    assert_eq!(again.room.room_id, race.room.room_id);
    assert_eq!(refused(&world, Method::Join, "test", json!({"mode": "chess"})).await.0, 521);
    let any = world.seat(Method::Join, "test", json!({})).await.unwrap();
    assert_eq!(any.room.room_id, duel.room.room_id, "the oldest");
}

#[tokio::test(start_paused = true)]
async fn private_and_locked_rooms_keep_strangers_out() {
    let world = World::new();
    let seat = world.seat(Method::Create, "test", json!({"private": true})).await.unwrap();
    assert_eq!(refused(&world, Method::Join, "test", json!({})).await.0, 521);
    let invited = world.seat(Method::JoinById, &seat.room.room_id, json!({})).await.unwrap();
    let mut ada = world.dial_seat(&invited);
    ada.settle().await;
    ada.send("lock", true);
    sleep(Duration::from_millis(1)).await;
    assert_eq!(refused(&world, Method::JoinById, &seat.room.room_id, json!({})).await.0, 522);
    assert_eq!(
        world.matchmaker.room(&seat.room.room_id).unwrap().metadata,
        json!({"locked": true})
    );
    ada.send("lock", false);
    sleep(Duration::from_millis(1)).await;
    assert!(world.seat(Method::JoinById, &seat.room.room_id, json!({})).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_room_may_choose_its_id_once() {
    let world = World::new();
    let mine = world.seat(Method::Create, "test", json!({"roomId": "lobby-1"})).await.unwrap();
    assert_eq!(mine.room.room_id, "lobby-1");
    let taken = refusal(523, "there is a room \"lobby-1\" already");
    assert_eq!(refused(&world, Method::Create, "test", json!({"roomId": "lobby-1"})).await, taken);
    let undialable = refused(&world, Method::Create, "test", json!({"roomId": "a/b"})).await;
    assert_eq!(undialable.0, 523);
    assert_eq!(world.matchmaker.query(None).len(), 1);
    // The first one works on.
    world.dial_seat(&mine).settle().await;
}

#[tokio::test(start_paused = true)]
async fn a_room_of_the_server_waits_for_its_first_client() {
    let world = World::new();
    let room = world.matchmaker.create_room("test", json!({"mode": "duel"})).await.unwrap();
    assert_eq!((room.clients, room.metadata), (0, json!({"mode": "duel"})));
    sleep(Duration::from_secs(14)).await;
    assert!(world.matchmaker.room(&room.room_id).is_some());
    let gone = async {
        while world.matchmaker.room(&room.room_id).is_some() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(timeout(Duration::from_secs(2), gone).await.is_ok());
}
