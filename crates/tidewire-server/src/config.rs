//! The limits and delays of a server.

use std::time::Duration;

/// Limits and delays of a [`Server`](crate::Server). The defaults are those that Colyseus clients expect.
///
/// ```
/// use tidewire_server::Config;
///
/// let config = Config { max_frame_size: 64 * 1024, ..Config::default() };
/// assert_eq!(config.seat_timeout.as_secs(), 15);
/// ```
#[derive(Clone, Debug)]
pub struct Config {
    /// The largest frame a client may send, in bytes; a larger one closes its connection with 1009.
    pub max_frame_size: usize,
    /// The largest body of a matchmaking request, in bytes; a larger one is answered with 413.
    pub max_body_size: usize,
    /// How long a connection may take to send the head of a request, the first one or the next.
    pub header_timeout: Duration,
    /// How many messages a client may send within a second, or `None` for any number. More closes it with 4002.
    pub max_messages_per_second: Option<u32>,
    /// How long a seat waits for its client, and a new room for its first one.
    pub seat_timeout: Duration,
    /// How long a room that became empty is kept.
    pub empty_room_timeout: Duration,
    /// How often each connection is pinged.
    pub ping_interval: Duration,
    /// How many pings in a row may go unanswered; after that many the next one cuts the connection.
    pub max_missed_pings: u32,
    /// How many frames may wait for a client that reads slowly.
    pub max_queued_frames: usize,
    /// How many bytes may wait for a client that reads slowly. A frame larger than this passes when nothing else waits.
    pub max_queued_bytes: usize,
    /// The close code of a client for which too much waits.
    pub slow_client_close_code: u16,
    /// How long one write to a connection may take before it counts as dead.
    pub write_timeout: Duration,
    /// How long a client is given to answer a close frame before its connection is cut.
    pub close_timeout: Duration,
    /// How many frames of all clients of a room may wait for it; beyond that its connections are not read from.
    pub room_queue: usize,
    /// How long a shutdown waits for rooms to end.
    pub shutdown_timeout: Duration,
    /// The `publicAddress` told to clients: the host (and path) they dial instead of the one they asked for a seat.
    pub public_address: Option<String>,
    /// Whether the client's address is taken from `x-real-ip`, `x-forwarded-for` and `x-client-ip`. Anyone can send these, so
    /// set it only behind a proxy that overwrites them.
    pub trust_proxy_headers: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_frame_size: 4096,
            max_body_size: 64 * 1024,
            header_timeout: Duration::from_secs(30),
            max_messages_per_second: None,
            seat_timeout: Duration::from_secs(15),
            empty_room_timeout: Duration::from_secs(1),
            ping_interval: Duration::from_secs(3),
            max_missed_pings: 2,
            max_queued_frames: 4096,
            max_queued_bytes: 8 * 1024 * 1024,
            slow_client_close_code: tidewire_protocol::close::WITH_ERROR,
            write_timeout: Duration::from_secs(10),
            close_timeout: Duration::from_secs(3),
            room_queue: 1024,
            shutdown_timeout: Duration::from_secs(10),
            public_address: None,
            trust_proxy_headers: false,
        }
    }
}
