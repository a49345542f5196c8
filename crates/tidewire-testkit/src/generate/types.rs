//! Random types.

use super::{Config, sometimes};
use crate::{
    quantize::Quantized,
    random::Random,
    types::{Element, Field, Kind, PRIMITIVES, Tag, Type, Types},
};

/// What the types of a scenario are made of.
struct Palette {
    /// How many types there will be.
    count: usize,
    inheritance: bool,
    struct_members: bool,
    quantized: bool,
    views: bool,
}

pub(super) fn types(random: &mut Random, config: &Config) -> Types {
    let palette = Palette {
        count: 1 + random.below(config.types),
        inheritance: sometimes(random, config.inheritance),
        struct_members: sometimes(random, config.struct_members),
        quantized: sometimes(random, config.quantized),
        views: sometimes(random, config.views),
    };
    let mut types: Vec<Type> = Vec::new();
    for at in 0..palette.count {
        let base = (palette.inheritance && at > 0 && random.chance(60)).then(|| random.below(at));
        let inherited = base.map_or_else(Vec::new, |base| types[base].fields.clone());
        // The wire has room for 63.
        let (base, mut fields) = match inherited.len() + config.fields {
            0..60 => (base, inherited),
            _ => (None, Vec::new()),
        };
        for _ in 0..1 + random.below(config.fields) {
            let field = field(random, &palette, fields.len());
            fields.push(field);
        }
        types.push(Type { name: format!("T{at}"), base, fields });
    }
    let mut root = random.below(palette.count);
    // Views and sharing need something to look at.
    if palette.views || config.shares > 0 {
        let rest = std::iter::repeat_with(|| random.below(palette.count)).take(2);
        let deep = |of: &usize| types[*of].fields.iter().filter(|field| field.is_deep()).count();
        root = rest.chain([root]).max_by_key(deep).unwrap_or(root);
    }
    Types { types, root }
}

fn field(random: &mut Random, palette: &Palette, at: usize) -> Field {
    let count = palette.count;
    let kind = match random.below(100) {
        0..12 if palette.quantized => Kind::Quantized(quantized(random)),
        0..26 => Kind::One(Element::Primitive(random.pick(&PRIMITIVES))),
        26..38 => Kind::One(Element::Struct(random.below(count))),
        38..47 => Kind::Map(Element::Primitive(random.pick(&PRIMITIVES))),
        47..63 => Kind::Map(Element::Struct(random.below(count))),
        63..73 => Kind::Array(Element::Primitive(random.pick(&PRIMITIVES))),
        73..78 => Kind::Set(member(random, palette)),
        78..83 => Kind::Collection(member(random, palette)),
        _ => Kind::Array(Element::Struct(random.below(count))),
    };
    let is_leaf = matches!(kind, Kind::One(Element::Primitive(_)) | Kind::Quantized(_));
    let optional = is_leaf && random.chance(30);
    let name = format!("{}{at}", random.pick(&["f", "x/", "a~", "é", "F_"]));
    let tags = [Tag::Default, Tag::Default, Tag::Default, Tag::Custom(1), Tag::Custom(2)];
    let mut view = (palette.views && random.chance(35)).then(|| random.pick(&tags));
    if view.is_some() && random.chance(10) {
        view = Some(Tag::Custom(random.pick(&[3, 4, 6, 1 << 30])));
    }
    Field { name, kind, optional, view }
}

fn member(random: &mut Random, palette: &Palette) -> Element {
    if palette.struct_members && random.chance(60) {
        return Element::Struct(random.below(palette.count));
    }
    Element::Primitive(random.pick(&PRIMITIVES))
}

fn quantized(random: &mut Random) -> Quantized {
    let ranges =
        [(0.0, 1.0), (-1.0, 1.0), (0.0, std::f64::consts::TAU), (-180.0, 180.0), (5.0, 7.5)];
    let (min, max) = random.pick(&ranges);
    Quantized { min, max, bits: random.pick(&[8, 16, 32]), wraps: random.chance(50) }
}
