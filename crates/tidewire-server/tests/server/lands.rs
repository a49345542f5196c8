//! Lands: rooms that clients of two protocols are in at once.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value as Json, json};
use tidewire_opcode::{Message, Profile, read_json};
use tidewire_protocol::frame::code;
use tidewire_schema::Decoder;
use tidewire_server::land::{LandConfig, Tokens};
use tidewire_server::transport::memory::Delivery;

use self::support::{Edit, Field, LandGuest, World, unit};

mod support;
mod views;

#[tokio::test(start_paused = true)]
async fn joining_in_every_encoding() {
    for profile in Profile::ALL {
        let world = World::new(LandConfig::default(), json!({}));
        let mut ada = world.dial(&format!("encoding={}&v=1", profile.name()));
        let join = json!({ "landType": "field", "landInstanceId": "north", "playerID": "ada",
            "metadata": { "name": "Ada" } });
        let answer = ada.join(&join).await.unwrap();
        let expected = json!({ "requestID": "join-1", "success": true, "landType": "field",
            "landInstanceId": "north", "landID": "field:north", "playerID": "ada",
            "playerSlot": tidewire_opcode::player_slot("ada", |_| false),
            "encoding": profile.announced() });
        assert_eq!(answer, expected);
        ada.first_sync().await;
        assert_eq!(ada.state(), json!({ "round": 0, "units": { "ada": unit("Ada", 10) } }));
        // What was said to her in on_join comes after the first state.
        ada.listen(60).await;
        assert_eq!(ada.heard, [("Welcome".to_owned(), json!({ "guest": false }))]);
        let mut bob = world.join(profile, "bob").await;
        assert_eq!(bob.state()["units"].as_object().unwrap().len(), 1, "another land");
        let late = json!({ "landType": "field", "landInstanceId": "north" });
        let mut late_guest = world.dial(&format!("encoding={}", profile.name()));
        let answer = late_guest.join(&late).await.unwrap();
        late_guest.first_sync().await;
        assert_eq!(answer["playerID"].as_str().unwrap().len(), 36, "a guest's name");
        late_guest.event("Edit", &json!({ "edits": [["ada", 7], ["cat", 1]] }));
        ada.listen(60).await;
        late_guest.listen(0).await;
        assert_eq!(ada.state(), late_guest.state());
        assert_eq!(ada.state()["units"]["ada"]["health"], 7);
        assert_eq!(ada.heard.last().unwrap().0, "Edited");
        bob.listen(60).await;
        assert!(bob.heard.iter().all(|(name, _)| name != "Edited"));
    }
}

#[tokio::test(start_paused = true)]
async fn actions_are_answered_after_the_step() {
    let world = World::new(LandConfig::default(), json!({ "step": true }));
    let mut ada = world.join(Profile::MessagePack, "ada").await;
    world.log.lock().unwrap().clear();
    let round = ada.state()["round"].as_i64().unwrap();
    ada.action("HealAction", &json!({ "whom": "", "by": 5 }));
    ada.action("GameContent.heal", &json!({ "whom": "", "by": 1 }));
    ada.event("Nothing", &json!({}));
    ada.listen(1).await;
    assert!(world.log().is_empty(), "not before the step");
    ada.listen(110).await;
    let log = world.log();
    let step = log.iter().position(|line| line.starts_with("step")).unwrap();
    assert_eq!(log[..step], ["heal", "heal"], "{log:?}");
    let answer = |health: i32| {
        let response = json!({ "health": health, "round": round });
        let response = read_json(response.to_string().as_bytes()).unwrap();
        Message::ActionResponse { request: "action-1".into(), response }
    };
    assert_eq!(ada.answers[..2], [answer(15), answer(16)]);
    assert_eq!(ada.state()["units"]["ada"]["health"], 16);
    assert!(
        matches!(&ada.answers[2], Message::Error { code, .. } if &**code == "EVENT_NOT_REGISTERED")
    );
}

#[tokio::test(start_paused = true)]
async fn without_a_step_actions_are_answered_at_once() {
    let world = World::new(LandConfig::default(), json!({ "still": true }));
    let mut ada = world.join(Profile::Json, "ada").await;
    ada.action("Heal", &json!({ "whom": "", "by": 5 }));
    ada.listen(1).await;
    assert!(matches!(ada.answers[..], [Message::ActionResponse { .. }]));
    assert_eq!(ada.state()["units"]["ada"]["health"], 10, "no patch was asked for");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_done_is_told() {
    let world = World::new(LandConfig::default(), json!({}));
    for profile in Profile::ALL {
        let player = profile.name();
        let mut ada = world.join(profile, player).await;
        let told = |code: &str, details: Json| (code.to_owned(), details);
        let action = |name: &str| json!({ "requestID": "action-1", "actionType": name });
        let instance = world.matchmaker.query(Some("field"))[0].room_id.clone();
        let event =
            |name: &str| json!({ "eventType": name, "landID": format!("field:{instance}") });
        ada.action("Fly", &json!({}));
        ada.action("Heal", &json!({ "by": "much" }));
        ada.action("Fail", &json!({}));
        ada.event("Fly", &json!({}));
        ada.event("Edit", &json!({ "edits": 5 }));
        ada.end.send("what?");
        ada.end.send("{");
        ada.end.send(json!([101, "action-1"]).to_string());
        ada.end.send(json!([104, "join-2", "field"]).to_string());
        ada.listen(60).await;
        assert_eq!(ada.error(), told("ACTION_NOT_REGISTERED", action("Fly")));
        assert_eq!(ada.error(), told("ACTION_INVALID_PAYLOAD", action("Heal")));
        assert_eq!(ada.error(), told("ACTION_HANDLER_ERROR", action("Fail")));
        assert_eq!(ada.error(), told("EVENT_NOT_REGISTERED", event("Fly")));
        assert_eq!(ada.error(), told("EVENT_INVALID_PAYLOAD", event("Edit")));
        assert_eq!(ada.error(), told("INVALID_MESSAGE_FORMAT", Json::Null));
        assert_eq!(ada.error(), told("INVALID_JSON", Json::Null));
        assert_eq!(ada.error(), told("MISSING_REQUIRED_FIELD", Json::Null));
        assert_eq!(ada.error(), told("JOIN_ALREADY_JOINED", json!({ "requestID": "join-2" })));
        // And it is still there.
        ada.action("Heal", &json!({ "whom": "", "by": 1 }));
        ada.listen(60).await;
        assert!(matches!(ada.answers[..], [Message::ActionResponse { .. }]), "{profile:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_not_let_in() {
    let config = LandConfig { create_instances: false, ..LandConfig::default() };
    let world = World::new(config, json!({ "maxClients": 2 }));
    let mut ada = world.dial("");
    let details = json!({ "requestID": "join-1" });
    let mut check = async |join: Json, code: &str| {
        assert_eq!(ada.join(&join).await, Err((code.to_owned(), details.clone())));
    };
    check(json!({ "landType": "desert" }), "JOIN_LAND_TYPE_NOT_FOUND").await;
    check(json!({ "landType": "field", "landInstanceId": "x" }), "JOIN_ROOM_NOT_FOUND").await;
    check(json!({ "landType": "field", "playerID": "__proto__" }), "JOIN_DENIED").await;
    ada.action("Heal", &json!({}));
    assert_eq!(ada.answer().await.unwrap_err().0, "JOIN_SESSION_NOT_CONNECTED");
    // After all that it may still come in.
    let answer = ada.join(&json!({ "landType": "field", "playerID": "ada" })).await.unwrap();
    let instance = answer["landInstanceId"].as_str().unwrap().to_owned();
    let _bob = world.join(Profile::Json, "bob").await;
    let mut cat = world.dial("");
    let join = json!({ "landType": "field", "landInstanceId": instance });
    assert_eq!(cat.join(&join).await.unwrap_err().0, "JOIN_ROOM_FULL");
    // A room's id is that of its own kind only.
    let join = json!({ "landType": "meadow", "landInstanceId": instance });
    assert_eq!(cat.join(&join).await.unwrap_err().0, "JOIN_LAND_ID_MISMATCH");
    // Whoever takes any land gets another one.
    let answer = cat.join(&json!({ "landType": "field", "playerID": "cat" })).await.unwrap();
    assert_ne!(answer["landInstanceId"], *instance);
    let mut dog = world.dial("");
    let refused = json!({ "landType": "field", "metadata": { "refuse": true } });
    assert_eq!(dog.join(&refused).await.unwrap_err().0, "JOIN_DENIED");
    assert_eq!(dog.end.receive().await, Some(Delivery::Closed(4002, "not you".to_owned())));
    tokio::time::sleep(Duration::from_millis(1)).await;
    let seats: usize = world.matchmaker.query(None).iter().map(|room| room.clients).sum();
    assert_eq!(seats, 3);
}

#[tokio::test(start_paused = true)]
async fn a_token_says_who_it_is() {
    let public = include_bytes!("../../src/land/test_keys/public.pem");
    let signed = include_str!("../../src/land/test_keys/rs256.jwt");
    let tokens = Tokens::none().rs256(public).unwrap();
    let config = LandConfig { guests: false, tokens, ..LandConfig::default() };
    let world = World::new(config, json!({}));
    let mut ada = world.dial(&format!("token={signed}&encoding=json"));
    let join = json!({ "landType": "field", "playerID": "eve" });
    assert_eq!(ada.join(&join).await.unwrap()["playerID"], "ada");
    for (query, code) in [
        ("encoding=json".to_owned(), "WEBSOCKET_MISSING_TOKEN"),
        (format!("token=x{signed}"), "WEBSOCKET_INVALID_TOKEN"),
    ] {
        let mut eve = world.dial(&query);
        assert_eq!(eve.answer().await.unwrap_err().0, code);
        assert!(matches!(eve.end.receive().await, Some(Delivery::Closed(1008, _))));
    }
}

#[tokio::test(start_paused = true)]
async fn a_player_who_joins_again_takes_over() {
    let world = World::new(LandConfig::default(), json!({}));
    let mut first = world.join(Profile::Json, "ada").await;
    let mut second = world.join(Profile::MessagePack, "ada").await;
    let closed = loop {
        match first.end.receive().await {
            Some(Delivery::Closed(code, reason)) => break (code, reason),
            Some(Delivery::Frame(_)) => {}
            None => panic!("the connection ended without a close frame"),
        }
    };
    assert_eq!(closed, (4000, "the player joined by another connection".to_owned()));
    first.end.close(4000);
    second.listen(200).await;
    assert_eq!(second.state()["units"], json!({ "ada": unit("anonymous", 10) }));
    assert_eq!(world.log(), ["create", "join ada", "leave ada Closed(4000)", "join ada"]);
    assert_eq!(world.matchmaker.query(None)[0].clients, 1);
    second.action("Heal", &json!({ "whom": "", "by": 1 }));
    second.listen(60).await;
    assert_eq!(second.answers.len(), 1);
    second.end.close(1000);
    second.listen(1).await;
    assert_eq!(world.log().last().unwrap(), "leave ada Consented");
    let mut second = world.join(Profile::Opcode, "ada").await;
    // A session of the other protocol is not taken over.
    let mut eve = world.seat(json!({})).await;
    eve.settle().await;
    second.listen(60).await;
    let units = second.state()["units"].clone();
    let id = units.as_object().unwrap().keys().find(|key| *key != "ada").unwrap().clone();
    let mut thief = world.dial("");
    let join = json!({ "landType": "field", "playerID": id });
    assert_eq!(thief.join(&join).await.unwrap_err().0, "JOIN_DENIED");
    second.listen(60).await;
    assert_eq!(second.state()["units"], units);
    assert_eq!(world.matchmaker.query(None)[0].clients, 2);
}

#[tokio::test(start_paused = true)]
async fn a_player_of_a_full_land_takes_over_too() {
    let world = World::new(LandConfig::default(), json!({ "maxClients": 2 }));
    let mut ada = world.join(Profile::Json, "ada").await;
    let _bob = world.join(Profile::MessagePack, "bob").await;
    let instance = world.matchmaker.query(None)[0].room_id.clone();
    let named = |player: &str| json!({ "landType": "field", "landInstanceId": instance, "playerID": player });
    // Others find it full, by its name or without.
    let mut cat = world.dial("");
    assert_eq!(cat.join(&named("cat")).await.unwrap_err().0, "JOIN_ROOM_FULL");
    let cat = world.join(Profile::Json, "cat").await;
    assert_eq!(world.matchmaker.query(None).len(), 2);
    // One by its name, then one that leaves it to the server, which has an open land too.
    for join in [named("ada"), json!({ "landType": "field", "playerID": "ada" })] {
        let mut again = world.dial("encoding=messagepack");
        assert_eq!(again.join(&join).await.unwrap()["landInstanceId"], *instance);
        again.first_sync().await;
        let closed = loop {
            match ada.end.receive().await {
                Some(Delivery::Closed(code, _)) => break code,
                Some(Delivery::Frame(_)) => {}
                None => panic!("the connection ended without a close frame"),
            }
        };
        assert_eq!(closed, 4000);
        ada.end.close(4000);
        ada = again;
        ada.listen(60).await;
        assert_eq!(ada.state()["units"].as_object().unwrap().len(), 2);
    }
    let clients = || {
        let rooms = world.matchmaker.query(None);
        let mut clients: Vec<usize> = rooms.iter().map(|room| room.clients).collect();
        clients.sort_unstable();
        clients
    };
    assert_eq!(clients(), [1, 2]);
    // Who has left has no place there any more.
    ada.end.close(1000);
    ada.listen(1).await;
    let mut dog = world.dial("");
    assert_eq!(dog.join(&named("dog")).await.unwrap()["landInstanceId"], *instance);
    let mut ada = world.dial("");
    assert_eq!(ada.join(&named("ada")).await.unwrap_err().0, "JOIN_ROOM_FULL");
    assert_eq!(clients(), [1, 2]);
    drop(cat);
}

#[tokio::test(start_paused = true)]
async fn events_reach_both_kinds_of_client() {
    let world = World::new(LandConfig::default(), json!({}));
    let mut land = world.join(Profile::MessagePack, "ada").await;
    let mut json_land = world.join(Profile::Json, "bob").await;
    let mut room = world.seat(json!({})).await;
    room.settle().await;
    room.expect_message("Welcome", json!({ "guest": false })).await;
    land.listen(60).await;
    json_land.listen(0).await;
    land.heard.clear();
    json_land.heard.clear();
    land.event("hit", &json!({ "whom": "bob", "by": 3 }));
    room.expect_message("Hit", json!({ "whom": "bob", "by": 3 })).await;
    room.expect_message("Others", json!({ "whom": "bob", "by": 3 })).await;
    room.send("hit", json!({ "whom": "ada", "by": 4 }));
    room.expect_message("Hit", json!({ "whom": "ada", "by": 4 })).await;
    room.expect_message("You", json!({ "whom": "ada", "by": 4 })).await;
    land.listen(60).await;
    json_land.listen(0).await;
    let names = |guest: &LandGuest| {
        guest.heard.iter().map(|(name, hit)| format!("{name} {}", hit["by"])).collect::<Vec<_>>()
    };
    assert_eq!(names(&land), ["Hit 3", "You 3", "Hit 4", "Others 4"]);
    assert_eq!(names(&json_land), ["Hit 3", "Others 3", "Hit 4", "Others 4"]);
}

#[tokio::test(start_paused = true)]
async fn clients_with_the_schema_are_told_by_numbers() {
    let world = World::new(LandConfig::default(), json!({}));
    let mut ada = world.dial("encoding=opcode");
    let lands = world.matchmaker.clone();
    let schema: Json = serde_json::from_slice(&lands.land_schema().unwrap()).unwrap();
    let join = json!({ "landType": "field", "playerID": "ada",
        "metadata": { "schemaHash": schema["schemaHash"] } });
    ada.join(&join).await.unwrap();
    ada.first_sync().await;
    ada.event("hit", &json!({ "whom": "bob", "by": 3 }));
    ada.listen(60).await;
    let number = &schema["lands"]["field"]["eventHashes"]["Hit"];
    assert!(ada.heard.contains(&(number.to_string(), json!([3, "bob"]))), "{:?}", ada.heard);
    assert!(schema["lands"]["meadow"].is_object());
    let mut eve = world.dial("encoding=opcode");
    let join = json!({ "landType": "field", "metadata": { "schemaHash": "other" } });
    eve.join(&join).await.unwrap();
    eve.first_sync().await;
    ada.event("Edit", &json!({ "edits": [["cat", 3]] }));
    eve.listen(60).await;
    let text = String::from_utf8(eve.frames.last().unwrap().to_vec()).unwrap();
    assert!(text.contains("/units/cat"), "without hashes: {text}");
}

#[tokio::test(start_paused = true)]
async fn what_is_said_to_all_is_written_once() {
    let world = World::new(LandConfig::default(), json!({}));
    let mut guests = Vec::new();
    for player in 0..20 {
        guests.push(world.join(Profile::MessagePack, &format!("p{player}")).await);
    }
    for guest in &mut guests {
        guest.listen(60).await;
        guest.frames.clear();
    }
    guests[3].event("Edit", &json!({ "edits": [["p1", 5], ["p2", 6]] }));
    for guest in &mut guests {
        guest.listen(60).await;
    }
    let frame = &guests[0].frames[0];
    for guest in &guests {
        assert_eq!(guest.frames.len(), 1, "one frame for the state and the event");
        assert_eq!(guest.frames[0].as_ptr(), frame.as_ptr(), "the same bytes, not equal ones");
        assert_eq!(guest.heard.last().unwrap().0, "Edited");
    }
}

/// The numbers of a test.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % end
    }
}

/// Whether a key is one of the edits'. Session ids, which are keys too, are longer.
fn is_unit(key: &str) -> bool {
    key.starts_with('u') && key.len() < 4
}

#[tokio::test(start_paused = true)]
async fn both_kinds_of_client_agree_for_a_thousand_ticks() {
    let world = World::new(LandConfig::default(), json!({}));
    let mut dice = Dice(7);
    let mut model: BTreeMap<String, (i32, Vec<i32>)> = BTreeMap::new();
    let mut room = world.seat(json!({ "name": "room" })).await;
    let mut decoder = Decoder::<Field>::new();
    let first = room.settle().await;
    decoder.apply(&first[1..]).unwrap();
    let mut lands: Vec<LandGuest> = Vec::new();
    for profile in Profile::ALL {
        lands.push(world.join(profile, &format!("player-{}", profile.name())).await);
    }
    for tick in 0..1000 {
        let mut edits: Vec<Edit> = Vec::new();
        for _ in 0..dice.below(5) {
            let key = format!("u{}", dice.below(30));
            let health = (dice.below(4) > 0).then(|| dice.below(50) as i32);
            match health {
                None => drop(model.remove(&key)),
                Some(health) => match model.get_mut(&key) {
                    None => drop(model.insert(key.clone(), (health, Vec::new()))),
                    Some((held, marks)) => {
                        *held = health;
                        marks.push(health);
                        if marks.len() > 3 {
                            marks.remove(0);
                        }
                    }
                },
            }
            edits.push((key, health));
        }
        let editor = &lands[dice.below(lands.len() as u64) as usize];
        editor.event("Edit", &json!({ "edits": edits }));
        // Some leave, and join again, late.
        if tick % 90 == 50 {
            let at = dice.below(4) as usize;
            let profile = Profile::ALL[at];
            lands[at].end.close(1000);
            lands[at].listen(60).await;
            let mut late = world.join(profile, &format!("player-{}", profile.name())).await;
            late.listen(0).await;
            lands[at] = late;
        }
        tokio::time::sleep(Duration::from_millis(51)).await;
        for land in &mut lands {
            land.listen(0).await;
        }
        while let Some(Delivery::Frame(frame)) = room.end.try_receive() {
            if frame[0] == code::ROOM_STATE_PATCH {
                decoder.apply(&frame[1..]).unwrap();
            }
        }
        let mut expected: BTreeMap<String, Json> = BTreeMap::new();
        for (key, (health, marks)) in &model {
            let unit = json!({ "name": key, "health": health, "marks": marks });
            expected.insert(key.clone(), unit);
        }
        for land in &lands {
            let mut units = land.state()["units"].take();
            let units = units.as_object_mut().unwrap();
            units.retain(|key, _| is_unit(key));
            let found: BTreeMap<_, _> = units.clone().into_iter().collect();
            assert_eq!(found, expected, "tick {tick}");
        }
        let state = decoder.state();
        let held = state.units.iter().filter(|(key, _)| is_unit(key));
        let found: BTreeMap<String, Json> = held
            .map(|(key, unit)| {
                let marks: Vec<i32> = unit.marks.iter().copied().collect();
                let unit = json!({ "name": unit.name, "health": unit.health, "marks": marks });
                (key.to_owned(), unit)
            })
            .collect();
        assert_eq!(found, expected, "tick {tick}");
        assert_eq!(Some(&json!(state.round)), lands[0].state().get("round"));
    }
    let late = world.join(Profile::MessagePack, "late").await;
    assert_eq!(late.state()["units"].as_object().unwrap().len(), model.len() + 6);
}

#[tokio::test(start_paused = true)]
async fn whatever_clients_send_the_land_goes_on() {
    let world = World::new(LandConfig::default(), json!({}));
    let mut dice = Dice(11);
    let mut ada = world.join(Profile::Opcode, "ada").await;
    let eve = world.join(Profile::MessagePack, "eve").await;
    let door = world.dial("token=nonsense&encoding=%00");
    let seeds: [&[u8]; 4] = [
        br#"{"kind":"action","payload":{"requestID":"action-1","typeIdentifier":"Heal","payload":{}}}"#,
        br#"[103,0,"Edit",{"edits":[["ada",1]]}]"#,
        b"\x94\x65\xa8action-2\xa4Heal\x82\xa2by\xcb\x7f\xf0\0\0\0\0\0\0\xa4whom\xa0",
        br#"[104,"join-1","field",null,"mallory",null,{"name":"m"}]"#,
    ];
    for _ in 0..600 {
        let mut frame = seeds[dice.below(4) as usize].to_vec();
        for _ in 0..dice.below(6) {
            let at = dice.below(frame.len() as u64) as usize;
            frame[at] = dice.below(256) as u8;
        }
        frame.truncate(1 + dice.below(frame.len() as u64) as usize);
        eve.end.send(frame.clone());
        door.end.send(frame);
    }
    eve.end.send(vec![b'['; 4000]);
    eve.end.send(vec![0x91; 4000]);
    ada.listen(200).await;
    ada.action("Heal", &json!({ "whom": "", "by": 1 }));
    ada.listen(60).await;
    assert!(matches!(ada.answers.last(), Some(Message::ActionResponse { .. })));
}
