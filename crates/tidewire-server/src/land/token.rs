//! The tokens by which clients of lands say who they are.
//!
//! A token is a JWT. Which algorithm it may have been signed with is decided by the keys of the server, never by the token.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Map, Value};
use thiserror::Error;
use tidewire_opcode::Identity;

/// The keys that tokens may be signed with, and what they must say.
///
/// ```
/// use tidewire_server::land::Tokens;
///
/// let tokens = Tokens::none().hs256(b"a secret of the server's own").issued_by("accounts");
/// assert!(!tokens.is_empty());
/// ```
#[derive(Clone, Default)]
pub struct Tokens {
    keys: Vec<(Algorithm, DecodingKey)>,
    issuer: Option<String>,
    audience: Option<String>,
}

/// Why a token is not good. The client is at fault, but for [`Key`](Self::Key).
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenError {
    /// It is not signed by one of the keys, says it is by another issuer, or is no token at all.
    #[error("the token is not good: {0}")]
    Invalid(String),
    /// Its time is over.
    #[error("the token expired at {0}, in seconds since 1970: get a new one")]
    Expired(u64),
    /// Its time has not come.
    #[error("the token is good from {0} on, in seconds since 1970")]
    TooEarly(u64),
    /// It does not say who the client is.
    #[error("the token names nobody: it needs the claim `playerID` or `sub`")]
    Nobody,
    /// A key of the server cannot be read.
    #[error("the key is not a public key in PEM form: {0}")]
    Key(String),
}

impl Tokens {
    /// No keys, so no token is good.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Tokens may be signed with this secret, by HMAC and SHA-256.
    #[must_use]
    pub fn hs256(mut self, secret: &[u8]) -> Self {
        self.keys.push((Algorithm::HS256, DecodingKey::from_secret(secret)));
        self
    }

    /// Tokens may be signed with the private key that belongs to this public one, by RSA and SHA-256.
    ///
    /// # Errors
    /// When this is no public RSA key in PEM form.
    pub fn rs256(mut self, public_key: &[u8]) -> Result<Self, TokenError> {
        let key = DecodingKey::from_rsa_pem(public_key)
            .map_err(|error| TokenError::Key(error.to_string()))?;
        self.keys.push((Algorithm::RS256, key));
        Ok(self)
    }

    /// Tokens must have this `iss`.
    #[must_use]
    pub fn issued_by(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// Tokens must have this `aud`, alone or among others.
    #[must_use]
    pub fn meant_for(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// Whether there are no keys.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Who a token says the client is, if it is good `now`, in time since 1970.
    ///
    /// # Errors
    /// A [`TokenError`].
    pub fn verify(&self, token: &str, now: Duration) -> Result<Identity, TokenError> {
        let invalid = |error: &dyn fmt::Display| TokenError::Invalid(error.to_string());
        if token.len() > LONGEST_TOKEN {
            return Err(invalid(&format_args!("it has more than {LONGEST_TOKEN} bytes")));
        }
        let algorithm = decode_header(token).map_err(|error| invalid(&error))?.alg;
        let mut refusal = invalid(&format_args!("the server has no key for {algorithm:?}"));
        for (_, key) in self.keys.iter().filter(|(of, _)| *of == algorithm) {
            match decode::<Map<String, Value>>(token, key, &self.validation(algorithm)) {
                Ok(token) => return identity(&token.claims, now),
                Err(error) => refusal = invalid(&error),
            }
        }
        Err(refusal)
    }

    /// All but the times, for which there is no clock here.
    fn validation(&self, algorithm: Algorithm) -> Validation {
        let mut validation = Validation::new(algorithm);
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = self.audience.is_some();
        validation.required_spec_claims.clear();
        if let Some(issuer) = &self.issuer {
            validation.set_issuer(&[issuer]);
            validation.required_spec_claims.insert("iss".to_owned());
        }
        if let Some(audience) = &self.audience {
            validation.set_audience(&[audience]);
            validation.required_spec_claims.insert("aud".to_owned());
        }
        validation
    }
}

/// Says how many keys there are, and nothing of them.
impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("keys", &self.keys.len())
            .field("issuer", &self.issuer)
            .field("audience", &self.audience)
            .finish()
    }
}

fn identity(claims: &Map<String, Value>, now: Duration) -> Result<Identity, TokenError> {
    let now = now.as_secs_f64();
    if let Some(expiry) = time(claims, "exp")?.filter(|expiry| *expiry <= now) {
        return Err(TokenError::Expired(expiry as u64));
    }
    if let Some(start) = time(claims, "nbf")?.filter(|start| *start > now) {
        return Err(TokenError::TooEarly(start as u64));
    }
    let text = |name: &str| match claims.get(name) {
        Some(Value::String(text)) if !text.is_empty() => Some(Arc::from(text.as_str())),
        _ => None,
    };
    let player = text("playerID").or_else(|| text("sub")).ok_or(TokenError::Nobody)?;
    let mut metadata = Vec::new();
    if let Some(Value::Object(members)) = claims.get("metadata") {
        metadata.extend(members.iter().map(stated));
    }
    let others = claims.iter().filter(|(name, _)| !KNOWN_CLAIMS.contains(&name.as_str()));
    metadata.extend(others.map(stated));
    Ok(Identity::Token { player, device: text("deviceID"), metadata })
}

/// A claim as metadata: texts as they are, the rest as JSON.
fn stated((name, value): (&String, &Value)) -> (Arc<str>, Arc<str>) {
    let value = value.as_str().map_or_else(|| value.to_string().into(), Arc::from);
    (name.as_str().into(), value)
}

/// A time in seconds since 1970. One that is no number is refused, for what it meant was not kept.
fn time(claims: &Map<String, Value>, name: &str) -> Result<Option<f64>, TokenError> {
    match claims.get(name) {
        None => Ok(None),
        Some(time) => {
            let invalid = || TokenError::Invalid(format!("the claim `{name}` is not a number"));
            time.as_f64().map(Some).ok_or_else(invalid)
        }
    }
}

const KNOWN_CLAIMS: [&str; 10] =
    ["playerID", "sub", "deviceID", "metadata", "exp", "nbf", "iat", "iss", "aud", "jti"];

/// Bytes of the longest token that is looked at.
const LONGEST_TOKEN: usize = 8192;

#[cfg(test)]
mod tests {
    use jsonwebtoken::{EncodingKey, Header, encode};
    use serde_json::json;

    use super::*;

    const SECRET: &[u8] = b"the secret of the tests";
    const PUBLIC: &[u8] = include_bytes!("test_keys/public.pem");
    /// `{"sub":"ada"}`, signed with the private key that belongs to that.
    const SIGNED: &str = include_str!("test_keys/rs256.jwt");

    fn sign(claims: &Value) -> String {
        let key = EncodingKey::from_secret(SECRET);
        encode(&Header::new(Algorithm::HS256), claims, &key).expect("claims can be signed")
    }

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn verify(claims: &Value) -> Result<Identity, TokenError> {
        Tokens::none().hs256(SECRET).verify(&sign(claims), at(1000))
    }

    #[test]
    fn who_a_token_names() {
        let named = |player: &str, device: Option<&str>, metadata: &[(&str, &str)]| {
            let metadata = metadata.iter().map(|(name, value)| ((*name).into(), (*value).into()));
            let (device, metadata) = (device.map(Arc::from), metadata.collect());
            Ok(Identity::Token { player: player.into(), device, metadata })
        };
        assert_eq!(verify(&json!({ "sub": "ada" })), named("ada", None, &[]));
        assert_eq!(verify(&json!({ "sub": "ada", "playerID": "p1" })), named("p1", None, &[]));
        let more = json!({ "playerID": "", "sub": "ada", "deviceID": "tv", "level": 7, "iat": 5,
            "metadata": { "name": "Ada", "old": true } });
        let metadata = [("name", "Ada"), ("old", "true"), ("level", "7")];
        assert_eq!(verify(&more), named("ada", Some("tv"), &metadata));
        assert_eq!(verify(&json!({ "sub": 7 })), Err(TokenError::Nobody));
    }

    #[test]
    fn times() {
        assert!(verify(&json!({ "sub": "ada", "exp": 1001, "nbf": 1000 })).is_ok());
        assert_eq!(verify(&json!({ "sub": "ada", "exp": 1000 })), Err(TokenError::Expired(1000)));
        assert_eq!(verify(&json!({ "sub": "ada", "nbf": 1001 })), Err(TokenError::TooEarly(1001)));
        assert!(matches!(
            verify(&json!({ "sub": "ada", "exp": "never" })),
            Err(TokenError::Invalid(_))
        ));
    }

    #[test]
    fn issuer_and_audience() {
        let tokens = Tokens::none().hs256(SECRET).issued_by("accounts").meant_for("lands");
        let check = |claims: Value| tokens.verify(&sign(&claims), at(1000)).is_ok();
        assert!(check(json!({ "sub": "ada", "iss": "accounts", "aud": "lands" })));
        assert!(check(json!({ "sub": "ada", "iss": "accounts", "aud": ["x", "lands"] })));
        assert!(!check(json!({ "sub": "ada", "iss": "other", "aud": "lands" })));
        assert!(!check(json!({ "sub": "ada", "iss": "accounts", "aud": "x" })));
        assert!(!check(json!({ "sub": "ada" })));
    }

    #[test]
    fn keys() {
        let claims = json!({ "sub": "ada" });
        let tokens = Tokens::none().rs256(PUBLIC).expect("that is a public key");
        assert!(tokens.verify(SIGNED, at(0)).is_ok());
        // The public key is no secret: a token that was signed with it by HMAC must not be good.
        let forged = encode(&Header::default(), &claims, &EncodingKey::from_secret(PUBLIC));
        assert!(tokens.verify(&forged.expect("claims can be signed"), at(0)).is_err());
        assert!(tokens.verify(&sign(&claims), at(0)).is_err());
        assert!(Tokens::none().hs256(b"other").verify(&sign(&claims), at(0)).is_err());
        assert!(Tokens::none().verify(&sign(&claims), at(0)).is_err());
        assert!(Tokens::none().hs256(b"other").hs256(SECRET).verify(&sign(&claims), at(0)).is_ok());
        assert!(matches!(Tokens::none().rs256(b"no key"), Err(TokenError::Key(_))));
        let mut longer = SIGNED.to_owned();
        longer.insert(20, 'x');
        for text in ["", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", longer.as_str(), &"x".repeat(9000)] {
            assert!(tokens.verify(text, at(0)).is_err(), "{text}");
        }
    }
}
