//! Makes a failing scenario small.

use serde_json::Value as Json;

/// The smallest scenario found by leaving steps out, of which `fails` still says so.
///
/// A step that another needs cannot go alone: `fails` must say no of scenarios that are wrong in
/// themselves.
pub fn shrink(scenario: &Json, mut fails: impl FnMut(&Json) -> bool) -> Json {
    let mut best = scenario.clone();
    let mut size = steps(&best).len().div_ceil(2);
    while size > 0 {
        let mut at = 0;
        let mut shorter = false;
        while at < steps(&best).len() {
            let mut candidate = best.clone();
            let mut left = steps(&best).to_vec();
            left.drain(at..(at + size).min(left.len()));
            candidate["steps"] = left.into();
            if fails(&candidate) {
                best = candidate;
                shorter = true;
            } else {
                at += size;
            }
        }
        if !shorter || size > 1 {
            size /= 2;
        }
    }
    best
}

fn steps(scenario: &Json) -> &[Json] {
    scenario["steps"].as_array().map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_needed_is_left() {
        let scenario = json!({"steps": (0..50).collect::<Vec<_>>()});
        let small = shrink(&scenario, |candidate| {
            steps(candidate).contains(&json!(7)) && steps(candidate).contains(&json!(33))
        });
        assert_eq!(small, json!({"steps": [7, 33]}));
    }
}
