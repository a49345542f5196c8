//! What a land's events and actions are called, and which fields they have.

use std::{collections::BTreeMap, sync::Arc};

use super::{Knowledge, Profile};
use crate::{
    encode::Encoding,
    message::{Direction, Event, EventName},
    schema::Land,
    tree::Tree,
};

/// The names of a land, as its schema tells them.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// The number and the sorted names of the fields of each event of the server.
    events: BTreeMap<Arc<str>, (u32, Vec<Arc<str>>)>,
}

impl Catalog {
    /// The names of this land.
    pub fn new(land: &Land) -> Self {
        let events = land.event_fields().zip(1..).map(|((name, fields), number)| {
            let mut fields: Vec<Arc<str>> = fields.map(Arc::from).collect();
            fields.sort_unstable();
            (Arc::from(name), (number, fields))
        });
        Self { events: events.collect() }
    }

    /// An event of the server in the form that such clients read best.
    ///
    /// Clients with the schema read a number for its name and, in opcode arrays, its values without their
    /// names; a payload that has not just the fields of the schema goes out with names.
    pub fn event(
        &self,
        name: &str,
        payload: &Tree,
        profile: Profile,
        knowledge: Knowledge,
    ) -> Event {
        let known = self.events.get(name).filter(|_| {
            knowledge == Knowledge::Schema && profile.messages() != Encoding::JsonObject
        });
        let name = known
            .map_or_else(|| EventName::Name(name.into()), |(number, _)| EventName::Number(*number));
        let payload = match (known, payload) {
            (Some((_, fields)), Tree::Object(members)) if members.keys().eq(fields) => {
                payload.clone().into_tuple()
            }
            _ => payload.clone(),
        };
        Event { direction: Direction::FromServer, name, payload, raw_body: Tree::Null }
    }

    /// The handler's name that a client means: it may leave out or add `suffix`, name a whole type, and use any
    /// case.
    ///
    /// ```
    /// use tidewire_opcode::Catalog;
    /// let names = ["Play", "BuyUpgrade"];
    /// let find = |name| Catalog::find(name, "Action", &names);
    /// assert_eq!(find("Play"), Some("Play"));
    /// assert_eq!(find("GameContent.BuyUpgradeAction"), Some("BuyUpgrade"));
    /// assert_eq!(find("buyupgrade"), Some("BuyUpgrade"));
    /// assert_eq!(find("PLAYACTION"), Some("Play"));
    /// assert_eq!(find("Sell"), None);
    /// ```
    pub fn find<'a>(name: &str, suffix: &str, names: &[&'a str]) -> Option<&'a str> {
        let short = name.rsplit('.').next().unwrap_or(name);
        let wanted = bare(short, suffix);
        let find = |is_it: &dyn Fn(&'a str) -> bool| names.iter().copied().find(|name| is_it(name));
        find(&|candidate| candidate == name)
            .or_else(|| find(&|candidate| candidate == short))
            .or_else(|| find(&|candidate| bare(candidate, suffix) == wanted))
            .or_else(|| find(&|candidate| bare(candidate, suffix).eq_ignore_ascii_case(wanted)))
    }
}

/// A name without a suffix, in whatever case that is.
fn bare<'a>(name: &'a str, suffix: &str) -> &'a str {
    let at = name.len().wrapping_sub(suffix.len());
    match name.get(at..) {
        Some(end) if end.eq_ignore_ascii_case(suffix) => &name[..at],
        _ => name,
    }
}
