//! Callbacks: a client is told of the changes that it asked for.

mod look;

use std::{
    any::Any,
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    fmt,
};

use tidewire_state::{
    RefId,
    receive::{Detached, StructSink},
};

use super::{
    Decoder,
    change::{Operation, OwnedChange, OwnedPlace},
    error::DecodeError,
};

/// A decoder that calls back.
///
/// What to hear of is named by a path of fields from the root (`""` is the root, `"hero.hand"` is
/// the field `hand` of its field `hero`), which follows what is put there, or by the [`RefId`] of a
/// structure, which ends when that structure is gone. The second is how to go on from an entry of
/// a collection: [`node`] of the change tells its refId.
///
/// **When.** A message is applied to its end first; then what changed is told, so [`state`] is
/// always what the message left. If the message has a fault, what came before it is told.
///
/// **In which order.** That of the changes in the message. At the first change of a structure
/// [`on_change`] comes, with all of that structure's; then, for each change, [`on_remove`],
/// [`on_add`] and [`listen`]. Callbacks for the same come in the order in which they were bound.
///
/// **From when on.** [`on_add`] and [`listen`] tell at once what is there already, before they
/// return. What is bound within a callback hears so of all that came with the same message, and is
/// told nothing of it twice; then it hears of later messages.
///
/// ```
/// use std::{cell::RefCell, rc::Rc};
/// use tidewire_schema::{Callbacks, Decoder, OwnedPlace};
/// use tidewire_state::{MapSchema, Schema};
///
/// #[derive(Schema, Default)]
/// # #[schema(crate = "tidewire_state")]
/// struct Player { hp: u8 }
/// #[derive(Schema, Default)]
/// # #[schema(crate = "tidewire_state")]
/// struct Arena { turn: String, players: MapSchema<Player> }
///
/// let mut callbacks = Callbacks::new(Decoder::<Arena>::new());
/// let log = Rc::new(RefCell::new(Vec::new()));
/// let heard = log.clone();
/// callbacks.on_add("players", move |callbacks, added| {
///     let OwnedPlace::Entry(name) = added.place.clone() else { return };
///     heard.borrow_mut().push(format!("{name} has {}", callbacks.state().players[&name].hp));
///     let (Some(player), heard) = (added.node(), heard.clone()) else { return };
///     callbacks.listen(player, "hp", move |_, change| {
///         heard.borrow_mut().push(format!("hp of {name}: {:?} to {:?}", change.previous, change.value));
///     });
/// });
/// // Field 1 is the structure 1; its entry 0 is "ada" and the structure 2, of which hp is 9.
/// callbacks.apply(b"\x81\x01\xff\x01\x80\x00\xa3ada\x02\xff\x02\x80\x09")?;
/// callbacks.apply(b"\xff\x02\x80\x07")?;
/// assert_eq!(
///     *log.borrow(),
///     ["ada has 9", "hp of ada: None to Some(Value(9))", "hp of ada: Some(Value(9)) to Some(Value(7))"]
/// );
/// # Ok::<(), tidewire_schema::DecodeError>(())
/// ```
///
/// [`state`]: Self::state
/// [`listen`]: Self::listen
/// [`on_add`]: Self::on_add
/// [`on_remove`]: Self::on_remove
/// [`on_change`]: Self::on_change
/// [`node`]: OwnedChange::node
pub struct Callbacks<S> {
    decoder: Decoder<S>,
    bound: BTreeMap<Binding, Bound<S>>,
    /// The callbacks on structures, each list in order.
    by_node: HashMap<RefId, Vec<Binding>>,
    /// The callbacks on paths, in order.
    by_path: Vec<Binding>,
    next: u64,
    /// How many messages were applied.
    applied: u64,
    waiting: VecDeque<Batch>,
    telling: bool,
    running: Option<Binding>,
    /// What went with the message that is told.
    removed: HashMap<u32, Detached>,
}

/// A callback that was bound, by which it is unbound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Binding(u64);

/// What callbacks are about: a path of fields from the root, or a structure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallbackTarget {
    /// Names of fields from the root, with dots between; `""` is the root.
    Path(String),
    /// A structure.
    Node(RefId),
}

struct Bound<S> {
    target: CallbackTarget,
    kind: Kind,
    /// The last message that it is not told of.
    after: u64,
    /// The last message that it is told of, once its structure is gone.
    until: u64,
    /// Out while it runs.
    call: Option<Call<S>>,
}

type Call<S> = Box<dyn FnMut(&mut Callbacks<S>, &[OwnedChange])>;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Listen(String),
    Add,
    Remove,
    Change,
}

/// The changes of a message that are yet to be told.
struct Batch {
    message: u64,
    changes: Vec<OwnedChange>,
    /// Which structures the paths led to.
    paths: HashMap<RefId, Vec<Binding>>,
    removed: HashMap<u32, Detached>,
}

impl<S: StructSink> Callbacks<S> {
    /// Callbacks on what a decoder receives from now on. It may have received something already.
    pub fn new(mut decoder: Decoder<S>) -> Self {
        decoder.tree.removed = Some(HashMap::new());
        Self {
            decoder,
            bound: BTreeMap::new(),
            by_node: HashMap::new(),
            by_path: Vec::new(),
            next: 0,
            applied: 0,
            waiting: VecDeque::new(),
            telling: false,
            running: None,
            removed: HashMap::new(),
        }
    }

    /// Tells when a field of a struct changes, and at once what it holds. The change has the value
    /// and the previous one; at first there is no previous one. An absent field is told when it
    /// comes, and when it goes.
    pub fn listen(
        &mut self,
        target: impl Into<CallbackTarget>,
        field: &str,
        callback: impl FnMut(&mut Self, &OwnedChange) + 'static,
    ) -> Binding {
        let binding = self.bind(target.into(), Kind::Listen(field.to_owned()), each(callback));
        if let Some(change) =
            self.node_of(binding).and_then(|id| look::field(&mut self.decoder, id, field))
        {
            self.call(binding, u64::MAX, &[change]);
        }
        binding
    }

    /// Tells of each entry or item that is put into a collection, and at once of those that are
    /// there. The place of the change is its key or index, the value what it is.
    pub fn on_add(
        &mut self,
        target: impl Into<CallbackTarget>,
        callback: impl FnMut(&mut Self, &OwnedChange) + 'static,
    ) -> Binding {
        let binding = self.bind(target.into(), Kind::Add, each(callback));
        let there = self.node_of(binding).map(|id| look::entries(&mut self.decoder, id));
        for change in there.into_iter().flatten() {
            self.call(binding, u64::MAX, &[change]);
        }
        binding
    }

    /// Tells of each entry or item that is taken out of a collection. The previous value of the
    /// change is what it was. A struct is no longer in the state then: [`removed`](Self::removed) has
    /// it, by the refId that the previous value is. A collection that goes as a whole, with the field that it is in, tells nothing.
    pub fn on_remove(
        &mut self,
        target: impl Into<CallbackTarget>,
        callback: impl FnMut(&mut Self, &OwnedChange) + 'static,
    ) -> Binding {
        self.bind(target.into(), Kind::Remove, each(callback))
    }

    /// Tells, once a message, what changed of a structure: of a struct all fields, of a collection
    /// what got another value where it is or moved, but not what was added or removed.
    pub fn on_change(
        &mut self,
        target: impl Into<CallbackTarget>,
        callback: impl FnMut(&mut Self, &[OwnedChange]) + 'static,
    ) -> Binding {
        self.bind(target.into(), Kind::Change, Box::new(callback))
    }

    /// Ends a callback, from wherever: it is not called any more, also not for what is yet to be
    /// told of this message. Whether there was one.
    pub fn unbind(&mut self, binding: Binding) -> bool {
        let Some(bound) = self.bound.remove(&binding) else { return false };
        match bound.target {
            CallbackTarget::Path(_) => self.by_path.retain(|other| *other != binding),
            CallbackTarget::Node(id) => {
                if let Some(list) = self.by_node.get_mut(&id) {
                    list.retain(|other| *other != binding);
                    if list.is_empty() {
                        self.by_node.remove(&id);
                    }
                }
            }
        }
        true
    }

    /// Within a callback, that callback: so it can unbind itself.
    pub fn running(&self) -> Option<Binding> {
        self.running
    }

    /// Applies a message and calls back. Within a callback the message is applied at once, and told
    /// of when all that came before is.
    ///
    /// # Errors
    ///
    /// If the message cannot be read: where, and why. What came before the fault was told.
    pub fn apply(&mut self, message: &[u8]) -> Result<(), DecodeError> {
        let mut changes = Vec::new();
        let result = self.decoder.apply_with(message, &mut changes);
        self.applied(changes, &HashSet::new());
        result
    }

    /// As [`Decoder::apply_unreliable`], and calls back. Returns whether the patch was taken.
    ///
    /// # Errors
    ///
    /// As [`Decoder::apply_unreliable`]. Then nothing is told.
    pub fn apply_unreliable(
        &mut self,
        number: u16,
        operations: &[u8],
    ) -> Result<bool, DecodeError> {
        let mut changes = Vec::new();
        let result = self.decoder.apply_unreliable_with(number, operations, &mut changes);
        self.applied(changes, &HashSet::new());
        result
    }

    /// As [`Decoder::resync`], and calls back for what differs. What is bound to a structure that
    /// stays goes on hearing of it.
    ///
    /// # Errors
    ///
    /// If the snapshot cannot be read. Then nothing is told.
    pub fn resync(&mut self, snapshot: &[u8]) -> Result<(), DecodeError> {
        let mut changes = Vec::new();
        let result = self.decoder.reconcile(snapshot, &mut changes);
        let none = HashSet::new();
        self.applied(changes, result.as_ref().unwrap_or(&none));
        result.map(drop)
    }

    /// Tells what changed, now or when all that came before is told. What is `gone` may have left
    /// its refId to something else.
    fn applied(&mut self, changes: Vec<OwnedChange>, gone: &HashSet<u32>) {
        self.applied += 1;
        let mut paths: HashMap<RefId, Vec<Binding>> = HashMap::new();
        for &binding in &self.by_path {
            if let Some(id) = self.node_of(binding) {
                paths.entry(id).or_default().push(binding);
            }
        }
        for (id, list) in &self.by_node {
            let replaced = gone.contains(&id.0);
            if replaced || !look::exists(&self.decoder, *id) {
                // What has the refId now is not what they are about.
                let until = self.applied - u64::from(replaced);
                for binding in list {
                    if let Some(bound) = self.bound.get_mut(binding) {
                        bound.until = bound.until.min(until);
                    }
                }
            }
        }
        let removed = self.decoder.tree.removed.replace(HashMap::new()).unwrap_or_default();
        self.waiting.push_back(Batch { message: self.applied, changes, paths, removed });
        if !self.telling {
            self.telling = true;
            while let Some(mut batch) = self.waiting.pop_front() {
                self.removed = std::mem::take(&mut batch.removed);
                self.tell(&batch);
            }
            self.removed.clear();
            self.telling = false;
            self.forget_gone();
        }
    }

    /// Within a callback, an instance that the message took out of the state, as it was last.
    ///
    /// It is there if it was itself taken out; what it held is in it.
    ///
    /// ```
    /// # use tidewire_schema::{Callbacks, Decoder, OwnedValue};
    /// # use tidewire_state::{MapSchema, Schema};
    /// # #[derive(Schema, Default)]
    /// # #[schema(crate = "tidewire_state")]
    /// # struct Player { name: String }
    /// # #[derive(Schema, Default)]
    /// # #[schema(crate = "tidewire_state")]
    /// # struct Arena { players: MapSchema<Player> }
    /// # let mut callbacks = Callbacks::new(Decoder::<Arena>::new());
    /// # let (sender, heard) = std::sync::mpsc::channel();
    /// # callbacks.apply(b"\x80\x01\xff\x01\x80\x00\xa1a\x02\xff\x02\x80\xa3Ada")?;
    /// callbacks.on_remove("players", move |callbacks, change| {
    ///     let Some(OwnedValue::Node(id)) = change.previous else { return };
    ///     let player = callbacks.removed::<Player>(id).expect("it is gone");
    ///     sender.send(player.name.clone()).expect("somebody listens");
    /// });
    /// # callbacks.apply(b"\xff\x01\x40\x00")?;
    /// # assert_eq!(heard.try_recv().as_deref(), Ok("Ada"));
    /// # Ok::<(), tidewire_schema::DecodeError>(())
    /// ```
    pub fn removed<T: StructSink>(&self, id: RefId) -> Option<&T> {
        let Detached::Struct(node) = self.removed.get(&id.0)? else { return None };
        let node: &dyn Any = &**node;
        node.downcast_ref()
    }

    /// The state.
    pub fn state(&self) -> &S {
        self.decoder.state()
    }

    /// The decoder.
    pub fn decoder(&self) -> &Decoder<S> {
        &self.decoder
    }

    /// Gives the decoder away.
    pub fn into_decoder(mut self) -> Decoder<S> {
        self.decoder.tree.removed = None;
        self.decoder
    }

    fn bind(&mut self, target: CallbackTarget, kind: Kind, call: Call<S>) -> Binding {
        let binding = Binding(self.next);
        self.next += 1;
        match &target {
            CallbackTarget::Path(_) => self.by_path.push(binding),
            CallbackTarget::Node(id) => self.by_node.entry(*id).or_default().push(binding),
        }
        let (after, until) = (self.applied, u64::MAX);
        self.bound.insert(binding, Bound { target, kind, after, until, call: Some(call) });
        binding
    }

    /// The structure that a callback is about, if it is there.
    fn node_of(&self, binding: Binding) -> Option<RefId> {
        match &self.bound.get(&binding)?.target {
            CallbackTarget::Path(path) => look::node_at(&self.decoder, path),
            CallbackTarget::Node(id) => Some(*id).filter(|id| look::exists(&self.decoder, *id)),
        }
    }

    /// Tells the changes of a message.
    fn tell(&mut self, batch: &Batch) {
        // What is bound now and in this message; callbacks may bind and unbind others.
        let mut all: HashMap<RefId, Option<Vec<OwnedChange>>> = HashMap::new();
        for change in &batch.changes {
            if self.is_bound(batch, change.structure) && happened(change).changed {
                let list = all.entry(change.structure).or_insert_with(|| Some(Vec::new()));
                list.iter_mut().for_each(|list| list.push(change.clone()));
            }
        }
        for change in &batch.changes {
            let id = change.structure;
            if !self.is_bound(batch, id) {
                continue;
            }
            if let Some(changes) = all.get_mut(&id).and_then(Option::take) {
                self.tell_each(batch, id, &changes, |kind| *kind == Kind::Change);
            }
            let one = std::slice::from_ref(change);
            let happened = happened(change);
            if happened.removed {
                self.tell_each(batch, id, one, |kind| *kind == Kind::Remove);
            }
            if happened.added {
                self.tell_each(batch, id, one, |kind| *kind == Kind::Add);
            }
            if let OwnedPlace::Field(_, name) = &change.place {
                let listens = |kind: &Kind| matches!(kind, Kind::Listen(field) if field == name);
                self.tell_each(batch, id, one, listens);
            }
        }
    }

    fn is_bound(&self, batch: &Batch, id: RefId) -> bool {
        self.by_node.contains_key(&id) || batch.paths.contains_key(&id)
    }

    /// Calls those of a kind, in the order in which they were bound.
    fn tell_each(
        &mut self,
        batch: &Batch,
        id: RefId,
        changes: &[OwnedChange],
        is_meant: impl Fn(&Kind) -> bool,
    ) {
        let lists = [self.by_node.get(&id), batch.paths.get(&id)];
        let mut bindings: Vec<Binding> = lists.into_iter().flatten().flatten().copied().collect();
        bindings.retain(|one| self.bound.get(one).is_some_and(|bound| is_meant(&bound.kind)));
        bindings.sort_unstable();
        for binding in bindings {
            self.call(binding, batch.message, changes);
        }
    }

    /// Calls one, unless it is not to hear of this message.
    fn call(&mut self, binding: Binding, message: u64, changes: &[OwnedChange]) {
        let Some(bound) = self.bound.get_mut(&binding) else { return };
        if message != u64::MAX && (message <= bound.after || message > bound.until) {
            return;
        }
        let Some(mut call) = bound.call.take() else { return };
        let outer = self.running.replace(binding);
        call(self, changes);
        self.running = outer;
        if let Some(bound) = self.bound.get_mut(&binding) {
            bound.call = Some(call);
        }
    }

    /// Unbinds what was about structures that are gone, before their refIds are used again.
    fn forget_gone(&mut self) {
        let gone = self.bound.iter().filter(|(_, bound)| bound.until < u64::MAX);
        let gone: Vec<Binding> = gone.map(|(binding, _)| *binding).collect();
        for binding in gone {
            self.unbind(binding);
        }
    }
}

/// What a change was.
struct Happened {
    added: bool,
    removed: bool,
    changed: bool,
}

fn happened(change: &OwnedChange) -> Happened {
    if matches!(change.place, OwnedPlace::Field(..)) {
        return Happened { added: false, removed: false, changed: true };
    }
    let is_item = matches!(change.place, OwnedPlace::Item(_));
    let is_node = change.node().is_some();
    let (added, removed) = match (&change.previous, &change.value, change.operation) {
        (None, Some(_), _) => (true, false),
        (Some(_), None, _) => (false, true),
        (_, _, Operation::DeleteAndAdd) => (true, true),
        // In an array this puts in before what is there; in a map it takes its place.
        (_, _, Operation::Add | Operation::MoveAndAdd) if is_item => (true, false),
        (_, _, Operation::Add | Operation::MoveAndAdd) if is_node => (true, true),
        _ => (false, false),
    };
    Happened { added, removed, changed: !added && !removed }
}

/// Calls with each change by itself.
fn each<S>(mut call: impl FnMut(&mut Callbacks<S>, &OwnedChange) + 'static) -> Call<S> {
    Box::new(move |callbacks, changes| changes.iter().for_each(|change| call(callbacks, change)))
}

impl From<RefId> for CallbackTarget {
    fn from(id: RefId) -> Self {
        Self::Node(id)
    }
}

impl From<&str> for CallbackTarget {
    fn from(path: &str) -> Self {
        Self::Path(path.to_owned())
    }
}

impl<S: fmt::Debug> fmt::Debug for Callbacks<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Callbacks");
        debug.field("decoder", &self.decoder).field("bound", &self.bound.len());
        debug.finish_non_exhaustive()
    }
}
