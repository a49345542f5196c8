//! The server that `sdk.test.mjs` and `serializers.test.mjs` join. README.md, beside the tests, is its contract.

mod lines;
mod views;

use std::time::Duration;

use tidewire::{
    prelude::*,
    protocol::msgpack::Value,
    server::{close, code},
};

use self::lines::Lines;

#[derive(Schema, Default)]
struct Lab {
    title: String,
    #[schema(number, unreliable)]
    tick: f64,
    players: MapSchema<Player>,
    log: ArraySchema<String>,
    scores: MapSchema<Number>,
    prize: Option<Item>,
}

#[derive(Schema, Default)]
struct Player {
    name: String,
    x: f32,
    y: f32,
    items: ArraySchema<Item>,
}

#[derive(Schema, Default, Deserialize)]
struct Item {
    name: String,
    n: u8,
}

#[derive(Deserialize)]
struct Move {
    dx: f32,
    dy: f32,
}

#[derive(Deserialize)]
struct Score {
    key: String,
    value: Option<f64>,
}

#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "lowercase")]
enum Edit {
    Push { name: String, n: u8 },
    Insert { at: usize, name: String, n: u8 },
    Remove { at: usize },
    Rename { at: usize, name: String },
    Swap { a: usize, b: usize },
    Sort,
    Reverse,
    Clear,
}

#[derive(Serialize)]
struct Left<'a> {
    id: &'a str,
    consented: bool,
}

#[derive(Serialize)]
struct Said<'a> {
    from: &'a str,
    text: &'a str,
}

/// The one kind of room. `LOCKED` ones want a token.
#[derive(Default)]
struct LabRoom<const LOCKED: bool>;

impl<const LOCKED: bool> Room for LabRoom<LOCKED> {
    type State = Lab;

    async fn on_auth(request: AuthRequest) -> Result<AuthData> {
        let token: Option<String> = request.options.get("token")?;
        if LOCKED && token.as_deref() != Some("ok") {
            return Err(Error::new("wrong token").with_code(code::AUTH_FAILED));
        }
        Ok(AuthData::none())
    }

    fn on_create(&mut self, room: &mut RoomContext<Self>) -> Result<()> {
        room.state.title = room.options().get_or("title", "lab".to_owned())?;
        if let Some(clients) = room.options().get::<usize>("maxClients")? {
            room.set_max_clients(clients);
        }
        choose_serializers(room)?;
        room.set_auto_dispose(false);
        room.set_simulation_interval(Duration::from_millis(50), |_, room, _| {
            room.state.tick += 1.0;
            Ok(())
        });
        echoes(room);
        edits(room);
        room.on_message("say", |_, room, client, text: String| {
            let said = Said { from: client.session_id(), text: &text };
            room.broadcast_except("said", &said, client)
        });
        room.on_message("kick", |_, _, client, (): ()| {
            client.leave(close::CONSENTED);
            Ok(())
        });
        room.on_message("boom", |_, _, _, (): ()| Err(Error::new("boom")));
        room.on_message("panic", |_, _, _, (): ()| panic!("a client asked for it"));
        room.on_request("sum", |_, _, _, numbers: Vec<f64>| {
            Ok(numbers.iter().fold(0.0, |sum, number| sum + number))
        });
        room.on_request("refuse", |_, _, _, (): ()| Err::<(), _>(Error::new("not now")));
        Ok(())
    }

    fn on_join(
        &mut self,
        room: &mut RoomContext<Self>,
        client: &Client,
        options: Options,
    ) -> Result<()> {
        let name = options.get_or("name", "anonymous".to_owned())?;
        room.state.players.insert(client.session_id(), Player { name, ..Player::default() });
        Ok(())
    }

    fn on_leave(
        &mut self,
        room: &mut RoomContext<Self>,
        client: &Client,
        reason: LeaveReason,
    ) -> Result<()> {
        room.state.players.remove(client.session_id());
        let left = Left { id: client.session_id(), consented: reason.is_consented() };
        room.broadcast_except("left", &left, client)
    }
}

/// Those that the creator's option `serializers` names, the first one for clients that ask for none.
fn choose_serializers<R: Room>(room: &mut RoomContext<R>) -> Result<()> {
    let names: Vec<String> = room.options().get_or("serializers", Vec::new())?;
    for (at, name) in names.iter().enumerate() {
        let codec = match name.as_str() {
            "schema" => Codec::Schema,
            "json" => Codec::Json,
            "mpack" => Codec::Mpack,
            "light" => Codec::Light,
            "patchpack" => Codec::Patchpack,
            "none" => Codec::None,
            "lines" => Codec::own(Lines),
            other => return Err(Error::new(format!("the lab has no serializer {other:?}"))),
        };
        if at == 0 {
            room.set_serializer(codec)?;
        } else {
            room.add_serializer(codec)?;
        }
    }
    Ok(())
}

fn echoes<const LOCKED: bool>(room: &mut RoomContext<LabRoom<LOCKED>>) {
    room.on_message("echo", |_, _, client, value: Value| client.send("echo", &value));
    room.on_message(7, |_, _, client, value: Value| client.send(7, &value));
    room.on_message_bytes("bytes", |_, _, client, bytes| {
        client.send_bytes("bytes", bytes);
        Ok(())
    });
}

fn edits<const LOCKED: bool>(room: &mut RoomContext<LabRoom<LOCKED>>) {
    room.on_message("move", |_, room, client, step: Move| {
        let player = player(room, client)?;
        player.x += step.dx;
        player.y += step.dy;
        Ok(())
    });
    room.on_message("push", |_, room, _, text: String| {
        room.state.log.push(text);
        Ok(())
    });
    room.on_message("shift", |_, room, _, (): ()| {
        if !room.state.log.is_empty() {
            room.state.log.remove(0);
        }
        Ok(())
    });
    room.on_message("score", |_, room, _, Score { key, value }: Score| {
        match value {
            Some(value) => room.state.scores.insert(key, Number(value)),
            None => room.state.scores.remove(&key),
        };
        Ok(())
    });
    room.on_message("prize", |_, room, _, prize: Option<Item>| {
        room.state.prize = prize;
        Ok(())
    });
    room.on_message("item", |_, room, client, edit: Edit| {
        edit_items(&mut player(room, client)?.items, edit)
    });
}

fn player<'a, R: Room<State = Lab>>(
    room: &'a mut RoomContext<R>,
    client: &Client,
) -> Result<&'a mut Player> {
    room.state.players.get_mut(client.session_id()).context("not playing")
}

fn edit_items(items: &mut ArraySchema<Item>, edit: Edit) -> Result<()> {
    let len = items.len();
    let check = |at: usize, len: usize| (at < len).then_some(at).context("there is no such item");
    match edit {
        Edit::Push { name, n } => items.push(Item { name, n }),
        Edit::Insert { at, name, n } => items.insert(check(at, len + 1)?, Item { name, n }),
        Edit::Remove { at } => drop(items.remove(check(at, len)?)),
        Edit::Rename { at, name } => items[check(at, len)?].name = name,
        Edit::Swap { a, b } => items.swap(check(a, len)?, check(b, len)?),
        Edit::Sort => items.sort_by(|a, b| a.name.cmp(&b.name)),
        Edit::Reverse => items.reverse(),
        Edit::Clear => items.clear(),
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<()> {
    let one_client = Options::from(serde_json::json!({"maxClients": 1}));
    let tiny = || Definition::new(LabRoom::<false>::default).options(one_client.clone());
    let running = Server::new()
        .define::<LabRoom<false>>("lab")
        .define::<LabRoom<false>>("serializers")
        .define::<views::ViewsRoom>("views")
        .define_with("tiny", tiny())
        .define_with("vacant", tiny())
        .define::<LabRoom<true>>("locked_auth")
        .start("127.0.0.1:0")
        .await?;
    println!("listening on http://{}", running.address());
    running.wait().await
}
