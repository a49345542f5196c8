//! Seats and sessions: their rules one by one.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use tidewire_protocol::close;
use tidewire_protocol::frame::{ClientFrame, MessageType};
use tidewire_protocol::session::{
    Phase, QueueFull, Received, SeatError, Seats, Session, SessionConfig,
};

const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

#[test]
fn a_seat_is_good_once() {
    let mut seats = Seats::new();
    seats.reserve("ada", 1, seconds(15)).unwrap();
    assert_eq!(seats.consume("eve", None, seconds(1)), Err(SeatError::Expired));
    assert_eq!(seats.consume("ada", None, seconds(1)), Ok(1));
    assert_eq!(seats.consume("ada", None, seconds(1)), Err(SeatError::Consumed));
    assert_eq!(seats.consume("ada", None, seconds(15)), Err(SeatError::Expired));
    assert_eq!(seats.reserved(), 0);
}

#[test]
fn a_seat_expires() {
    let mut seats = Seats::new();
    seats.reserve("ada", 1, seconds(15)).unwrap();
    seats.reserve("bob", 2, seconds(20)).unwrap();
    seats.reserve("cyd", 3, seconds(15)).unwrap();
    assert_eq!(seats.consume("cyd", None, seconds(0)), Ok(3));
    assert_eq!(seats.next_expiry(), Some(seconds(15)));
    assert_eq!(seats.expire(Duration::from_millis(14_999)), []);
    assert_eq!(seats.consume("ada", None, seconds(15)), Err(SeatError::Expired));
    assert_eq!(seats.expire(seconds(15)), [("ada".to_owned(), 1)]);
    assert_eq!((seats.reserved(), seats.next_expiry()), (1, Some(seconds(20))));
    assert_eq!(seats.expire(Duration::MAX), [("bob".to_owned(), 2)]);
    assert_eq!((seats.reserved(), seats.next_expiry()), (0, None));
}

#[test]
fn seats_count_toward_the_limit() {
    let mut seats = Seats::new();
    assert!(!seats.is_full(usize::MAX, None));
    assert!(!seats.is_full(1, Some(2)));
    seats.reserve("ada", (), seconds(15)).unwrap();
    assert!(seats.is_full(1, Some(2)));
    seats.consume("ada", None, seconds(1)).unwrap();
    assert!(
        !seats.is_full(1, Some(2)),
        "a client that took its seat is counted as a client, not twice"
    );
    assert!(seats.is_full(0, Some(0)));
}

#[test]
fn one_seat_a_session() {
    let mut seats = Seats::new();
    seats.reserve("ada", 1, seconds(15)).unwrap();
    assert_eq!(seats.reserve("ada", 2, seconds(15)), Err(SeatError::Taken));
    assert_eq!(seats.cancel("ada"), Some(1));
    assert_eq!(seats.cancel("ada"), None);
    seats.reserve("ada", 3, seconds(15)).unwrap();
    assert_eq!(seats.consume("ada", None, seconds(1)), Ok(3));
    assert_eq!(seats.cancel("ada"), None, "nothing is left of a consumed seat");
    assert_eq!(seats.reserved(), 0);
}

#[test]
fn a_held_seat_needs_its_token() {
    let mut seats = Seats::new();
    seats.hold("ada", "t0ken", 1, seconds(15)).unwrap();
    assert_eq!(seats.reserved(), 1);
    for token in [None, Some(""), Some("t0ken "), Some("T0ken")] {
        assert_eq!(seats.consume("ada", token, seconds(1)), Err(SeatError::BadToken), "{token:?}");
    }
    assert_eq!(seats.consume("ada", Some("t0ken"), seconds(1)), Ok(1));
    assert_eq!(SeatError::BadToken.close_code(Some("x")), close::FAILED_TO_RECONNECT);
    assert_eq!(SeatError::Expired.close_code(None), close::WITH_ERROR);
    assert_eq!(SeatError::Expired.to_string(), "seat reservation expired.");
}

#[test]
fn nothing_is_heard_before_join_room() {
    let mut session = Session::<Vec<u8>>::new(SessionConfig::default());
    let message = ClientFrame::Data { message_type: MessageType::Text("a"), payload: &[] };
    for frame in [ClientFrame::Ack, ClientFrame::Leave, ClientFrame::Ping, message] {
        assert_eq!(session.receive(frame), Received::Ignored);
    }
    assert_eq!(session.phase(), Phase::Joining);
    session.handshake_sent(seconds(1));
    assert_eq!(
        session.receive(message),
        Received::Message(message),
        "a message may overtake nothing, but come first"
    );
    assert_eq!(session.receive(ClientFrame::Ping), Received::Ping);
    assert!(!session.wants_snapshot() && !session.takes_patches());
}

#[test]
fn the_ack_counts_once() {
    let mut session = Session::<Vec<u8>>::new(SessionConfig::default());
    session.handshake_sent(seconds(1));
    assert_eq!(session.receive(ClientFrame::Ack), Received::Acked);
    assert_eq!(session.receive(ClientFrame::Ack), Received::Ignored);
    assert!(session.wants_snapshot());
    assert_eq!(session.snapshot_sent(), Vec::<Vec<u8>>::new());
    assert_eq!(session.receive(ClientFrame::Ack), Received::Ignored);
    assert!(session.takes_patches());
    session.handshake_sent(seconds(2));
    assert_eq!(session.phase(), Phase::Joined);
    assert_eq!(session.receive(ClientFrame::Unsupported { code: 19 }), Received::Ignored);
}

#[test]
fn the_ack_may_not_take_forever() {
    let mut session = Session::<Vec<u8>>::new(SessionConfig {
        ack_timeout: seconds(5),
        ..SessionConfig::default()
    });
    assert!(!session.is_overdue(seconds(1_000)), "on_join may take as long as it takes");
    session.handshake_sent(seconds(10));
    assert!(!session.is_overdue(Duration::from_millis(14_999)));
    assert!(session.is_overdue(seconds(15)));
    session.receive(ClientFrame::Ack);
    assert!(!session.is_overdue(seconds(1_000)));
}

#[test]
fn what_waits_is_bounded() {
    let mut session = Session::new(SessionConfig { queue_bytes: 200, ..SessionConfig::default() });
    assert_eq!(session.send(vec![1; 36]), Ok(None));
    assert_eq!(session.send(vec![2; 36]), Ok(None));
    assert_eq!(session.send(vec![3]), Err(QueueFull { bytes: 265, limit: 200 }));
    session.handshake_sent(seconds(1));
    session.receive(ClientFrame::Ack);
    assert_eq!(session.snapshot_sent(), [vec![1; 36], vec![2; 36]]);
    assert_eq!(
        session.send(vec![4; 1_000]),
        Ok(Some(vec![4; 1_000])),
        "what does not wait is not bounded"
    );
    session.resync();
    assert_eq!(session.send(vec![5; 100]), Ok(None), "the bound starts anew");
}

#[test]
fn a_client_that_fell_behind_starts_from_a_snapshot() {
    let mut session = Session::new(SessionConfig::default());
    session.resync();
    assert_eq!(session.phase(), Phase::Joining);
    session.handshake_sent(seconds(1));
    session.receive(ClientFrame::Ack);
    assert!(session.snapshot_sent().is_empty());
    session.resync();
    assert!(session.wants_snapshot() && !session.takes_patches());
    assert_eq!(session.send(vec![1]), Ok(None));
    assert_eq!(session.snapshot_sent(), [vec![1]]);
    assert_eq!(session.snapshot_sent(), Vec::<Vec<u8>>::new());
}

#[test]
fn who_leaves_is_sent_nothing() {
    let mut session = Session::new(SessionConfig::default());
    session.handshake_sent(seconds(1));
    session.send(vec![1]).unwrap();
    assert_eq!(session.receive(ClientFrame::Leave), Received::Leave);
    assert_eq!(session.send(vec![2]), Ok(None));
    for frame in [ClientFrame::Ack, ClientFrame::Leave, ClientFrame::Ping] {
        assert_eq!(session.receive(frame), Received::Ignored);
    }
    assert!(
        session.snapshot_sent().is_empty() && !session.wants_snapshot() && !session.takes_patches()
    );
}

#[test]
fn close_codes_that_can_be_sent() {
    for code in [1000, 1001, 1009, 1011, 3000, 4000, 4001, 4002, 4003, 4010, 4100, 4999] {
        assert_eq!(close::sendable(code), code);
    }
    for code in [0, 999, 1004, 1005, 1006, 1015, 5000, u16::MAX] {
        assert_eq!(close::sendable(code), close::CONSENTED, "{code}");
    }
    let drops: Vec<_> = (1000..5000).filter(|code| close::is_drop(*code)).collect();
    assert_eq!(drops, [1001, 1005, 1006, 4010]);
}
