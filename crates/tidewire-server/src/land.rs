//! Lands
mod config;
mod token;

pub use self::{
    config::LandConfig,
    token::{TokenError, Tokens},
};
