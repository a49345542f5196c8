//! How a server serves its lands.

use tidewire_opcode::Profile;

use super::token::Tokens;

/// How a server serves clients of lands; for [`Server::lands`](crate::Server::lands).
///
/// ```
/// use tidewire_server::land::{LandConfig, Tokens};
///
/// let tokens = Tokens::none().hs256(b"a secret of the server's own");
/// let config = LandConfig { guests: false, tokens, ..LandConfig::default() };
/// assert!(config.clients_choose);
/// ```
#[derive(Clone, Debug)]
pub struct LandConfig {
    /// What clients are spoken to in. MessagePack if nothing else is said.
    pub profile: Profile,
    /// Whether a client may ask for another one in its address: `/game?encoding=json`.
    pub clients_choose: bool,
    /// Whether clients without a token may join. Such a client is whoever it says it is.
    pub guests: bool,
    /// Which tokens are good: `/game?token=…`.
    pub tokens: Tokens,
    /// Whether a land that clients ask for by an instance is made when there is none.
    pub create_instances: bool,
    /// Whether a client that says it has another schema than this server is refused. Otherwise everything is said to it by
    /// name.
    pub refuse_other_schemas: bool,
}

impl Default for LandConfig {
    fn default() -> Self {
        Self {
            profile: Profile::MessagePack,
            clients_choose: true,
            guests: true,
            tokens: Tokens::none(),
            create_instances: true,
            refuse_other_schemas: false,
        }
    }
}
