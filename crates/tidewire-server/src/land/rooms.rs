//! How clients of lands find their rooms.

use std::sync::{Arc, PoisonError};

use serde_json::{Map, Value};
use tidewire_opcode::{Encoding, Fault, FaultCode, JoinRequest};

use crate::matchmaker::{Entry, Matchmaker};
use crate::options::Options;
use crate::record::{NoSeat, Record, Reservation};
use crate::room::AuthRequest;

use super::Lands;

/// The option by which a room is the instance of a land.
pub(crate) const INSTANCE: &str = "landInstanceId";

/// A place in a room, for a client of a land.
pub(crate) struct Place {
    pub(crate) record: Arc<Record>,
    pub(crate) reservation: Reservation,
    pub(crate) instance: Arc<str>,
}

impl Matchmaker {
    /// What there is to say of lands.
    pub(crate) fn lands(&self) -> Arc<Lands> {
        Arc::clone(&self.lands.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Finds or makes the land that a client asks for, and takes a place there.
    pub(crate) async fn place(
        &self,
        join: &JoinRequest,
        mut request: AuthRequest,
        create_instances: bool,
    ) -> Result<Place, Fault> {
        let denied = |message: String| Fault::new(FaultCode::JoinDenied, message);
        self.refuse_in_shutdown().map_err(|refusal| denied(refusal.message))?;
        let entry = self.entry(&join.land_type).ok().filter(|entry| entry.definition.is_land());
        let entry = entry.ok_or_else(|| {
            let message = format!("there is no land of the type {:?}", &*join.land_type);
            Fault::new(FaultCode::JoinLandTypeNotFound, message)
        })?;
        if join.instance.as_ref().is_some_and(|instance| instance.len() > LONGEST_INSTANCE) {
            let message = format!("a land's instance may have {LONGEST_INSTANCE} bytes");
            return Err(denied(message));
        }
        request.options = options(join);
        let authenticated = self.authenticate(&entry, request).await;
        let reservation = authenticated.map_err(|refusal| denied(refusal.message))?;
        if let Some(record) = self.take_place(&entry, join, &reservation)? {
            return Ok(Place::new(record, reservation));
        }
        if let Some(instance) = &join.instance
            && let Some(other) = self.registry().room(instance)
            && *other.name != *join.land_type
        {
            let message = format!("{instance:?} is a room of the type {:?}", &*other.name);
            return Err(Fault::new(FaultCode::JoinLandIdMismatch, message));
        }
        let creating = entry.creating.lock().await;
        if let Some(record) = self.take_place(&entry, join, &reservation)? {
            return Ok(Place::new(record, reservation));
        }
        if let Some(instance) = &join.instance
            && !create_instances
        {
            let message = format!("there is no instance {instance:?} of {:?}", &*join.land_type);
            return Err(Fault::new(FaultCode::JoinRoomNotFound, message));
        }
        let made = self.make(&entry, &reservation.options, None).await;
        let record = made.map_err(|refusal| denied(refusal.message))?;
        drop(creating);
        record.take_place(&join.player, self.now()).map_err(|no_seat| fault(no_seat, join))?;
        Ok(Place::new(record, reservation))
    }

    /// Takes a place in a land that there is: the one that the client names, the one that its player is in, or any
    /// that is open.
    fn take_place(
        &self,
        entry: &Entry,
        join: &JoinRequest,
        reservation: &Reservation,
    ) -> Result<Option<Arc<Record>>, Fault> {
        let now = self.now();
        let Some(instance) = &join.instance else {
            let conditions = entry.definition.conditions(&reservation.options);
            let take = |record: &Arc<Record>, is_theirs: bool| {
                let is_open = {
                    let mut shared = record.lock();
                    shared.seats.expire(now);
                    let is_open = match is_theirs {
                        true => shared.players.contains(&*join.player) && shared.fits(&conditions),
                        false => shared.is_open_to(&conditions),
                    };
                    // One that was asked for by name is for those who ask for it by name.
                    is_open && !shared.filter.contains_key(INSTANCE)
                };
                (is_open && record.take_place(&join.player, now).is_ok())
                    .then(|| Arc::clone(record))
            };
            // The one that the player is in already, though it be full.
            let theirs = self.registry().find(&join.land_type, |record| take(record, true));
            let any = || self.registry().find(&join.land_type, |record| take(record, false));
            return Ok(theirs.or_else(any));
        };
        let named =
            |record: &Arc<Record>| (instance_of(record) == *instance).then(|| Arc::clone(record));
        let Some(record) = self.registry().find(&join.land_type, named) else {
            return Ok(None);
        };
        match record.take_place(&join.player, now) {
            Ok(()) => Ok(Some(record)),
            Err(NoSeat::Ended) => Ok(None),
            Err(no_seat) => Err(fault(no_seat, join)),
        }
    }
}

impl Place {
    fn new(record: Arc<Record>, reservation: Reservation) -> Self {
        let instance = instance_of(&record);
        Self { record, reservation, instance }
    }
}

/// Which instance of its kind a room is: the one that clients asked for, or else its id.
fn instance_of(record: &Record) -> Arc<str> {
    let shared = record.lock();
    shared
        .filter
        .get(INSTANCE)
        .and_then(Value::as_str)
        .map_or_else(|| record.id().into(), Arc::from)
}

fn fault(no_seat: NoSeat, join: &JoinRequest) -> Fault {
    let land = &*join.land_type;
    match no_seat {
        NoSeat::Full => Fault::new(FaultCode::JoinRoomFull, format!("the land {land:?} is full")),
        NoSeat::Locked => {
            Fault::new(FaultCode::JoinDenied, format!("the land {land:?} lets nobody in"))
        }
        NoSeat::Ended => {
            Fault::new(FaultCode::JoinRoomNotFound, format!("the land {land:?} has ended"))
        }
    }
}

/// The options of the join, as hooks of the room get them.
fn options(join: &JoinRequest) -> Options {
    let metadata = serde_json::from_slice(&join.metadata.encode(Encoding::JsonObject));
    let mut options: Map<String, Value> = metadata.unwrap_or_default();
    let known = [
        ("playerID", Some(join.player.as_ref().into())),
        ("deviceID", join.device.as_deref().map(Value::from)),
        ("isGuest", join.is_guest.then_some(Value::Bool(true))),
        (INSTANCE, join.instance.as_deref().map(Value::from)),
    ];
    for (name, value) in known {
        match value {
            Some(value) => drop(options.insert(name.to_owned(), value)),
            None => drop(options.remove(name)),
        }
    }
    options.into()
}

/// Bytes of the longest name of an instance.
const LONGEST_INSTANCE: usize = 128;
