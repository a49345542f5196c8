//! The original's whole-number geometry: results that are the same on every machine.

/// A point in thousandths of a unit.
pub(crate) type Point = (i32, i32);

/// The square of the distance.
pub(crate) fn squared(from: Point, to: Point) -> i64 {
    let (x, y) = delta(from, to);
    x * x + y * y
}

/// At most `step` thousandths from `from` towards `to`.
pub(crate) fn towards(from: Point, to: Point, step: i64) -> Point {
    let (x, y) = delta(from, to);
    let distance = squared(from, to).isqrt();
    if distance <= step {
        return to;
    }
    let moved = |at: i32, delta: i64| at + (delta * step / distance) as i32;
    (moved(from.0, x), moved(from.1, y))
}

/// The direction from one point to another, in thousandths of a degree.
pub(crate) fn heading(from: Point, to: Point) -> i32 {
    let (x, y) = delta(from, to);
    let angle = atan2(y, x);
    let half = if angle >= 0 { PI / 2 } else { -(PI / 2) };
    let degrees = (angle * 180_000 + half) / PI;
    // Once to radians and back, as the original's state is set.
    let radians = degrees as f32 / 1000.0 * std::f32::consts::PI / 180.0;
    fixed(radians * 180.0 / std::f32::consts::PI)
}

/// In thousandths, halves away from zero.
pub(crate) fn fixed(value: f32) -> i32 {
    (value * 1000.0).round() as i32
}

fn delta(from: Point, to: Point) -> (i64, i64) {
    (i64::from(to.0) - i64::from(from.0), i64::from(to.1) - i64::from(from.1))
}

/// In billionths of a radian, by 24 rotations.
fn atan2(y: i64, x: i64) -> i64 {
    let (mut x, mut y, turned) = match (x < 0, y >= 0) {
        (false, _) => (x, y, 0),
        (true, true) => (-x, -y, PI),
        (true, false) => (-x, -y, -PI),
    };
    let mut angle = 0;
    for step in 0..24 {
        let rotation = (0.5_f64.powi(step).atan() * 1e9).round() as i64;
        let (across, along) = (x >> step, y >> step);
        if y >= 0 {
            (x, y, angle) = (x + along, y - across, angle + rotation);
        } else {
            (x, y, angle) = (x - along, y + across, angle - rotation);
        }
    }
    angle + turned
}

const PI: i64 = 3_141_592_654;
