//! A whole room in virtual time: clients that join whenever they like, over networks of any latency, each see every change
//! once and every message in order.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use tidewire_protocol::frame::{self, Handshake, Serializer, code};
use tidewire_protocol::msgpack;
use tidewire_protocol::primitive::Reader;
use tidewire_protocol::session::{Received, Seats, Session, SessionConfig};
use tidewire_protocol::url::{self, Target};

/// A client, as a test case describes it. Times are in milliseconds.
#[derive(Clone, Debug)]
struct Plan {
    reserves_at: u64,
    /// After its seat was reserved.
    dials_after: u64,
    /// How long `on_join` takes.
    joins_for: u64,
    /// One way.
    latency: u64,
    /// How long it thinks before it acks.
    acks_after: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Tick,
    Broadcast,
    Reserve(usize),
    Dial(usize),
    OnJoinReturned(usize),
    AtServer(usize, Vec<u8>),
    AtClient(usize, Vec<u8>),
}

/// The state is a counter that every tick raises by one. A snapshot holds it, a patch the number that it becomes.
struct World {
    now: u64,
    /// By time, then in order of posting: a connection does not reorder.
    events: BinaryHeap<Reverse<(u64, u64, Event)>>,
    posted: u64,
    plans: Vec<Plan>,
    seats: Seats<usize>,
    sessions: Vec<Option<Session<Vec<u8>>>>,
    counter: u64,
    broadcasts: u64,
    /// What each client saw.
    seen: Vec<Vec<Vec<u8>>>,
    acked_at: Vec<Option<usize>>,
    refused: Vec<usize>,
}

const TICK: u64 = 50;
const BROADCAST: u64 = 17;
const SEAT: u64 = 1_000;
const END: u64 = 4_000;

impl World {
    fn new(plans: Vec<Plan>) -> Self {
        let count = plans.len();
        let mut world = Self {
            now: 0,
            events: BinaryHeap::new(),
            posted: 0,
            plans,
            seats: Seats::new(),
            sessions: (0..count).map(|_| None).collect(),
            counter: 0,
            broadcasts: 0,
            seen: vec![Vec::new(); count],
            acked_at: vec![None; count],
            refused: Vec::new(),
        };
        world.post(0, Event::Tick);
        world.post(0, Event::Broadcast);
        for client in 0..count {
            world.post(world.plans[client].reserves_at, Event::Reserve(client));
        }
        world
    }

    fn post(&mut self, after: u64, event: Event) {
        self.posted += 1;
        self.events.push(Reverse((self.now + after, self.posted, event)));
    }

    fn run(mut self) -> Self {
        while let Some(Reverse((at, _, event))) = self.events.pop() {
            self.now = at;
            self.handle(event);
        }
        self
    }

    fn handle(&mut self, event: Event) {
        let now = Duration::from_millis(self.now);
        match event {
            Event::Tick => self.tick(),
            Event::Broadcast => {
                self.broadcasts += 1;
                let mut message = Vec::new();
                frame::room_data(
                    &mut message,
                    "n".into(),
                    &msgpack::to_vec(&self.broadcasts).unwrap(),
                );
                for client in 0..self.plans.len() {
                    if let Some(frame) = self.sessions[client]
                        .as_mut()
                        .and_then(|s| s.send(message.clone()).unwrap())
                    {
                        self.deliver(client, frame);
                    }
                }
                if self.now < END {
                    self.post(BROADCAST, Event::Broadcast);
                }
            }
            Event::Reserve(client) => {
                self.seats
                    .reserve(&client.to_string(), client, now + Duration::from_millis(SEAT))
                    .unwrap();
                self.post(self.plans[client].dials_after, Event::Dial(client));
            }
            Event::Dial(client) => {
                let Target::Room(dial) =
                    url::parse(&format!("/p/room?sessionId={client}")).unwrap()
                else {
                    panic!("no room")
                };
                match self.seats.consume(&dial.session_id, None, now) {
                    Ok(client) => {
                        self.sessions[client] = Some(Session::new(SessionConfig::default()));
                        self.post(self.plans[client].joins_for, Event::OnJoinReturned(client));
                    }
                    Err(_) => self.refused.push(client),
                }
            }
            Event::OnJoinReturned(client) => {
                let mut out = Vec::new();
                frame::join_room(&mut out, "token", Serializer::Schema, Handshake::Skip).unwrap();
                self.sessions[client].as_mut().unwrap().handshake_sent(now);
                self.deliver(client, out);
            }
            Event::AtServer(client, bytes) => {
                let frame = frame::parse(&bytes).unwrap();
                assert_eq!(self.sessions[client].as_mut().unwrap().receive(frame), Received::Acked);
            }
            Event::AtClient(client, bytes) => {
                if bytes[0] == code::JOIN_ROOM {
                    let Plan { acks_after, latency, .. } = self.plans[client];
                    self.acked_at[client] = Some(self.seen[client].len());
                    self.post(acks_after + latency, Event::AtServer(client, vec![code::JOIN_ROOM]));
                }
                self.seen[client].push(bytes);
            }
        }
    }

    /// The patch goes to those who have their snapshot, then a snapshot to those who wait for it.
    fn tick(&mut self) {
        self.counter += 1;
        for client in 0..self.plans.len() {
            let Some(session) = self.sessions[client].as_mut() else { continue };
            let mut out = Vec::new();
            let mut then = Vec::new();
            if session.takes_patches() {
                frame::room_state_patch(&mut out, &self.counter.to_le_bytes());
            } else if session.wants_snapshot() {
                frame::room_state(&mut out, &self.counter.to_le_bytes());
                then = session.snapshot_sent();
            } else {
                continue;
            }
            self.deliver(client, out);
            for frame in then {
                self.deliver(client, frame);
            }
        }
        self.seats.expire(Duration::from_millis(self.now));
        if self.now < END {
            self.post(TICK, Event::Tick);
        }
    }

    fn deliver(&mut self, client: usize, bytes: Vec<u8>) {
        self.post(self.plans[client].latency, Event::AtClient(client, bytes));
    }
}

/// Checks what one client saw; how many patches that were.
fn check(seen: &[Vec<u8>], counter: u64, broadcasts: u64) -> usize {
    let codes: Vec<_> = seen.iter().map(|frame| frame[0]).collect();
    assert_eq!(codes.first(), Some(&code::JOIN_ROOM));
    assert_eq!(
        codes.get(1),
        Some(&code::ROOM_STATE),
        "nothing comes between the handshake and the state"
    );
    let mut state = u64::from_le_bytes(seen[1][1..].try_into().unwrap());
    let mut message = None;
    let mut patches = 0;
    for frame in &seen[2..] {
        match frame[0] {
            code::ROOM_STATE_PATCH => {
                state += 1;
                patches += 1;
                assert_eq!(
                    frame[1..],
                    state.to_le_bytes(),
                    "no change is missed, and none comes twice"
                );
            }
            code::ROOM_DATA => {
                let mut reader = Reader::new(&frame[1..]);
                assert_eq!(reader.string(), Ok("n"));
                let number: u64 = msgpack::from_payload(reader.rest()).unwrap();
                assert!(
                    message.is_none_or(|last| number == last + 1),
                    "message {number} after {message:?}"
                );
                message = Some(number);
            }
            code => panic!("frame code {code}"),
        }
    }
    assert_eq!((state, message), (counter, Some(broadcasts)), "all up to the end");
    patches
}

fn plan() -> impl Strategy<Value = Plan> {
    (0..1_000_u64, 0..1_200_u64, 0..300_u64, 0..400_u64, 0..200_u64).prop_map(
        |(reserves_at, dials_after, joins_for, latency, acks_after)| Plan {
            reserves_at,
            dials_after,
            joins_for,
            latency,
            acks_after,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn everybody_sees_everything_once(plans in vec(plan(), 1..6)) {
        let world = World::new(plans.clone()).run();
        for (client, plan) in plans.iter().enumerate() {
            let late = plan.dials_after >= SEAT;
            prop_assert_eq!(world.refused.contains(&client), late);
            if late {
                prop_assert!(world.seen[client].is_empty());
            } else {
                prop_assert_eq!(world.acked_at[client], Some(0));
                check(&world.seen[client], world.counter, world.broadcasts);
            }
        }
        prop_assert_eq!(world.seats.reserved(), 0);
    }
}

#[test]
fn messages_of_on_join_come_after_the_state() {
    // on_join takes six broadcasts' time; the client is far away.
    let plan =
        Plan { reserves_at: 10, dials_after: 0, joins_for: 100, latency: 200, acks_after: 0 };
    let world = World::new(vec![plan]).run();
    assert!(check(&world.seen[0], world.counter, world.broadcasts) > 50);
    // Reserved at 10, greeted at 110, acked at 510: the snapshot is that of the tick at 550, the 12th.
    assert_eq!(world.seen[0][1], [vec![code::ROOM_STATE], 12_u64.to_le_bytes().to_vec()].concat());
    // The first message is the one broadcast at 17, which is the second.
    assert_eq!(world.seen[0][2], [0x0d, 0xa1, b'n', 2]);
}
