//! A step as it stands in the file.

use serde_json::{Map, Value as Json};

use super::error::{StepError, listed, shown};

/// A step whose op is known and whose members are all of that op.
pub(super) struct Step<'a> {
    pub(super) op: &'a str,
    members: &'a Map<String, Json>,
}

/// Each op with its members.
const OPS: [(&str, &[&str]); 15] = [
    ("set", &["path", "value"]),
    ("delete", &["path"]),
    ("push", &["path", "values"]),
    ("splice", &["path", "at", "remove", "insert"]),
    ("move", &["path", "from", "to"]),
    ("swap", &["path", "a", "b"]),
    ("reverse", &["path"]),
    ("clear", &["path"]),
    ("add", &["path", "value"]),
    ("remove", &["path", "value"]),
    ("share", &["path", "from"]),
    ("view", &["client", "add", "remove", "tag"]),
    ("join", &["client"]),
    ("leave", &["client"]),
    ("sync", &[]),
];

impl<'a> Step<'a> {
    pub(super) fn read(step: &'a Json) -> Result<Self, StepError> {
        let Json::Object(members) = step else {
            return Err(StepError::NotAnObject { found: shown(step) });
        };
        let op = match members.get("op") {
            Some(Json::String(op)) => op.as_str(),
            Some(other) => {
                let found = shown(other);
                return Err(StepError::MemberKind { member: "op", expected: "a string", found });
            }
            None => return Err(StepError::Missing { op: "a step".to_owned(), member: "op" }),
        };
        let Some((_, known)) = OPS.into_iter().find(|(name, _)| *name == op) else {
            let known = listed(&OPS.map(|(name, _)| name));
            return Err(StepError::UnknownOp { op: op.to_owned(), known });
        };
        let is_known = |member: &str| member == "op" || known.contains(&member);
        if let Some(member) = members.keys().find(|member| !is_known(member)) {
            let (op, member) = (op.to_owned(), member.clone());
            let known = listed(&[&["op"], known].concat());
            return Err(StepError::UnknownMember { op, member, known });
        }
        Ok(Self { op, members })
    }

    pub(super) fn member(&self, member: &'static str) -> Result<&'a Json, StepError> {
        let missing = || StepError::Missing { op: self.op.to_owned(), member };
        self.members.get(member).ok_or_else(missing)
    }

    /// A member that may be missing.
    pub(super) fn optional(&self, member: &str) -> Option<&'a Json> {
        self.members.get(member)
    }

    pub(super) fn text(&self, member: &'static str) -> Result<&'a str, StepError> {
        let value = self.member(member)?;
        value.as_str().ok_or_else(|| mismatch(member, "a string", value))
    }

    pub(super) fn list(&self, member: &'static str) -> Result<&'a [Json], StepError> {
        match self.member(member)? {
            Json::Array(list) => Ok(list),
            other => Err(mismatch(member, "a list", other)),
        }
    }

    /// A whole number; what is beyond all arrays is clamped.
    pub(super) fn integer(&self, member: &'static str) -> Result<i64, StepError> {
        let value = self.member(member)?;
        let whole = || value.as_f64().filter(|double| double.fract() == 0.0);
        let integer = value.as_i64().or_else(|| whole().map(|double| double as i64));
        integer.ok_or_else(|| mismatch(member, "a whole number", value))
    }
}

/// Whether a step, right or not, is of this op.
pub(super) fn is_op(step: &Json, op: &str) -> bool {
    step.get("op").and_then(Json::as_str) == Some(op)
}

pub(super) fn mismatch(member: &'static str, expected: &'static str, found: &Json) -> StepError {
    StepError::MemberKind { member, expected, found: shown(found) }
}
