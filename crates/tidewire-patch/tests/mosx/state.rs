//! A state that does what a script says, as far as a state can: what a place holds is of one type there.
//!
//! The originals have places that hold this and that in turn. So a script is run several times, each time with
//! another choice of types, and what does not fit is left out and told.

use std::{collections::BTreeMap, sync::Arc};

use tidewire_state::{
    DynCollection, DynField, DynPrimitive, DynStruct, ElementKind, FieldInfo, FieldKind,
    PrimitiveKind, TypeIndex, TypeInfo, TypeSet, Value as Leaf,
};

use crate::script::{Classes, Js, Step};

/// Why something of a script cannot be done to a state.
pub(crate) type Why = &'static str;

pub(crate) const NULL: Why = "a state has no null and no undefined";
pub(crate) const OTHER: Why = "a state has no dates and no bytes";
pub(crate) const NESTED: Why = "a state has no collections in collections";
pub(crate) const MIXED: Why = "a place of a state holds one type";
pub(crate) const ROOT: Why = "the root of a state is a struct";
pub(crate) const WIDE: Why = "a type of a state has at most 63 fields";

/// What places held, by class and property.
#[derive(Debug, Default)]
pub(crate) struct Shapes(BTreeMap<(usize, usize), Vec<FieldKind>>);

impl Shapes {
    /// Notes all that is in a value.
    pub(crate) fn note(&mut self, value: &Js, classes: &Classes) {
        match value {
            Js::Struct(of, members) => {
                for (name, value) in members {
                    let props = &classes.0[*of].props;
                    let Some(at) = props.iter().position(|prop| prop.key == *name) else {
                        continue;
                    };
                    let list = self.0.entry((*of, at)).or_default();
                    for shape in shapes(value) {
                        if !list.contains(&shape) {
                            list.push(shape);
                        }
                    }
                    self.note(value, classes);
                }
            }
            Js::Map(members) => members.iter().for_each(|(_, value)| self.note(value, classes)),
            Js::Array(items) => items.iter().for_each(|value| self.note(value, classes)),
            _ => {}
        }
    }

    /// How many choices there are.
    pub(crate) fn count(&self) -> usize {
        self.0.values().map(Vec::len).max().unwrap_or(1).max(1)
    }

    /// The types of one choice.
    pub(crate) fn types(&self, classes: &Classes, root: usize, choice: usize) -> Arc<TypeSet> {
        let types = classes.0.iter().enumerate().map(|(of, class)| {
            let told = class.props.iter().enumerate().filter(|(_, prop)| prop.is_told);
            let fields = told.map(|(at, prop)| {
                let shapes = self.0.get(&(of, at)).filter(|shapes| !shapes.is_empty());
                let kind = shapes.map_or(NUMBER, |shapes| shapes[choice % shapes.len()]);
                let field = FieldInfo::new(&*prop.key, kind);
                match kind {
                    FieldKind::Primitive(_) => field.optional(),
                    _ => field,
                }
            });
            TypeInfo::new(class.name.clone(), fields.collect())
        });
        Arc::new(TypeSet { types: types.collect(), root: TypeIndex(root as u32) })
    }
}

const NUMBER: FieldKind = FieldKind::Primitive(PrimitiveKind::Number);

/// The kinds of a field that can hold something of this. Of an empty collection any will do.
fn shapes(value: &Js) -> Vec<FieldKind> {
    let elements = |values: Vec<&Js>| {
        let mut list: Vec<ElementKind> = values.into_iter().filter_map(element).collect();
        if list.is_empty() {
            list.push(ElementKind::Primitive(PrimitiveKind::Number));
        }
        list
    };
    match value {
        Js::Map(members) => {
            let elements = elements(members.iter().map(|(_, value)| value).collect());
            elements.into_iter().map(FieldKind::Map).collect()
        }
        Js::Array(items) => {
            elements(items.iter().collect()).into_iter().map(FieldKind::Array).collect()
        }
        value => match element(value) {
            Some(ElementKind::Primitive(kind)) => vec![FieldKind::Primitive(kind)],
            Some(ElementKind::Ref(of)) => vec![FieldKind::Ref(of)],
            None => Vec::new(),
        },
    }
}

fn element(value: &Js) -> Option<ElementKind> {
    Some(match value {
        Js::Boolean(_) => ElementKind::Primitive(PrimitiveKind::Boolean),
        Js::Number(_) => ElementKind::Primitive(PrimitiveKind::Number),
        Js::Text(_) => ElementKind::Primitive(PrimitiveKind::String),
        Js::Struct(of, _) => ElementKind::Ref(TypeIndex(*of as u32)),
        _ => return None,
    })
}

/// Makes values of a state.
pub(crate) struct Maker<'a> {
    pub(crate) types: Arc<TypeSet>,
    pub(crate) classes: &'a Classes,
    /// Why something was left out, if something was.
    pub(crate) left_out: Option<Why>,
}

impl Maker<'_> {
    /// A struct of this value.
    pub(crate) fn instance(&mut self, of: usize, members: &[(String, Js)]) -> DynStruct {
        let index = TypeIndex(of as u32);
        let mut made = DynStruct::new(Arc::clone(&self.types), index);
        for (name, value) in members {
            self.put_field(&mut made, name, value);
        }
        made
    }

    fn put_field(&mut self, instance: &mut DynStruct, name: &str, value: &Js) {
        let props = &self.classes.0[instance.type_index().0 as usize].props;
        if props.iter().any(|prop| prop.key == name && !prop.is_told) {
            return;
        }
        let Some(at) = instance.type_info().find(name) else {
            self.left_out = Some(MIXED);
            return;
        };
        let kind = instance.type_info().fields[usize::from(at.0)].kind;
        let field = instance.field_mut(at).unwrap();
        match (field, value) {
            // What is not there is no value of a new struct.
            (DynField::Optional(None) | DynField::Ref(None), Js::Undefined) => {}
            (DynField::Optional(place), value) => match self.leaf(value, kind) {
                Some(leaf) => *place = Some(leaf),
                None => self.left_out = self.left_out.or(why(value)),
            },
            (DynField::Ref(place), value) => match (value, kind) {
                (Js::Struct(of, members), FieldKind::Ref(index)) if index.0 as usize == *of => {
                    *place = Some(Box::new(self.instance(*of, members)));
                }
                _ => self.left_out = self.left_out.or(why(value)),
            },
            // The same collection with other items is another one to the originals.
            (DynField::PrimitiveMap(place), Js::Map(members)) => {
                *place = DynCollection::default();
                for (name, value) in members {
                    self.put_entry_leaf(place, name, value, kind);
                }
            }
            (DynField::Map(place), Js::Map(members)) => {
                *place = DynCollection::default();
                for (name, value) in members {
                    match self.element(value, kind) {
                        Some(made) => drop(place.insert(&**name, made)),
                        None => self.left_out = self.left_out.or(why(value)),
                    }
                }
            }
            (DynField::PrimitiveArray(place), Js::Array(items)) => {
                *place = DynCollection::default();
                for value in items {
                    match self.leaf(value, kind) {
                        Some(leaf) => place.push(leaf),
                        None => self.left_out = self.left_out.or(why(value)),
                    }
                }
            }
            (DynField::Array(place), Js::Array(items)) => {
                *place = DynCollection::default();
                for value in items {
                    match self.element(value, kind) {
                        Some(made) => place.push(made),
                        None => self.left_out = self.left_out.or(why(value)),
                    }
                }
            }
            (_, value) => self.left_out = self.left_out.or(why(value)),
        }
    }

    fn put_entry_leaf(
        &mut self,
        place: &mut tidewire_state::MapSchema<DynPrimitive>,
        name: &str,
        value: &Js,
        kind: FieldKind,
    ) {
        match self.leaf(value, kind) {
            Some(leaf) => drop(place.insert(name, leaf)),
            None => self.left_out = self.left_out.or(why(value)),
        }
    }

    fn leaf(&self, value: &Js, kind: FieldKind) -> Option<DynPrimitive> {
        let leaf = match value {
            Js::Boolean(value) => Leaf::Boolean(*value),
            Js::Number(value) => Leaf::Number(*value),
            Js::Text(text) => Leaf::String(text),
            _ => return None,
        };
        (element_of(kind) == element(value)).then(|| leaf.into())
    }

    fn element(&mut self, value: &Js, kind: FieldKind) -> Option<DynStruct> {
        match value {
            Js::Struct(of, members) if element_of(kind) == element(value) => {
                Some(self.instance(*of, members))
            }
            _ => None,
        }
    }

    /// Does a step, as far as it can be done. `left_out` says what could not.
    pub(crate) fn apply(&mut self, root: &mut DynStruct, step: &Step) {
        self.left_out = None;
        let done = match step {
            Step::Nothing => Some(()),
            Step::Put(at, key, value) => self.edit(
                root,
                at,
                &mut |maker, field, kind| maker.put_item(field, kind, key, value),
                &mut |maker, instance| {
                    maker.put_member(instance, key, value);
                },
            ),
            Step::Cut(at, key) => self.edit(
                root,
                at,
                &mut |_, field, _| match field {
                    DynField::PrimitiveMap(map) => map.remove(key).map(drop),
                    DynField::Map(map) => map.remove(key).map(drop),
                    DynField::PrimitiveArray(list) => {
                        let at = key.parse().ok().filter(|at| *at < list.len())?;
                        list.remove(at);
                        Some(())
                    }
                    DynField::Array(list) => {
                        let at = key.parse().ok().filter(|at| *at < list.len())?;
                        list.remove(at);
                        Some(())
                    }
                    _ => None,
                },
                &mut |maker, instance| {
                    maker.cut_member(instance, key);
                },
            ),
            Step::Insert(at, index, values) => self.splice(root, at, *index, 0, values),
            Step::Splice(at, index, count, values) => self.splice(root, at, *index, *count, values),
            Step::Clear(at) => self.edit(
                root,
                at,
                &mut |_, field, _| {
                    match field {
                        DynField::PrimitiveMap(map) => map.clear(),
                        DynField::Map(map) => map.clear(),
                        DynField::PrimitiveArray(list) => list.clear(),
                        DynField::Array(list) => list.clear(),
                        _ => return None,
                    }
                    Some(())
                },
                &mut |maker, _| maker.left_out = Some(MIXED),
            ),
        };
        if done.is_none() {
            let value = match step {
                Step::Put(_, _, value) => why(value),
                Step::Insert(_, _, values) | Step::Splice(_, _, _, values) => {
                    values.iter().find_map(why)
                }
                _ => None,
            };
            self.left_out = self.left_out.or(value).or(Some(MIXED));
        }
    }

    fn put_item(
        &mut self,
        field: &mut DynField,
        kind: FieldKind,
        key: &str,
        value: &Js,
    ) -> Option<()> {
        match field {
            DynField::PrimitiveMap(map) => drop(map.insert(key, self.leaf(value, kind)?)),
            DynField::Map(map) => drop(map.insert(key, self.element(value, kind)?)),
            DynField::PrimitiveArray(list) => {
                let (at, leaf) = (key.parse::<usize>().ok()?, self.leaf(value, kind)?);
                if at == list.len() { list.push(leaf) } else { *list.get_mut(at)? = leaf }
            }
            DynField::Array(list) => {
                let (at, made) = (key.parse::<usize>().ok()?, self.element(value, kind)?);
                if at == list.len() { list.push(made) } else { *list.get_mut(at)? = made }
            }
            _ => return None,
        }
        Some(())
    }

    fn put_member(&mut self, instance: &mut DynStruct, key: &str, value: &Js) {
        if matches!(value, Js::Undefined) {
            self.left_out = Some(NULL);
        } else {
            self.put_field(instance, key, value);
        }
    }

    fn cut_member(&mut self, instance: &mut DynStruct, key: &str) {
        let at = instance.type_info().find(key);
        match at.and_then(|at| instance.field_mut(at)) {
            Some(DynField::Optional(place)) if place.is_some() => *place = None,
            Some(DynField::Ref(place)) if place.is_some() => *place = None,
            _ => self.left_out = Some(MIXED),
        }
    }

    fn splice(
        &mut self,
        root: &mut DynStruct,
        at: &[String],
        index: usize,
        count: usize,
        values: &[Js],
    ) -> Option<()> {
        self.edit(
            root,
            at,
            &mut |maker, field, kind| {
                match field {
                    DynField::PrimitiveArray(list) => {
                        let leaves: Option<Vec<_>> =
                            values.iter().map(|value| maker.leaf(value, kind)).collect();
                        let leaves = leaves.filter(|_| index + count <= list.len())?;
                        (0..count).for_each(|_| drop(list.remove(index)));
                        (index..).zip(leaves).for_each(|(at, leaf)| list.insert(at, leaf));
                    }
                    DynField::Array(list) => {
                        let made: Option<Vec<_>> =
                            values.iter().map(|value| maker.element(value, kind)).collect();
                        let made = made.filter(|_| index + count <= list.len())?;
                        (0..count).for_each(|_| drop(list.remove(index)));
                        (index..).zip(made).for_each(|(at, made)| list.insert(at, made));
                    }
                    _ => return None,
                }
                Some(())
            },
            &mut |maker, _| maker.left_out = Some(MIXED),
        )
    }

    /// Goes to a place, and does something to the collection or the struct there.
    fn edit(
        &mut self,
        instance: &mut DynStruct,
        at: &[String],
        collection: &mut dyn FnMut(&mut Self, &mut DynField, FieldKind) -> Option<()>,
        member: &mut dyn FnMut(&mut Self, &mut DynStruct),
    ) -> Option<()> {
        let Some((name, rest)) = at.split_first() else {
            member(self, instance);
            return Some(());
        };
        let index = instance.type_info().find(name)?;
        let kind = instance.type_info().fields[usize::from(index.0)].kind;
        let field = instance.field_mut(index)?;
        let (below, rest) = match (field, rest) {
            (DynField::Ref(below), rest) => (&mut **below.as_mut()?, rest),
            (field, []) => return collection(self, field, kind),
            (DynField::Map(map), [key, rest @ ..]) => (map.get_mut(key)?, rest),
            (DynField::Array(list), [at, rest @ ..]) => {
                (list.get_mut(at.parse::<usize>().ok()?)?, rest)
            }
            _ => return None,
        };
        self.edit(below, rest, collection, member)
    }
}

/// Why a value is none of a state, if it is not.
fn why(value: &Js) -> Option<Why> {
    Some(match value {
        Js::Undefined | Js::Null => NULL,
        Js::Other => OTHER,
        Js::Map(_) | Js::Array(_) => NESTED,
        _ => MIXED,
    })
}

fn element_of(kind: FieldKind) -> Option<ElementKind> {
    Some(match kind {
        FieldKind::Primitive(kind) => ElementKind::Primitive(kind),
        FieldKind::Ref(of) => ElementKind::Ref(of),
        FieldKind::Map(of) | FieldKind::Array(of) => of,
        _ => return None,
    })
}
