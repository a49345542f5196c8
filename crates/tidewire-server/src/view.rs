//! What a client sees of the fields that are not for everyone: docs/VIEWS.md has the rule.

use tidewire_state::{Explanation, Held, Schema, Tag, Tracked, ViewId};

use crate::error::{Error, Result};

/// The view of a client, as room code works on it: [`RoomContext::view`](crate::RoomContext::view).
///
/// A path is the names of fields, keys and indexes from the root on. Nothing here sends anything: what is added comes
/// with the next patch, or with the first state, with its values of then.
///
/// ```
/// use tidewire_server::{Client, LeaveReason, Options, Result, Room, RoomContext};
/// use tidewire_state::{ArraySchema, MapSchema, Schema};
///
/// #[derive(Schema, Default)]
/// # #[schema(crate = "tidewire_state")]
/// struct Card { suit: String, rank: u8 }
///
/// #[derive(Schema, Default)]
/// # #[schema(crate = "tidewire_state")]
/// struct Player {
///     name: String,
///     #[schema(view)]
///     hand: ArraySchema<Card>,
/// }
///
/// #[derive(Schema, Default)]
/// # #[schema(crate = "tidewire_state")]
/// struct Table { players: MapSchema<Player> }
///
/// #[derive(Default)]
/// struct CardRoom;
///
/// impl Room for CardRoom {
///     type State = Table;
///
///     fn on_create(&mut self, room: &mut RoomContext<Self>) -> Result<()> {
///         room.on_message("draw", |_, room, client, (): ()| {
///             if let Some(player) = room.state.players.get_mut(client.session_id()) {
///                 // Only who drew it sees it.
///                 player.hand.push(Card { suit: "hearts".into(), rank: 12 });
///             }
///             Ok(())
///         });
///         room.on_message("show", |_, room, client, other: String| {
///             let Some(other) = room.client(&other).cloned() else { return Ok(()) };
///             room.view(&other).add(&["players", client.session_id(), "hand"])
///         });
///         Ok(())
///     }
///
///     fn on_join(&mut self, room: &mut RoomContext<Self>, client: &Client, _: Options) -> Result<()> {
///         room.state.players.insert(client.session_id(), Player::default());
///         room.view(client).subscribe(&["players", client.session_id(), "hand"])
///     }
///
///     fn on_leave(&mut self, room: &mut RoomContext<Self>, client: &Client, _: LeaveReason) -> Result<()> {
///         room.state.players.remove(client.session_id());
///         Ok(())
///     }
/// }
/// ```
///
/// Of a client that has left nothing can be added, and [`has`](Self::has) is never true.
#[derive(Debug)]
pub struct ClientView<'a, S: Schema> {
    state: &'a mut Tracked<S>,
    /// None of a client that has left.
    view: Option<ViewId>,
}

impl<'a, S: Schema> ClientView<'a, S> {
    pub(crate) fn new(state: &'a mut Tracked<S>, view: Option<ViewId>) -> Self {
        Self { state, view }
    }

    /// Adds the instance or collection at a path, and what is below it now: fields that are not marked, and those with the
    /// default tag.
    ///
    /// # Errors
    /// When the path leads to no instance or collection, or the client has left.
    pub fn add<P: AsRef<str>>(&mut self, path: &[P]) -> Result<()> {
        self.add_with(path, Tag::DEFAULT)
    }

    /// As [`add`](Self::add), with a tag: fields whose own tag shares a bit with it show too.
    ///
    /// # Errors
    /// As of [`add`](Self::add).
    pub fn add_with<P: AsRef<str>>(&mut self, path: &[P], tag: impl Into<Tag>) -> Result<()> {
        let view = self.there()?;
        self.state.view_add(view, path, tag.into()).context_of(path)
    }

    /// Takes the instance or collection at a path out with all of its tags, and what is below it now.
    ///
    /// # Errors
    /// As of [`add`](Self::add).
    pub fn remove<P: AsRef<str>>(&mut self, path: &[P]) -> Result<()> {
        self.remove_with(path, Tag::DEFAULT)
    }

    /// Takes the bits of a tag away, there and below; what was added otherwise too stays.
    ///
    /// # Errors
    /// As of [`add`](Self::add).
    pub fn remove_with<P: AsRef<str>>(&mut self, path: &[P], tag: impl Into<Tag>) -> Result<()> {
        let view = self.there()?;
        self.state.view_remove(view, path, tag.into()).context_of(path)
    }

    /// Adds the collection at a path, and from now on by itself each instance that comes to it, with what is below it then.
    ///
    /// # Errors
    /// When the path leads to no collection, or the client has left.
    pub fn subscribe<P: AsRef<str>>(&mut self, path: &[P]) -> Result<()> {
        self.subscribe_with(path, Tag::DEFAULT)
    }

    /// As [`subscribe`](Self::subscribe), with a tag for all that is added so.
    ///
    /// # Errors
    /// As of [`subscribe`](Self::subscribe).
    pub fn subscribe_with<P: AsRef<str>>(&mut self, path: &[P], tag: impl Into<Tag>) -> Result<()> {
        let view = self.there()?;
        self.state.view_subscribe(view, path, tag.into()).context_of(path)
    }

    /// Ends a subscription, and takes the collection and what is below it out. Without a subscription nothing happens.
    ///
    /// # Errors
    /// As of [`add`](Self::add).
    pub fn unsubscribe<P: AsRef<str>>(&mut self, path: &[P]) -> Result<()> {
        let view = self.there()?;
        self.state.view_unsubscribe(view, path).context_of(path)
    }

    /// Takes everything out, and ends all subscriptions.
    pub fn clear(&mut self) {
        if let Some(view) = self.view {
            self.state.view_clear(view);
        }
    }

    /// Asks the filters for this client again with the next patch: something changed that they depend on and that no walk
    /// sees, such as what is skipped, or time. For all clients, that is `room.state.refilter()`.
    pub fn refilter(&mut self) {
        if let Some(view) = self.view {
            self.state.refilter_view(view);
        }
    }

    /// Whether what is at a path was added, by itself or as part of something.
    pub fn has<P: AsRef<str>>(&mut self, path: &[P]) -> bool {
        self.held(path).is_some()
    }

    /// The bits of the tags that what is at a path was added with; nothing if it was not added.
    pub fn tags<P: AsRef<str>>(&mut self, path: &[P]) -> Option<i32> {
        Some(self.held(path)?.bits)
    }

    /// What the client sees beside what is public, and why, a node a line: for logs. It is as of the last patch, and looks
    /// at the whole state.
    #[must_use]
    pub fn explain(&self) -> Explanation {
        let explained = self.view.and_then(|view| self.state.view_explain(view));
        explained.unwrap_or_default()
    }

    fn held<P: AsRef<str>>(&mut self, path: &[P]) -> Option<Held> {
        let view = self.view?;
        let node = self.state.node(path).ok()?;
        self.state.view(view)?.held(node)
    }

    fn there(&self) -> Result<ViewId> {
        self.view.ok_or_else(|| Error::new("the client has left, and its view with it"))
    }
}

/// Says which path it was.
trait ContextOf<T> {
    fn context_of<P: AsRef<str>>(self, path: &[P]) -> Result<T>;
}

impl<T> ContextOf<T> for Result<T, tidewire_state::PathError> {
    fn context_of<P: AsRef<str>>(self, path: &[P]) -> Result<T> {
        self.map_err(|error| {
            let steps: Vec<&str> = path.iter().map(AsRef::as_ref).collect();
            Error::new(format!("/{}: {error}", steps.join("/")))
        })
    }
}
