//! Hero-defense: players and turrets shoot at monsters that walk to a base.

pub mod geometry;
pub mod state;
pub mod world;

use std::time::Duration;

use tidewire::prelude::*;
use tidewire::server::land::{Land, types_of};

use self::state::{Angle, HeroDefenseState, Position2};
use self::world::{Fire, Random};

/// The payload of `Play`: nothing.
#[derive(Schema, Default, Deserialize)]
pub struct PlayAction {}

/// The answer to it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlayResponse {
    /// The score now.
    pub new_score: i32,
}

/// The payload of `MoveTo`.
#[derive(Schema, Default, Deserialize)]
pub struct MoveToEvent {
    /// Where to.
    pub target: Position2,
}

/// The payload of `Shoot`: nothing.
#[derive(Schema, Default, Deserialize)]
pub struct ShootEvent {}

/// The payload of `UpdateRotation`.
#[derive(Schema, Default, Deserialize)]
pub struct UpdateRotationEvent {
    /// Where the player looks.
    pub rotation: Angle,
}

/// The payload of `PlaceTurret`.
#[derive(Schema, Default, Deserialize)]
pub struct PlaceTurretEvent {
    /// Where.
    pub position: Position2,
}

/// The payload of `UpgradeWeapon`: nothing.
#[derive(Schema, Default, Deserialize)]
pub struct UpgradeWeaponEvent {}

/// The payload of `UpgradeTurret`.
#[derive(Schema, Default, Deserialize)]
pub struct UpgradeTurretEvent {
    /// Which.
    #[schema(rename = "turretID")]
    #[serde(rename = "turretID")]
    pub turret_id: u32,
}

/// A player shot; goes to all.
#[derive(Schema, Default, Serialize)]
pub struct PlayerShootEvent {
    /// Who.
    #[schema(rename = "playerID")]
    #[serde(rename = "playerID")]
    pub player_id: String,
    /// From where.
    pub from: Position2,
    /// To where.
    pub to: Position2,
}

/// A turret fired; goes to all.
#[derive(Schema, Default, Serialize)]
pub struct TurretFireEvent {
    /// Which.
    #[schema(rename = "turretID")]
    #[serde(rename = "turretID")]
    pub turret_id: u32,
    /// From where.
    pub from: Position2,
    /// To where.
    pub to: Position2,
}

/// What goes to and fro.
pub fn describe(land: Land) -> Land {
    land.action("Play", types_of::<PlayAction>())
        .client_event("MoveTo", types_of::<MoveToEvent>())
        .client_event("Shoot", types_of::<ShootEvent>())
        .client_event("UpdateRotation", types_of::<UpdateRotationEvent>())
        .client_event("PlaceTurret", types_of::<PlaceTurretEvent>())
        .client_event("UpgradeWeapon", types_of::<UpgradeWeaponEvent>())
        .client_event("UpgradeTurret", types_of::<UpgradeTurretEvent>())
        .event("PlayerShoot", types_of::<PlayerShootEvent>())
        .event("TurretFire", types_of::<TurretFireEvent>())
}

/// The land.
pub struct HeroRoom {
    speed: u32,
    random: Random,
}

impl HeroRoom {
    /// A land that is so many times as fast as usual.
    pub fn new(speed: u32) -> Self {
        Self { speed, random: Random::new(0) }
    }
}

impl Room for HeroRoom {
    type State = HeroDefenseState;

    fn on_create(&mut self, room: &mut RoomContext<Self>) -> Result<()> {
        let instance: String = room.options().get_or("landInstanceId", room.room_id())?;
        self.random = Random::of_land(&format!("{}:{instance}", room.name()));
        *room.state = HeroDefenseState::new();
        let tick = Duration::from_millis(50) / self.speed.max(1);
        room.set_simulation_interval(tick, |this: &mut Self, room, _| {
            let fire = room.state.tick(&mut this.random);
            tell(room, fire)
        });
        room.set_patch_rate(2 * tick);
        room.on_action("Play", |_, room, _, PlayAction {}| {
            room.state.score = room.state.score.wrapping_add(1);
            Ok(PlayResponse { new_score: room.state.score })
        });
        // What a player may not do is not done, and nothing is said of it.
        room.on_client_event("MoveTo", |_, room, client, event: MoveToEvent| {
            room.state.move_to(client.session_id(), &event.target);
            Ok(())
        });
        room.on_client_event("Shoot", |_, room, client, ShootEvent {}| {
            let shots = room.state.shoot(client.session_id()).into_iter().collect();
            tell(room, Fire { shots, ..Fire::default() })
        });
        room.on_client_event("UpdateRotation", |_, room, client, event: UpdateRotationEvent| {
            if let Some(player) = room.state.players.get_mut(client.session_id()) {
                player.rotation = event.rotation;
            }
            Ok(())
        });
        room.on_client_event("PlaceTurret", |_, room, client, event: PlaceTurretEvent| {
            room.state.place_turret(client.session_id(), &event.position);
            Ok(())
        });
        room.on_client_event("UpgradeWeapon", |_, room, client, UpgradeWeaponEvent {}| {
            room.state.upgrade_weapon(client.session_id());
            Ok(())
        });
        room.on_client_event("UpgradeTurret", |_, room, client, event: UpgradeTurretEvent| {
            room.state.upgrade_turret(client.session_id(), event.turret_id);
            Ok(())
        });
        Ok(())
    }

    fn on_join(&mut self, room: &mut RoomContext<Self>, client: &Client, _: Options) -> Result<()> {
        room.state.join(client.session_id(), &mut self.random);
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

fn tell(room: &mut RoomContext<HeroRoom>, fire: Fire) -> Result<()> {
    for shot in fire.shots {
        let (from, to) = (Position2::at(shot.from), Position2::at(shot.to));
        let event = PlayerShootEvent { player_id: shot.player, from, to };
        room.emit("PlayerShoot", &event)?;
    }
    for volley in fire.volleys {
        let (from, to) = (Position2::at(volley.from), Position2::at(volley.to));
        room.emit("TurretFire", &TurretFireEvent { turret_id: volley.turret, from, to })?;
    }
    Ok(())
}
