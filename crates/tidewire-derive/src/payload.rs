//! `#[derive(Payload)]`: what is sent beside a state-tree, as an object or as the array of its values in
//! the order of their names.

mod ast;
mod expand;

use proc_macro2::TokenStream;
use syn::DeriveInput;

use self::ast::Payload;
use crate::errors::Errors;

/// The code for a payload, or all that is wrong with it.
pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    let mut errors = Errors::default();
    let payload = Payload::parse(input, &mut errors);
    match errors.into_code() {
        None => expand::payload(&payload),
        Some(mut code) => {
            if payload.is_sound {
                code.extend(expand::stub(&payload));
            }
            code
        }
    }
}
