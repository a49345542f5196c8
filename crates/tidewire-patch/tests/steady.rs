//! Ticks that change what is there allocate nothing.
#![expect(clippy::unwrap_used, reason = "a test may")]

use tidewire_patch::{Config, LightEncoder, MpackEncoder, PatchpackDecoder, PatchpackEncoder};
use tidewire_state::{MapSchema, Schema, Tracked};

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Player {
    x: f32,
    hp: u16,
    name: String,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Arena {
    round: u32,
    players: MapSchema<Player>,
}

#[test]
fn a_steady_tick_allocates_nothing() {
    let mut arena = Tracked::new(Arena::default());
    let mut mpack = MpackEncoder::new(&arena, Config::default());
    let mut light = LightEncoder::new(&arena, Config::default()).unwrap();
    let mut patchpack = PatchpackEncoder::new(&arena, Config::default());
    let keys: Vec<String> = (0..100).map(|index| format!("player {index}")).collect();
    for key in &keys {
        arena.players.insert(key.as_str(), Player::default());
    }
    let mut sent = 0;
    let mut tick = |arena: &mut Tracked<Arena>, round: u32| {
        arena.round = round;
        for key in &keys {
            let player = arena.players.get_mut(key).unwrap();
            player.x += 0.5;
            player.hp = round as u16;
            player.name.clear();
            player.name.push(char::from(b'a' + (round % 26) as u8));
        }
        let visitors: &mut [&mut dyn tidewire_state::Visitor] =
            &mut [&mut mpack, &mut light, &mut patchpack];
        arena.sync(visitors);
        sent += mpack.last_patch().len() + light.last_patch().len() + patchpack.last_patch().len();
    };
    (1..4).for_each(|round| tick(&mut arena, round));
    let counted = allocation_counter::measure(|| tick(&mut arena, 4));
    assert_eq!(counted.count_total, 0);
    // The first tick is told to nobody.
    assert_eq!(sent, 3 * 3 * 301);

    let (mut decoder, _) = PatchpackDecoder::from_state(&patchpack.snapshot()).unwrap();
    arena.players.get_mut("player 7").unwrap().hp = 9;
    let messages = patchpack.patch(&mut arena);
    let mut patch = decoder.patch(&messages[0]).unwrap();
    let counted = allocation_counter::measure(|| {
        decoder.patch_into(&messages[0], &mut patch).unwrap();
    });
    assert_eq!((counted.count_total, patch.path.to_string()), (0, "/players/player 7/hp".into()));
}

#[test]
fn a_decoder_that_shrank_holds_less_and_reads_on() {
    let mut arena = Tracked::new(Arena::default());
    let mut encoder = PatchpackEncoder::new(&arena, Config::default());
    for index in 0..100 {
        arena.players.insert(format!("player {index}"), Player::default());
    }
    encoder.patch(&mut arena);
    let (mut decoder, state) = PatchpackDecoder::from_state(&encoder.snapshot()).unwrap();
    let before = state.to_json();
    let kept = allocation_counter::measure(|| decoder.shrink());
    // The state that was returned has its memory as long as somebody holds it.
    assert_eq!(state.to_json(), before);
    let freed = allocation_counter::measure(|| drop(state));
    assert!(kept.bytes_current + freed.bytes_current < 0, "{kept:?} {freed:?}");

    arena.players.insert("late", Player { hp: 7, ..Player::default() });
    arena.players.remove("player 3");
    arena.players.get_mut("player 99").unwrap().hp = 9;
    let read = encoder.patch(&mut arena).iter().map(|bytes| decoder.patch(bytes).unwrap());
    let read: Vec<String> = read.map(|patch| patch.to_json().to_string()).collect();
    assert_eq!(read.len(), 3);
    assert!(read.contains(&r#"{"op":"remove","path":"/players/player 3"}"#.to_owned()), "{read:?}");
    assert!(
        read.contains(&r#"{"op":"replace","path":"/players/player 99/hp","value":9}"#.to_owned()),
        "{read:?}"
    );
}
