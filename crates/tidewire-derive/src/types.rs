//! Types that can be told from their spelling not to work, each with the way out.
//!
//! A derive sees names, not types, so this is help and not a gate: what is not recognised here is
//! left to the trait bounds of the expanded code.

use syn::{GenericArgument, Ident, PathArguments, Type};

/// Where a type stands.
#[derive(Clone, Copy)]
enum Place {
    Field,
    Optional,
    Element,
}

/// The part of a field's type that is not supported, and what to do.
pub(crate) fn unsupported(ty: &Type) -> Option<(&Type, String)> {
    find(ty, Place::Field)
}

fn find(ty: &Type, place: Place) -> Option<(&Type, String)> {
    let problem = match ty {
        Type::Group(group) => return find(&group.elem, place),
        Type::Paren(paren) => return find(&paren.elem, place),
        Type::Path(_) => return find_named(ty, place),
        Type::Reference(reference) => match named(&reference.elem) {
            Some((name, _)) if name == "str" => "`&str` borrows; use `String`",
            _ => "a reference borrows, and a state owns what it holds; use an owned type",
        },
        Type::Tuple(_) => {
            "a tuple's parts have no names for clients to call them by; \
             use a struct that derives `Schema`, or `#[schema(skip)]`"
        }
        Type::Array(_) | Type::Slice(_) => {
            return Some((ty, untracked("a Rust array", "ArraySchema<T>", place)));
        }
        Type::FnPtr(_) | Type::Ptr(_) | Type::Never(_) | Type::TraitObject(_) => {
            "this is not data that can be sent; use `#[schema(skip)]`"
        }
        _ => return None,
    };
    Some((ty, problem.to_owned()))
}

fn find_named(ty: &Type, place: Place) -> Option<(&Type, String)> {
    let (name, arguments) = named(ty)?;
    let name = name.to_string();
    let problem = match (name.as_str(), arguments.as_slice()) {
        ("Option", [inner]) => match place {
            Place::Field => return find(inner, Place::Optional),
            Place::Optional => {
                "an option in an option looks like one to clients; use `Option<T>`".to_owned()
            }
            Place::Element => "items of a collection are there or not; leave the `Option` out, \
                               or use a struct with an optional field"
                .to_owned(),
        },
        ("MapSchema" | "ArraySchema" | "SetSchema" | "CollectionSchema", [inner]) => match place {
            Place::Field => return find(inner, Place::Element),
            Place::Optional => {
                "a collection is always there and can be empty; leave the `Option` out".to_owned()
            }
            Place::Element => "a collection holds primitives or structs; \
                               put the inner one in a struct that derives `Schema`"
                .to_owned(),
        },
        ("Box", [inner]) => match named(inner) {
            Some((name, _)) if name == "str" => {
                "`Box<str>` is not tracked; use `String`".to_owned()
            }
            _ => return find(inner, place),
        },
        ("Vec" | "VecDeque" | "LinkedList" | "BinaryHeap" | "SmallVec", [_, ..])
        | ("HashSet" | "BTreeSet" | "IndexSet", [_, ..]) => {
            untracked(&format!("`{name}<T>`"), "ArraySchema<T>", place)
        }
        ("HashMap" | "BTreeMap" | "IndexMap" | "FxHashMap", [_, _, ..]) => {
            untracked(&format!("`{name}<K, V>`"), "MapSchema<V>", place)
        }
        ("StreamSchema", [inner]) => match place {
            Place::Field => match named(inner) {
                Some((name, _)) if is_primitive(&name.to_string()) => format!(
                    "a stream holds structs that derive `Schema`; use `CollectionSchema<{name}>`"
                ),
                _ => return find(inner, Place::Element),
            },
            Place::Optional => {
                "a collection is always there and can be empty; leave the `Option` out".to_owned()
            }
            Place::Element => "a collection holds primitives or structs; \
                               put the inner one in a struct that derives `Schema`"
                .to_owned(),
        },
        ("Rc" | "Arc" | "Cell" | "RefCell" | "Mutex" | "RwLock", [_]) => format!(
            "`{name}<T>` can change behind the state's back; hold a plain `T`, \
             or use `#[schema(skip)]` if clients need not see it"
        ),
        ("Cow", [_]) => "`Cow` may borrow; use an owned type".to_owned(),
        ("usize", []) => other_size(&name, 'u'),
        ("isize", []) => other_size(&name, 'i'),
        ("u128", []) => too_wide('u'),
        ("i128", []) => too_wide('i'),
        ("char", []) => "there is no character on the wire; use `String`, or `u32`".to_owned(),
        ("str", []) => "`str` has no size of its own; use `String`".to_owned(),
        _ => return None,
    };
    Some((ty, problem))
}

/// The place in a field's type where the struct `itself` stands without a box.
pub(crate) fn unboxed<'a>(ty: &'a Type, itself: &Ident) -> Option<&'a Type> {
    match ty {
        Type::Group(group) => return unboxed(&group.elem, itself),
        Type::Paren(paren) => return unboxed(&paren.elem, itself),
        Type::Path(path) if path.path.get_ident().is_some_and(|name| name == "Self") => {
            return Some(ty);
        }
        _ => {}
    }
    let (name, arguments) = named(ty)?;
    match arguments.as_slice() {
        [inner] if name == "Option" => unboxed(inner, itself),
        _ if name == itself => Some(ty),
        _ => None,
    }
}

/// Why `#[schema(number)]` cannot stand on this type, as far as its spelling tells.
pub(crate) fn not_a_number(ty: &Type) -> Option<String> {
    let ty = match ty {
        Type::Group(group) => return not_a_number(&group.elem),
        Type::Paren(paren) => return not_a_number(&paren.elem),
        ty => ty,
    };
    let (name, arguments) = named(ty)?;
    match (name.to_string().as_str(), arguments.as_slice()) {
        ("Option", [inner]) => not_a_number(inner),
        ("u64" | "i64" | "u128" | "i128" | "usize" | "isize", []) => Some(format!(
            "a `number` is a double and holds integers up to 2^53 exactly, so it cannot stand for \
             `{name}`; use `f64` or an integer of at most 32 bits, or leave `number` out"
        )),
        ("MapSchema" | "ArraySchema" | "SetSchema" | "CollectionSchema", [_]) => Some(format!(
            "`number` stands on single values; use `{name}<Number>` for a collection of them"
        )),
        ("Number", []) => Some("`Number` is sent so anyway; leave `number` out".to_owned()),
        ("String" | "bool" | "char", []) => Some(format!(
            "`number` stands on `f32`, `f64`, integers of at most 32 bits and options of these, \
             and not on `{name}`; leave it out"
        )),
        _ => None,
    }
}

/// The type in an `Option`, or the type itself.
pub(crate) fn inside_option(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => return inside_option(&group.elem),
        Type::Paren(paren) => return inside_option(&paren.elem),
        _ => {}
    }
    match named(ty) {
        Some((name, arguments)) if name == "Option" => arguments.first().copied().unwrap_or(ty),
        _ => ty,
    }
}

/// Why nobody can be sent a value of its own in the place of one of this type, as far as its spelling tells.
pub(crate) fn not_custom(ty: &Type) -> Option<String> {
    let (name, _) = named(inside_option(ty))?;
    let is_known = matches!(
        &*name.to_string(),
        "MapSchema"
            | "ArraySchema"
            | "SetSchema"
            | "CollectionSchema"
            | "StreamSchema"
            | "Box"
            | "Option"
            | "Instance"
            | "Handle"
    );
    is_known.then(|| {
        format!(
            "`custom` stands on single values and options of these, and not on `{name}`; use \
             `filter = …`, or a `per_player` map with a value for each client"
        )
    })
}

/// Why entries of a field of this type cannot be filtered, as far as its spelling tells.
pub(crate) fn not_filtered(ty: &Type, word: &str) -> Option<String> {
    let ty = match ty {
        Type::Group(group) => return not_filtered(&group.elem, word),
        Type::Paren(paren) => return not_filtered(&paren.elem, word),
        ty => ty,
    };
    let (name, arguments) = named(ty)?;
    let name = name.to_string();
    let [inner] = arguments.as_slice() else { return not_a_collection(&name, word) };
    match name.as_str() {
        "MapSchema" => None,
        "ArraySchema" | "SetSchema" | "CollectionSchema" if word == "per_player" => Some(format!(
            "`per_player` stands on a map, whose keys are names of clients; use \
             `MapSchema<T>`, or `filter_children` on `{name}<T>`"
        )),
        "ArraySchema" | "SetSchema" | "CollectionSchema" if is_value(inner) => Some(format!(
            "values in `{name}<T>` have no name by which one could be kept back; put them in \
             structs, or use `MapSchema<T>`"
        )),
        "StreamSchema" => Some(format!(
            "entries of a stream wait for each view by themselves; mark it `view`, and add to each view \
             what it is to see, or use `{word}` on another collection"
        )),
        "Option" | "Box" => not_a_collection(&name, word),
        _ => None,
    }
}

fn not_a_collection(name: &str, word: &str) -> Option<String> {
    let is_known = matches!(name, "Option" | "Box") || is_primitive(name);
    is_known.then(|| {
        format!(
            "`{word}` stands on collections, and not on `{name}`; use `filter = …` for the field"
        )
    })
}

fn is_value(ty: &Type) -> bool {
    named(ty).is_some_and(|(name, _)| is_primitive(&name.to_string()))
}

fn is_primitive(name: &str) -> bool {
    matches!(
        name,
        "String"
            | "bool"
            | "i8"
            | "i16"
            | "i32"
            | "i64"
            | "u8"
            | "u16"
            | "u32"
            | "u64"
            | "f32"
            | "f64"
            | "Number"
    )
}

/// Whether a type is known to be another than a stream, as far as its spelling tells.
pub(crate) fn is_no_stream(ty: &Type) -> bool {
    let Some((name, arguments)) = named(ty) else { return false };
    let name = name.to_string();
    match arguments.as_slice() {
        [] => is_primitive(&name),
        [_] => matches!(
            &*name,
            "MapSchema" | "ArraySchema" | "SetSchema" | "CollectionSchema" | "Option" | "Box"
        ),
        _ => false,
    }
}

/// What to use in place of a collection that is not ours.
fn untracked(what: &str, instead: &str, place: Place) -> String {
    let how = match place {
        Place::Field => format!("use `{instead}`, or `#[schema(skip)]` if clients need not see it"),
        Place::Optional => format!("use `{instead}`, which can be empty, without the `Option`"),
        Place::Element => {
            format!("use a struct that derives `Schema` and holds `{instead}`")
        }
    };
    format!("{what} is not tracked; {how}")
}

fn other_size(name: &str, sign: char) -> String {
    format!("`{name}` has another size on another machine; use `{sign}32` or `{sign}64`")
}

fn too_wide(sign: char) -> String {
    format!("integers on the wire have at most 64 bits; use `{sign}64`, or `String`")
}

/// The last segment of a type's path, and the types in its angle brackets.
fn named(ty: &Type) -> Option<(&Ident, Vec<&Type>)> {
    let Type::Path(path) = ty else { return None };
    if path.qself.is_some() {
        return None;
    }
    let last = path.path.segments.last()?;
    let arguments = match &last.arguments {
        PathArguments::AngleBracketed(arguments) => arguments
            .args
            .iter()
            .filter_map(|argument| match argument {
                GenericArgument::Type(ty) => Some(ty),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    Some((&last.ident, arguments))
}
