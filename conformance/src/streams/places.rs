//! Where streams are: in the world, and in the model of all of it.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};
use tidewire_state::StreamSchema;

use super::{model, world};

/// Where a stream is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum At {
    Crowd,
    Line,
    Herd,
    Zone(String, bool),
    Row(usize, bool),
}

pub(super) struct Zone {
    pub(super) title: String,
    pub(super) crowd: model::Stream,
    pub(super) herd: model::Stream,
}

pub(super) struct Model {
    pub(super) title: String,
    pub(super) crowd: model::Stream,
    pub(super) line: model::Stream,
    pub(super) herd: model::Stream,
    pub(super) zones: BTreeMap<String, Zone>,
    pub(super) row: Vec<Zone>,
}

impl Zone {
    pub(super) fn new(title: String) -> Self {
        let (crowd, herd) =
            (model::Stream::new(false, 1, true), model::Stream::new(true, 1, false));
        Self { title, crowd, herd }
    }

    pub(super) fn stream(&mut self, hidden: bool) -> &mut model::Stream {
        if hidden { &mut self.herd } else { &mut self.crowd }
    }

    pub(super) fn seen_by(&self, viewer: Option<usize>) -> Json {
        let mut json = json!({ "title": self.title, "crowd": self.crowd.seen_by(viewer) });
        put(&mut json, "herd", self.herd.seen_by(viewer));
        json
    }
}

fn put(json: &mut Json, name: &str, value: Option<Json>) {
    if let Some(value) = value {
        json[name] = value;
    }
}

impl Model {
    pub(super) fn streams(&self) -> impl Iterator<Item = &model::Stream> {
        let zones = self.zones.values().chain(&self.row);
        [&self.crowd, &self.line, &self.herd]
            .into_iter()
            .chain(zones.flat_map(|zone| [&zone.crowd, &zone.herd]))
    }

    pub(super) fn streams_mut(&mut self) -> impl Iterator<Item = &mut model::Stream> {
        let zones = self.zones.values_mut().chain(&mut self.row);
        [&mut self.crowd, &mut self.line, &mut self.herd]
            .into_iter()
            .chain(zones.flat_map(|zone| [&mut zone.crowd, &mut zone.herd]))
    }

    pub(super) fn stream(&mut self, at: &At) -> Option<&mut model::Stream> {
        Some(match at {
            At::Crowd => &mut self.crowd,
            At::Line => &mut self.line,
            At::Herd => &mut self.herd,
            At::Zone(key, hidden) => self.zones.get_mut(key)?.stream(*hidden),
            At::Row(index, hidden) => self.row.get_mut(*index)?.stream(*hidden),
        })
    }

    pub(super) fn places(&self) -> Vec<At> {
        let mut places = vec![At::Crowd, At::Line, At::Herd];
        for hidden in [false, true] {
            places.extend(self.zones.keys().map(|key| At::Zone(key.clone(), hidden)));
            places.extend((0..self.row.len()).map(|index| At::Row(index, hidden)));
        }
        places
    }

    pub(super) fn seen_by(&self, viewer: Option<usize>) -> Json {
        let zones: Map<String, Json> =
            self.zones.iter().map(|(key, zone)| (key.clone(), zone.seen_by(viewer))).collect();
        let row: Vec<Json> = self.row.iter().map(|zone| zone.seen_by(viewer)).collect();
        let mut json = json!({
            "title": self.title,
            "crowd": self.crowd.seen_by(viewer),
            "line": self.line.seen_by(viewer),
            "zones": zones,
            "row": row,
        });
        put(&mut json, "herd", self.herd.seen_by(viewer));
        json
    }
}

impl At {
    pub(super) fn stream<'a>(
        &self,
        world: &'a mut world::World,
    ) -> Option<&'a mut StreamSchema<world::Beast>> {
        let of = |zone: &'a mut world::Zone, hidden| {
            if hidden { &mut zone.herd } else { &mut zone.crowd }
        };
        Some(match self {
            Self::Crowd => &mut world.crowd,
            Self::Line => &mut world.line,
            Self::Herd => &mut world.herd,
            Self::Zone(key, hidden) => of(world.zones.get_mut(key)?, *hidden),
            Self::Row(index, hidden) => of(world.row.get_mut(*index)?, *hidden),
        })
    }

    pub(super) fn look<'a>(
        &self,
        world: &'a world::World,
    ) -> Option<&'a StreamSchema<world::Beast>> {
        let of = |zone: &'a world::Zone, hidden| if hidden { &zone.herd } else { &zone.crowd };
        Some(match self {
            Self::Crowd => &world.crowd,
            Self::Line => &world.line,
            Self::Herd => &world.herd,
            Self::Zone(key, hidden) => of(world.zones.get(key)?, *hidden),
            Self::Row(index, hidden) => of(world.row.get(*index)?, *hidden),
        })
    }

    pub(super) fn path(&self) -> Vec<String> {
        let field = |hidden: bool| if hidden { "herd" } else { "crowd" }.to_owned();
        match self {
            Self::Crowd => vec!["crowd".to_owned()],
            Self::Line => vec!["line".to_owned()],
            Self::Herd => vec!["herd".to_owned()],
            Self::Zone(key, hidden) => vec!["zones".to_owned(), key.clone(), field(*hidden)],
            Self::Row(index, hidden) => vec!["row".to_owned(), index.to_string(), field(*hidden)],
        }
    }
}
