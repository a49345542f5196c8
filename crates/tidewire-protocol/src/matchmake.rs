//! Matchmaking over HTTP: requests, the seat that answers them, and refusals.
//!
//! ```
//! use tidewire_protocol::matchmake::{self, Method, Refusal};
//!
//! let request = matchmake::route("/game/matchmake/joinOrCreate/arena")?.expect("a matchmaking path");
//! assert_eq!((request.method, request.target.as_ref()), (Method::JoinOrCreate, "arena"));
//! assert_eq!(matchmake::options(b"[]")?, serde_json::Map::new());
//!
//! let refusal = Refusal::no_handler("arena");
//! assert_eq!(refusal.status(), 520);
//! assert_eq!(refusal.to_json(), r#"{"code":520,"error":"provided room name \"arena\" not defined"}"#);
//! # Ok::<(), Refusal>(())
//! ```

mod refusal;
mod request;
mod seat;

pub use refusal::{Refusal, code};
pub use request::{
    CORS_HEADERS, Method, Options, Request, allow_origin, options, reconnection_token, route,
};
pub use seat::{Generation, Listing, SeatReservation, nested_process_id};
