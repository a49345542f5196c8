//! What the originals were fed, as recorded: values of JavaScript, and what was done to them.

use serde_json::Value as Json;

/// A value as the originals had it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Js {
    Undefined,
    Null,
    Boolean(bool),
    Number(f64),
    Text(String),
    /// Something else that a message can hold: a date, bytes.
    Other,
    /// An instance of the class with this number, or what the type table takes for one.
    Struct(usize, Vec<(String, Js)>),
    Map(Vec<(String, Js)>),
    Array(Vec<Js>),
}

/// One change.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Put(Vec<String>, String, Js),
    /// Into an array, in front of what is there.
    Insert(Vec<String>, usize, Vec<Js>),
    Cut(Vec<String>, String),
    Splice(Vec<String>, usize, usize, Vec<Js>),
    Clear(Vec<String>),
    /// Nothing that a state hears of.
    Nothing,
}

/// A class, or an entry of a type table.
#[derive(Clone, Debug)]
pub(crate) struct Class {
    pub(crate) name: String,
    pub(crate) props: Vec<Prop>,
    /// Whether an object is one if its keys are among the properties.
    pub(crate) by_keys: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Prop {
    pub(crate) key: String,
    init: Option<Json>,
    /// Whether messages have it.
    pub(crate) is_told: bool,
    /// Of which other one it is made, and how.
    computed: Option<Computed>,
}

type Computed = (&'static str, fn(f64) -> f64);

impl Prop {
    pub(crate) fn named(key: &str) -> Self {
        Self { key: key.to_owned(), init: None, is_told: true, computed: None }
    }
}

/// The types of a script, in the order of the type table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Classes(pub(crate) Vec<Class>);

impl Classes {
    /// Those of a patchpack encoder.
    pub(crate) fn of_table(types: &Json) -> Self {
        let class = |(name, entry): (&String, &Json)| {
            let props = entry.get("$class").unwrap_or(entry);
            Class {
                name: name.clone(),
                props: texts(props).iter().map(|key| Prop::named(key)).collect(),
                by_keys: entry.is_array(),
            }
        };
        Self(types.as_object().unwrap().iter().map(class).collect())
    }

    /// Those of a Mosx tracker.
    pub(crate) fn of_mosx(input: &Json) -> Self {
        let all = input["classes"].as_array().unwrap();
        let find = |name: &str| all.iter().find(|class| class["name"] == name).unwrap();
        let props = |name: &str| {
            // Those of the classes that it extends come first.
            let mut chain = vec![find(name)];
            while let Some(base) = chain[0].get("extends").and_then(Json::as_str) {
                chain.insert(0, find(base));
            }
            let props = chain.iter().flat_map(|class| class["props"].as_array().unwrap());
            props
                .map(|prop| Prop {
                    key: text(&prop["key"]),
                    init: prop.get("init").cloned(),
                    is_told: prop.get("kind").is_none_or(|kind| kind != "observable"),
                    computed: prop.get("get").map(|get| -> Computed {
                        match get.as_str().unwrap() {
                            "return this.v * 2" => ("v", |v| v * 2.0),
                            "return this.obs + 1" => ("obs", |obs| obs + 1.0),
                            other => panic!("unknown computed property {other}"),
                        }
                    }),
                })
                .collect()
        };
        let class =
            |name: &String| Class { name: name.clone(), props: props(name), by_keys: false };
        Self(texts(&input["order"]).iter().map(class).collect())
    }

    fn find(&self, name: &Json) -> usize {
        self.0.iter().position(|class| *name == class.name).unwrap()
    }

    /// A recorded value.
    pub(crate) fn js(&self, recorded: &Json) -> Js {
        match recorded {
            Json::Null => Js::Null,
            Json::Bool(value) => Js::Boolean(*value),
            Json::Number(number) => Js::Number(number.as_f64().unwrap()),
            Json::String(text) => Js::Text(text.clone()),
            Json::Array(items) => Js::Array(items.iter().map(|item| self.js(item)).collect()),
            Json::Object(members) => {
                let (Some((first, what)), of) = (members.iter().next(), recorded) else {
                    return self.object(Vec::new());
                };
                match &**first {
                    "$undefined" => Js::Undefined,
                    "$float" => Js::Number(match what.as_str().unwrap() {
                        "Infinity" => f64::INFINITY,
                        "-Infinity" => f64::NEG_INFINITY,
                        "-0" => -0.0,
                        _ => f64::NAN,
                    }),
                    "$repeat" => {
                        Js::Text(text(&what[0]).repeat(what[1].as_u64().unwrap() as usize))
                    }
                    "$new" => self.new_instance(self.find(what), of.get("set")),
                    // Instances in one another.
                    "$chain" => {
                        let of = self.find(&what[0]);
                        let inner = self.new_instance(of, None);
                        (1..what[2].as_u64().unwrap()).fold(inner, |inner, _| {
                            let mut outer = self.new_instance(of, None);
                            *outer.member_mut(what[1].as_str().unwrap()).unwrap() = inner;
                            outer
                        })
                    }
                    "$obj" => {
                        let members = of["props"].as_object().unwrap();
                        Js::Struct(self.find(what), self.members(members.iter()))
                    }
                    "$map" => {
                        let pairs = what.as_array().unwrap().iter();
                        let pair = |pair: &Json| (key(&pair[0]), self.js(&pair[1]));
                        Js::Map(pairs.map(pair).collect())
                    }
                    "$rangeMap" => self.object(
                        (0..what["count"].as_u64().unwrap())
                            .map(|at| {
                                let value = match &what["value"] {
                                    value if value == "$i" => Js::Number(at as f64),
                                    value => self.js(value),
                                };
                                (format!("{}{at}", text(&what["prefix"])), value)
                            })
                            .collect(),
                    ),
                    other if other.starts_with('$') => Js::Other,
                    _ => self.object(self.members(members.iter())),
                }
            }
        }
    }

    fn members<'a>(
        &self,
        members: impl Iterator<Item = (&'a String, &'a Json)>,
    ) -> Vec<(String, Js)> {
        let mut members: Vec<_> =
            members.map(|(name, value)| (name.clone(), self.js(value))).collect();
        // JavaScript has keys that are whole numbers first, in their order.
        let number = |name: &str| name.parse::<u32>().ok().filter(|at| at.to_string() == name);
        members.sort_by_key(|(name, _)| number(name).map_or((1, 0), |at| (0, at)));
        members
    }

    /// A plain object, which patchpack may take for a struct.
    fn object(&self, members: Vec<(String, Js)>) -> Js {
        let fits = |class: &&Class| {
            let has = |name: &String| class.props.iter().any(|prop| prop.key == *name);
            // The original takes an empty object for the first type, which is one of its quirks.
            class.by_keys && !members.is_empty() && members.iter().all(|(name, _)| has(name))
        };
        match self.0.iter().find(fits) {
            Some(class) => {
                let of = self.0.iter().position(|other| std::ptr::eq(other, class)).unwrap();
                Js::Struct(of, members)
            }
            None => Js::Map(members),
        }
    }

    fn new_instance(&self, of: usize, set: Option<&Json>) -> Js {
        let value = |prop: &Prop| {
            let set = set.and_then(|set| set.get(&prop.key)).or(prop.init.as_ref());
            (prop.key.clone(), set.map_or(Js::Undefined, |value| self.js(value)))
        };
        let mut instance = Js::Struct(of, self.0[of].props.iter().map(value).collect());
        instance.compute(self);
        instance
    }

    /// The change that a recorded step of Mosx made.
    pub(crate) fn step(&self, step: &Json, root: &Js) -> Step {
        let at: Vec<String> =
            step["at"].as_array().map_or_else(Vec::new, |at| at.iter().map(key).collect());
        let values = || -> Vec<Js> {
            let values = step["values"].as_array();
            values.map_or_else(Vec::new, |values| values.iter().map(|each| self.js(each)).collect())
        };
        let len = || match root.at(&at) {
            Some(Js::Array(items)) => items.len(),
            _ => 0,
        };
        let index = |name: &str| step[name].as_u64().unwrap_or_default() as usize;
        match step["do"].as_str().unwrap() {
            "set" => Step::Put(at, key(&step["key"]), self.js(&step["value"])),
            "delete" => Step::Cut(at, key(&step["key"])),
            "clear" => Step::Clear(at),
            "push" => Step::Insert(at.clone(), len(), values()),
            "unshift" => Step::Insert(at, 0, values()),
            "pop" => Step::Splice(at.clone(), len().saturating_sub(1), 1, Vec::new()),
            "shift" => Step::Splice(at, 0, 1, Vec::new()),
            "splice" => Step::Splice(at.clone(), index("index"), index("del"), values()),
            _ => Step::Nothing,
        }
    }

    /// The change that a patch makes.
    pub(crate) fn patch(&self, patch: &Json, root: &Js) -> Step {
        let path = text(&patch["path"]);
        let mut at = Vec::new();
        let mut last = path.strip_prefix('/').unwrap_or(&path);
        // What is no way further is one name with a slash.
        while let Some((first, rest)) = last.split_once('/') {
            at.push(first.to_owned());
            if root.at(&at).is_none() {
                at.pop();
                break;
            }
            last = rest;
        }
        let last = last.to_owned();
        let value = || self.js(&patch["value"]);
        match (patch["op"].as_str().unwrap(), root.at(&at)) {
            ("remove", _) => Step::Cut(at, last),
            ("add", Some(Js::Array(_))) => Step::Insert(at, last.parse().unwrap(), vec![value()]),
            _ => Step::Put(at, last, value()),
        }
    }
}

impl Js {
    fn member(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Struct(_, members) | Self::Map(members) => {
                members.iter().find(|(name, _)| name == key).map(|(_, value)| value)
            }
            Self::Array(items) => items.get(key.parse::<usize>().ok()?),
            _ => None,
        }
    }

    fn member_mut(&mut self, key: &str) -> Option<&mut Self> {
        match self {
            Self::Struct(_, members) | Self::Map(members) => {
                members.iter_mut().find(|(name, _)| name == key).map(|(_, value)| value)
            }
            Self::Array(items) => items.get_mut(key.parse::<usize>().ok()?),
            _ => None,
        }
    }

    pub(crate) fn at(&self, path: &[String]) -> Option<&Self> {
        path.iter().try_fold(self, |value, key| value.member(key))
    }

    fn at_mut(&mut self, path: &[String]) -> &mut Self {
        path.iter().fold(self, |value, key| value.member_mut(key).unwrap())
    }

    /// Does a step.
    pub(crate) fn apply(&mut self, step: &Step, classes: &Classes) {
        match step {
            Step::Nothing => {}
            Step::Put(at, key, value) => match self.at_mut(at) {
                Self::Array(items) if key.parse() == Ok(items.len()) => items.push(value.clone()),
                place => match (place.member_mut(key), value) {
                    (Some(member), value) => *member = value.clone(),
                    (None, value) => match place {
                        Self::Struct(_, members) | Self::Map(members) => {
                            members.push((key.clone(), value.clone()));
                        }
                        place => panic!("nothing can be put to {key} of {place:?}"),
                    },
                },
            },
            Step::Cut(at, key) => match self.at_mut(at) {
                Self::Struct(_, members) | Self::Map(members) => {
                    members.retain(|(name, _)| name != key);
                }
                Self::Array(items) => drop(items.remove(key.parse().unwrap())),
                place => panic!("{key} cannot be taken from {place:?}"),
            },
            Step::Insert(at, index, values) => self.at_mut(at).splice(*index, 0, values),
            Step::Splice(at, index, count, values) => {
                self.at_mut(at).splice(*index, *count, values);
            }
            Step::Clear(at) => match self.at_mut(at) {
                Self::Map(members) => members.clear(),
                Self::Array(items) => items.clear(),
                place => panic!("{place:?} cannot be cleared"),
            },
        }
        self.compute(classes);
    }

    fn splice(&mut self, index: usize, count: usize, values: &[Self]) {
        let Self::Array(items) = self else { panic!("{self:?} is no array") };
        let end = (index + count).min(items.len());
        items.splice(index..end, values.iter().cloned());
    }

    /// Computed properties of an object are what they should be.
    fn compute(&mut self, classes: &Classes) {
        let Self::Struct(of, _) = self else { return };
        for prop in &classes.0[*of].props {
            let Some((from, make)) = prop.computed else { continue };
            let Some(Self::Number(from)) = self.member(from) else { continue };
            let value = Self::Number(make(*from));
            *self.member_mut(&prop.key).unwrap() = value;
        }
    }
}

/// A key as messages have it.
fn key(recorded: &Json) -> String {
    recorded.as_str().map_or_else(|| recorded.to_string(), str::to_owned)
}

pub(crate) fn text(json: &Json) -> String {
    json.as_str().unwrap().to_owned()
}

fn texts(list: &Json) -> Vec<String> {
    list.as_array().unwrap().iter().map(text).collect()
}
