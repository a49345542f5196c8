//! The rules: which changes clients with the old schema live through.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    SchemaReport,
    description::PAYLOADS,
    model::{EVENTS, Field, Land, Model, Type},
};

pub(super) fn compare(old: &Model, new: &Model) -> SchemaReport {
    let mut report = SchemaReport::default();
    for (name, land) in &old.lands {
        match new.lands.get(name) {
            Some(now) => compare_lands(name, land, now, &mut report),
            None => report.refuse(format!("the land `{name}` was removed: keep it")),
        }
    }
    for name in new.lands.keys().filter(|name| !old.lands.contains_key(*name)) {
        report.allow(format!("the land `{name}` was added"));
    }
    let uses = uses(old);
    for (name, before) in &old.types {
        // One that is gone is gone from the fields that led there.
        if let Some(now) = new.types.get(name) {
            let uses = uses
                .get(name.as_str())
                .copied()
                .unwrap_or(Uses { by_place: true, ..Uses::default() });
            compare_types(name, before, now, uses, &mut report);
        }
    }
    report
}

fn compare_lands(name: &str, old: &Land, new: &Land, report: &mut SchemaReport) {
    if old.state != new.state {
        report.refuse(format!(
            "land `{name}`: its state was a `{}` and is a `{}`: keep the type",
            old.state, new.state
        ));
    }
    for (at, kind) in PAYLOADS.into_iter().enumerate() {
        for (id, payload) in &old.payloads[at] {
            match new.payloads[at].get(id) {
                None => report.refuse(format!("land `{name}`: `{id}` was removed from `{kind}`: keep it")),
                Some(now) if now != payload => report.refuse(format!(
                    "land `{name}`: `{id}` of `{kind}` was a `{payload}` and is a `{now}`: add another"
                )),
                Some(_) => {}
            }
        }
        for id in new.payloads[at].keys().filter(|id| !old.payloads[at].contains_key(*id)) {
            report.has_new_places |= at == EVENTS;
            report.allow(format!("land `{name}`: `{id}` was added to `{kind}`"));
        }
    }
    for (id, number) in &old.numbers {
        match new.numbers.get(id) {
            Some(now) if now != number => report.refuse(format!(
                "land `{name}`: the event `{id}` was number {number} and is {now}: events are numbered in \
                 the order of their names, so give new ones names that come last"
            )),
            _ => {}
        }
    }
    for (pattern, hash) in &old.hashes {
        match new.hash(pattern) {
            Some(now) if now != *hash => report.refuse(format!(
                "land `{name}`: the path `{pattern}` had the hash {hash} and has {now}: a path's hash is \
                 never another"
            )),
            _ => {}
        }
    }
}

/// What values of a type are used for.
#[derive(Clone, Copy, Debug, Default)]
struct Uses {
    /// Its fields are known by name or by their place among the others.
    by_place: bool,
    /// It is sent as the array of its values, in the order of their names.
    as_array: bool,
    /// Clients send it.
    from_clients: bool,
}

fn uses(model: &Model) -> BTreeMap<&str, Uses> {
    let mut uses: BTreeMap<&str, Uses> = BTreeMap::new();
    let mut states: Vec<&str> = model.lands.values().map(|land| land.state.as_str()).collect();
    let mut payloads = Vec::new();
    for land in model.lands.values() {
        for (at, named) in land.payloads.iter().enumerate() {
            let named = named.values().map(String::as_str);
            if at != EVENTS {
                payloads.extend(named);
                continue;
            }
            for event in named {
                uses.entry(event).or_default().as_array = true;
                states.extend(below(model, event));
            }
        }
    }
    for name in reached(model, states) {
        uses.entry(name).or_default().by_place = true;
    }
    for name in reached(model, payloads) {
        uses.entry(name).or_default().from_clients = true;
    }
    uses
}

/// These types, and all that they lead to.
fn reached<'a>(model: &'a Model, from: Vec<&'a str>) -> BTreeSet<&'a str> {
    let mut reached: BTreeSet<&str> = from.iter().copied().collect();
    let mut queue = from;
    while let Some(name) = queue.pop() {
        queue.extend(below(model, name).filter(|name| reached.insert(name)));
    }
    reached
}

/// The types that a type's fields lead to.
fn below<'a>(model: &'a Model, name: &str) -> impl Iterator<Item = &'a str> {
    let fields = model.types.get(name).into_iter().flat_map(|info| &info.fields);
    fields.flat_map(|field| &field.below).map(String::as_str)
}

fn compare_types(name: &str, old: &Type, new: &Type, uses: Uses, report: &mut SchemaReport) {
    if old.form != new.form {
        let form = |form: &Option<String>| form.clone().unwrap_or_else(|| "a struct".to_owned());
        let (was, is) = (form(&old.form), form(&new.form));
        report.refuse(format!("type `{name}`: it was {was} and is {is}: add another type"));
        return;
    }
    let before: BTreeMap<&str, &Field> = by_name(&old.fields);
    let now: BTreeMap<&str, &Field> = by_name(&new.fields);
    for field in &old.fields {
        match now.get(field.name.as_str()) {
            None => report.refuse(format!(
                "type `{name}`: the field `{}` was removed: keep it, unused",
                field.name
            )),
            Some(now) if now.kind != field.kind => report.refuse(format!(
                "type `{name}`: the field `{}` was {} and is {}: keep it, and add another at the end",
                field.name, field.kind, now.kind
            )),
            Some(_) => {}
        }
    }
    let kept = |names: Vec<String>, others: &BTreeMap<&str, &Field>| -> Vec<String> {
        names.into_iter().filter(|name| others.contains_key(name.as_str())).collect()
    };
    let places = |info: &Type| -> Vec<String> {
        info.fields[..info.ordered].iter().map(|field| field.name.clone()).collect()
    };
    let orders = [
        (uses.as_array, "the values in arrays", old.values.clone(), new.values.clone()),
        (uses.by_place, "the fields", places(old), places(new)),
    ];
    for (_, what, was, is) in orders.into_iter().filter(|(is_used, ..)| *is_used) {
        let (was, is) = (kept(was, &now), kept(is, &before));
        if let Some((first, second)) = std::iter::zip(&was, &is).find(|(was, is)| was != is) {
            report.refuse(format!(
                "type `{name}`: {what} were put in another order, `{second}` stands where `{first}` \
                 stood: put them back"
            ));
            break;
        }
    }
    let last_kept = new.fields.iter().rposition(|field| before.contains_key(field.name.as_str()));
    for (at, field) in new.fields.iter().enumerate() {
        if before.contains_key(field.name.as_str()) {
            continue;
        }
        let added = format!("type `{name}`: the field `{}` ({}) was added", field.name, field.kind);
        let is_ordered = at < new.ordered;
        if uses.from_clients {
            report.refuse(format!("{added}, which clients with the old schema do not send"));
        } else if uses.as_array && !comes_last(&field.name, &new.values, &before) {
            report.refuse(format!(
                "{added} and moves the values after it, which stand in the order of their names: give it \
                 a name that comes last"
            ));
        } else if uses.by_place && is_ordered && last_kept.is_some_and(|last| at < last) {
            report.refuse(format!("{added} before others: move it to the end"));
        } else {
            report.has_new_places |= uses.by_place;
            report.allow(format!("{added} at the end"));
        }
    }
}

/// Whether an array has the value behind all that it had before.
fn comes_last(name: &str, values: &[String], before: &BTreeMap<&str, &Field>) -> bool {
    let rest = values.iter().skip_while(|value| *value != name);
    rest.skip(1).all(|value| !before.contains_key(value.as_str()))
}

fn by_name(fields: &[Field]) -> BTreeMap<&str, &Field> {
    fields.iter().map(|field| (field.name.as_str(), field)).collect()
}
