//! The steps that change the state.

use serde_json::Value as Json;
use tidewire_state::{DynField, DynStruct, ElementKind, FieldInfo, FieldKind, TypeIndex};

use super::{
    error::StepError,
    path::{Pointer, Spot, What, element_of},
    place::{self, ArrayEdit, Contents, Made},
    step::Step,
    value::{Maker, check_type, wrong_kind},
    world::{At, Hop, World, handle_of, instance_after, instance_mut, leads_to},
};

/// Does a step that changes the state.
pub(super) fn edit<W: World>(
    maker: &Maker,
    world: &mut W,
    step: &Step<'_>,
) -> Result<(), StepError> {
    let pointer = Pointer::parse(step.text("path")?)?;
    let spot = pointer.resolve(world)?;
    let mut editor = Editor { maker, world, pointer: &pointer, spot };
    match step.op {
        "set" => editor.set(step.member("value")?),
        "delete" => editor.delete(),
        "clear" => editor.clear(),
        "add" | "remove" => editor.edit_members(step),
        "share" => editor.share(step.text("from")?),
        _ => editor.edit_array(step),
    }
}

/// An edit under way.
struct Editor<'a, W> {
    maker: &'a Maker,
    world: &'a mut W,
    pointer: &'a Pointer<'a>,
    spot: Spot<'a>,
}

impl<W: World> Editor<'_, W> {
    fn set(&mut self, value: &Json) -> Result<(), StepError> {
        let (path, depth) = (self.pointer.text(), self.spot.depth());
        match self.spot.what {
            What::Root => Err(self.wrong_place(SETTABLE)),
            What::Place(hop @ Hop { at: At::Key(_) | At::Index(_), .. }, kind) => {
                let of = match (element_of(kind), kind) {
                    (_, FieldKind::Set(_) | FieldKind::Collection(_)) | (None, _) => {
                        return Err(self.wrong_place(SETTABLE));
                    }
                    (Some(_), FieldKind::Map(_)) if value.is_null() => return self.delete(),
                    (Some(of), _) => of,
                };
                let made = self.maker.element(self.world, of, value, &path, depth)?;
                self.change(hop, |field, _| place::put(field, hop.at, made))
            }
            What::Place(hop, _) => self.assign(hop, value),
            What::Field(field, _) => self.assign(Hop { field, at: At::Field }, value),
        }
    }

    /// Assigns a whole field.
    fn assign(&mut self, hop: Hop<'_>, value: &Json) -> Result<(), StepError> {
        let (path, depth) = (self.pointer.text(), self.spot.depth());
        let Some(info) = self.info(hop) else { return Err(self.wrong_place(SETTABLE)) };
        let contents: Contents = self.maker.contents(self.world, &info, value, &path, depth)?;
        self.change(hop, |field, info| place::fill(field, info, contents))
    }

    fn delete(&mut self) -> Result<(), StepError> {
        let hop = match self.spot.what {
            What::Place(hop, _) => hop,
            What::Field(field, FieldKind::Primitive(_) | FieldKind::Quantized(_)) => {
                Hop { field, at: At::Field }
            }
            What::Root | What::Field(..) => return Err(self.wrong_place(DELETABLE)),
        };
        let was_there = self.change(hop, |field, info| place::take(field, info, hop.at))?;
        match hop.at {
            At::Key(key) if !was_there => Err(self.pointer.no_key(key)),
            _ => Ok(()),
        }
    }

    fn clear(&mut self) -> Result<(), StepError> {
        match self.spot.what {
            What::Field(field, kind) if element_of(kind).is_some() => {
                self.change(Hop { field, at: At::Field }, |field, _| place::clear(field))
            }
            _ => Err(self.wrong_place("a collection")),
        }
    }

    /// Puts a value in a set or a collection, or takes one out.
    fn edit_members(&mut self, step: &Step<'_>) -> Result<(), StepError> {
        let What::Field(field, FieldKind::Set(of) | FieldKind::Collection(of)) = self.spot.what
        else {
            return Err(self.wrong_place("a set or a collection"));
        };
        let (value, path) = (step.member("value")?, self.pointer.text());
        let made = self.maker.element(self.world, of, value, &path, self.spot.depth())?;
        let edit = if step.op == "add" { place::add } else { place::remove };
        self.change(Hop { field, at: At::Field }, |field, _| edit(field, made))
    }

    /// Makes a place refer to an instance that is there.
    fn share(&mut self, from: &str) -> Result<(), StepError> {
        let (hop, declared) = match self.spot.what {
            What::Place(hop, FieldKind::Ref(of)) => (hop, of),
            What::Place(
                hop,
                FieldKind::Map(ElementKind::Ref(of)) | FieldKind::Array(ElementKind::Ref(of)),
            ) => (hop, of),
            _ => return Err(self.wrong_place(SHARABLE)),
        };
        let circle = || StepError::Circle { path: self.pointer.text(), from: from.to_owned() };
        let pointer = Pointer::parse(from)?;
        let spot = pointer.resolve(self.world)?;
        if let What::Root = spot.what {
            return Err(circle());
        }
        let index = instance(self.world, &pointer, &spot, "an instance")?.type_index();
        let Some(handle) = handle_of(self.world, &spot.whole_way()) else {
            unreachable!("who shares has a pool, and only the root is not in it")
        };
        self.check_type(index, declared)?;
        let holder = handle_of(self.world, &self.spot.way);
        if let (Some(pool), Some(holder)) = (self.world.pool(), holder)
            && leads_to(pool, handle, holder)
        {
            return Err(circle());
        }
        self.change(hop, |field, _| place::put(field, hop.at, Made::Shared(handle)))
    }

    fn check_type(&self, of: TypeIndex, declared: TypeIndex) -> Result<(), StepError> {
        check_type(self.world.root().types(), of, declared, &self.pointer.text())
    }

    /// Does a step on an array, of whatever elements.
    fn edit_array(&mut self, step: &Step<'_>) -> Result<(), StepError> {
        let What::Field(field, FieldKind::Array(of)) = self.spot.what else {
            return Err(self.wrong_place("an array"));
        };
        let edit = match step.op {
            "push" => ArrayEdit::Push(self.make_all(of, step.list("values")?)?),
            "splice" => ArrayEdit::Splice {
                at: step.integer("at")?,
                remove: match step.optional("remove") {
                    None => None,
                    Some(_) => Some(step.integer("remove")?),
                },
                insert: match step.optional("insert") {
                    None => Vec::new(),
                    Some(_) => self.make_all(of, step.list("insert")?)?,
                },
            },
            "move" => ArrayEdit::Move { from: step.integer("from")?, to: step.integer("to")? },
            "swap" => ArrayEdit::Swap { a: step.integer("a")?, b: step.integer("b")? },
            "reverse" => ArrayEdit::Reverse,
            op => unreachable!("`{op}` is not done on arrays"),
        };
        let hop = Hop { field, at: At::Field };
        let done = self.change(hop, |field, _| place::edit_array(field, edit))?;
        done.map_err(|(index, len)| self.pointer.no_index(&index.to_string(), len))
    }

    fn make_all(&mut self, of: ElementKind, values: &[Json]) -> Result<Vec<Made>, StepError> {
        let (path, depth) = (self.pointer.text(), self.spot.depth());
        if let Some(null) = values.iter().find(|value| value.is_null()) {
            return Err(wrong_kind(&path, "elements".to_owned(), null));
        }
        let make = |value| self.maker.element(self.world, of, value, &path, depth);
        values.iter().map(make).collect()
    }

    /// What is known of the field that a hop begins at.
    fn info(&self, hop: Hop<'_>) -> Option<FieldInfo> {
        instance_after(self.world, &self.spot.way)?.type_info().get(hop.field).cloned()
    }

    /// Changes the field that a hop begins at.
    fn change<T>(
        &mut self,
        hop: Hop<'_>,
        change: impl FnOnce(&mut DynField, &FieldInfo) -> T,
    ) -> Result<T, StepError> {
        let info = self.info(hop);
        let owner = instance_mut(self.world, &self.spot.way);
        match (owner.and_then(|owner| owner.field_mut(hop.field)), info) {
            (Some(field), Some(info)) => Ok(change(field, &info)),
            _ => unreachable!("the way to `{}` was just found", self.pointer.text()),
        }
    }

    fn wrong_place(&self, expected: &'static str) -> StepError {
        wrong_place(self.pointer, expected, &self.spot)
    }
}

/// The instance that is in a place, if it is there.
pub(super) fn instance<'w, W: World>(
    world: &'w W,
    pointer: &Pointer<'_>,
    spot: &Spot<'_>,
    expected: &'static str,
) -> Result<&'w DynStruct, StepError> {
    let is_of_structs = match spot.what {
        What::Place(_, kind) => kind.referenced().is_some(),
        _ => false,
    };
    if !is_of_structs {
        return Err(wrong_place(pointer, expected, spot));
    }
    instance_after(world, &spot.whole_way()).ok_or_else(|| match spot.what {
        What::Place(Hop { at: At::Key(key), .. }, _) => pointer.no_key(key),
        _ => StepError::Absent { path: pointer.text(), field: pointer.last().to_owned() },
    })
}

pub(super) fn wrong_place(
    pointer: &Pointer<'_>,
    expected: &'static str,
    spot: &Spot<'_>,
) -> StepError {
    let found = match spot.what {
        What::Root => "the root",
        What::Place(_, FieldKind::Ref(_)) => "a reference",
        What::Place(_, FieldKind::Map(_)) => "a map's entry",
        What::Place(_, FieldKind::Array(_)) => "an array's element",
        What::Place(..) => "a value in a set or collection",
        What::Field(_, FieldKind::Primitive(_) | FieldKind::Quantized(_)) => "a primitive",
        What::Field(_, FieldKind::Map(_)) => "a map",
        What::Field(_, FieldKind::Array(_)) => "an array",
        What::Field(_, FieldKind::Set(_)) => "a set",
        What::Field(_, FieldKind::Collection(_)) => "a collection",
        What::Field(..) => "another field",
    };
    StepError::WrongPlace { path: pointer.text(), expected, found }
}

const SETTABLE: &str = "a field, a map's entry or an array's element";
const DELETABLE: &str = "a map's entry, an array's element or a field that is no collection";
const SHARABLE: &str = "a reference, or an entry or element of a map or an array of structs";
