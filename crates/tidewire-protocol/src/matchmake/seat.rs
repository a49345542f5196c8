use serde::Serialize;
use serde_json::{Value, json};

use crate::Timestamp;

/// Which layout of the seat a client reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Generation {
    /// `room.roomId` and so on: colyseus.js 0.16 and Defold. They get a plain reflection.
    Nested016,
    /// `roomId` at the top: everybody since 0.17. They get the polyglot one.
    Flat,
}

impl Generation {
    /// Tells it from the process id that a client dials ([`Dial::process_id`](crate::url::Dial::process_id)): the seat
    /// gives two, one in each layout.
    ///
    /// ```
    /// use tidewire_protocol::matchmake::{Generation, nested_process_id};
    /// assert_eq!(Generation::of_process_id("p1"), Generation::Flat);
    /// assert_eq!(Generation::of_process_id(&nested_process_id("p1")), Generation::Nested016);
    /// ```
    #[must_use]
    pub fn of_process_id(process_id: &str) -> Self {
        if process_id.ends_with(NESTED) { Self::Nested016 } else { Self::Flat }
    }
}

/// The process id as it stands in the nested part of a seat.
#[must_use]
pub fn nested_process_id(process_id: &str) -> String {
    format!("{process_id}{NESTED}")
}

/// What marks the nested process id. Characters that a path may have as they are; too long to come up in a random id.
const NESTED: &str = "-nested";

/// A room as listings show it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listing {
    /// The name under which it was defined.
    pub name: String,
    /// Its id.
    pub room_id: String,
    /// The id of the process that it lives in.
    pub process_id: String,
    /// Where clients reach that process, when it is not the address that they asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_address: Option<String>,
    /// Clients and reserved seats.
    pub clients: usize,
    /// The limit on them; `None` (in JSON `null`) when there is none.
    pub max_clients: Option<usize>,
    /// Whether nobody can join.
    pub locked: bool,
    /// Whether one can join by id only.
    pub private: bool,
    /// Whether it is left out of listings.
    pub unlisted: bool,
    /// When it was created.
    #[serde(serialize_with = "iso")]
    pub created_at: Timestamp,
    /// What the room says about itself.
    pub metadata: Value,
}

/// The answer to a matchmaking request that was granted, `application/json` with status 200.
#[derive(Clone, Debug, PartialEq)]
pub struct SeatReservation<'a> {
    /// The room.
    pub room: &'a Listing,
    /// The session that has a seat there now.
    pub session_id: &'a str,
}

impl SeatReservation<'_> {
    /// The JSON that every generation of clients finds its fields in: flat, and nested under `room`.
    #[must_use]
    pub fn to_json(&self) -> String {
        let Self { room, session_id } = *self;
        let mut seat = json!({
            "name": room.name,
            "roomId": room.room_id,
            "processId": room.process_id,
            "sessionId": session_id,
            "room": room,
        });
        seat["room"]["processId"] = nested_process_id(&room.process_id).into();
        if let Some(address) = &room.public_address {
            seat["publicAddress"] = address.as_str().into();
        }
        seat.to_string()
    }
}

fn iso<S: serde::Serializer>(moment: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(moment)
}
