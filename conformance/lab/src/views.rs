//! The room `views`: what each client sees is its own affair, and it says itself what that is to be.

use tidewire::prelude::*;
use tidewire::state::{Handle, Pool};

#[derive(Schema, Default)]
pub(crate) struct Stage {
    title: String,
    players: MapSchema<Hero>,
    #[schema(pool)]
    cards: Pool<Card>,
}

#[derive(Schema, Default)]
struct Body {
    name: String,
    #[schema(quantized(min = -100.0, max = 100.0, bits = 16))]
    x: f32,
}

#[derive(Schema, Default)]
struct Hero {
    #[schema(base)]
    body: Body,
    #[schema(view)]
    hand: ArraySchema<Card>,
    #[schema(view)]
    bag: SetSchema<Handle<Card>>,
    /// For those with the tag 2.
    #[schema(view(2))]
    secret: String,
}

#[derive(Schema, Default)]
struct Card {
    name: String,
}

#[derive(Deserialize)]
struct Look {
    op: String,
    path: Vec<String>,
    tag: Option<i32>,
}

#[derive(Default)]
pub(crate) struct ViewsRoom;

impl Room for ViewsRoom {
    type State = Stage;

    fn on_create(&mut self, room: &mut RoomContext<Self>) -> Result<()> {
        crate::choose_serializers(room)?;
        room.set_auto_dispose(false);
        room.on_message("look", |_, room, client, Look { op, path, tag }: Look| {
            let mut view = room.view(client);
            match (op.as_str(), tag) {
                ("add", Some(tag)) => view.add_with(&path, tag),
                ("add", None) => view.add(&path),
                ("remove", Some(tag)) => view.remove_with(&path, tag),
                ("remove", None) => view.remove(&path),
                ("subscribe", _) => view.subscribe(&path),
                ("unsubscribe", _) => view.unsubscribe(&path),
                _ => Err(Error::new(format!("a view has no operation {op:?}"))),
            }
        });
        room.on_message("title", |_, room, _, title: String| {
            room.state.title = title;
            Ok(())
        });
        room.on_message("walk", |_, room, client, x: f32| {
            hero(room, client)?.body.x = x;
            Ok(())
        });
        room.on_message("secret", |_, room, client, secret: String| {
            hero(room, client)?.secret = secret;
            Ok(())
        });
        room.on_message("draw", |_, room, client, name: String| {
            hero(room, client)?.hand.push(Card { name });
            Ok(())
        });
        room.on_message("play", |_, room, client, at: usize| {
            let hand = &mut hero(room, client)?.hand;
            if at < hand.len() {
                hand.remove(at);
            }
            Ok(())
        });
        room.on_message("pack", |_, room, client, name: String| {
            let card = room.state.cards.insert(Card { name });
            hero(room, client)?.bag.insert(card);
            Ok(())
        });
        Ok(())
    }

    fn on_join(
        &mut self,
        room: &mut RoomContext<Self>,
        client: &Client,
        options: Options,
    ) -> Result<()> {
        let name = options.get_or("name", "anonymous".to_owned())?;
        let secret = format!("secret of {name}");
        let body = Body { name, x: 0.0 };
        let id = client.session_id();
        room.state.players.insert(id, Hero { body, secret, ..Hero::default() });
        if options.get_or("sees", true)? {
            room.view(client).add_with(&["players", id], 2)?;
            room.view(client).subscribe(&["players", id, "hand"])?;
        }
        Ok(())
    }

    fn on_leave(
        &mut self,
        room: &mut RoomContext<Self>,
        client: &Client,
        _: LeaveReason,
    ) -> Result<()> {
        room.state.players.remove(client.session_id());
        Ok(())
    }
}

fn hero<'a>(room: &'a mut RoomContext<ViewsRoom>, client: &Client) -> Result<&'a mut Hero> {
    room.state.players.get_mut(client.session_id()).context("not playing")
}
