use rand::SeedableRng as _;

use super::*;

const TICK: Duration = Duration::from_millis(40);

fn new_world(seed: u64) -> (Game, World) {
    let mut world = World::default();
    let game = Game::new(SmallRng::seed_from_u64(seed), &mut world);
    (game, world)
}

fn enter(game: &mut Game, world: &mut World, wish: Point) {
    game.enter(world, "ada", Player { name: "Ada".into(), wish, ..Player::default() });
}

#[test]
fn everybody_stays_in_the_world_and_out_of_stones() {
    let (mut game, mut world) = new_world(1);
    enter(&mut game, &mut world, Point::new(-1.0, -1.0));
    for _ in 0..3000 {
        game.step(&mut world, TICK);
        for (id, Player { place, .. }) in &world.players {
            assert!((BODY..=world.width - BODY).contains(&place.x), "{id} is at {place:?}");
            assert!((BODY..=world.height - BODY).contains(&place.y), "{id} is at {place:?}");
            // Between a stone and the edge there may be no room; everywhere else there is.
            for stone in &world.stones {
                let gap = place.distance(stone.place) - stone.radius - BODY;
                assert!(gap > -BODY, "{id} is {gap} beside a stone");
            }
        }
    }
}

#[test]
fn wanderers_pick_up_sparks_which_come_back() {
    let (mut game, mut world) = new_world(2);
    let before: Vec<String> = world.sparks.keys().map(str::to_owned).collect();
    for _ in 0..1500 {
        game.step(&mut world, TICK);
        assert_eq!(world.sparks.len() + game.returns.len(), SPARKS);
    }
    let score: u32 = world.players.values().map(|player| player.score).sum();
    assert!(score > 40, "in a minute they got {score} points");
    assert!(before.iter().any(|id| !world.sparks.contains_key(id)));
}

#[test]
fn the_ranking_is_the_best_in_order() {
    let (mut game, mut world) = new_world(3);
    for _ in 0..1500 {
        game.step(&mut world, TICK);
        let mut scores: Vec<u32> = world.players.values().map(|player| player.score).collect();
        scores.retain(|&score| score > 0);
        scores.sort_unstable_by(|one, other| other.cmp(one));
        scores.truncate(RANKS);
        let ranked: Vec<u32> =
            world.ranking.iter().map(|id| world.players[id.as_str()].score).collect();
        assert_eq!(ranked, scores);
    }
    assert_eq!(world.ranking.len(), RANKS);
    world.players.clear();
    game.step(&mut world, TICK);
    assert!(world.ranking.is_empty());
}

#[test]
fn nobody_is_faster_than_the_world_allows_whatever_they_wish() {
    let wishes = [Point::new(1e30, 0.0), Point::new(f32::INFINITY, 1.0), Point::new(f32::NAN, 0.0)];
    for wish in wishes {
        let (mut game, mut world) = new_world(4);
        enter(&mut game, &mut world, wish);
        for _ in 0..50 {
            let before = world.players["ada"].place;
            game.step(&mut world, TICK);
            let distance = before.distance(world.players["ada"].place);
            // A stone may push a little further.
            assert!(distance <= SPEED * TICK.as_secs_f32() * 2.0, "{wish:?} leads {distance} far");
        }
    }
}

#[test]
fn a_person_that_wishes_for_nothing_comes_to_rest() {
    let (mut game, mut world) = new_world(5);
    enter(&mut game, &mut world, Point::new(0.0, 1.0));
    for _ in 0..10 {
        game.step(&mut world, TICK);
    }
    world.players.get_mut("ada").expect("she is here").wish = Point::default();
    for _ in 0..50 {
        game.step(&mut world, TICK);
    }
    let rest = world.players["ada"].place;
    game.step(&mut world, TICK);
    assert_eq!(world.players["ada"].place, rest);
}

#[test]
fn a_machine_that_slept_makes_nobody_jump() {
    let (mut game, mut world) = new_world(6);
    game.step(&mut world, Duration::from_secs(3600));
    assert_eq!(world.time, 100.0);
}
