//! The server: definitions of rooms behind an address.

use std::future::Future;
use std::io;
use std::net::SocketAddr;

use axum::Router;
use tidewire_protocol::close;
use tokio::net::{TcpListener, ToSocketAddrs};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tracing::{info, warn};

use crate::config::Config;
use crate::definition::Definition;
use crate::error::{Context as _, Result};
use crate::http;
use crate::land::LandConfig;
use crate::listener;
use crate::matchmaker::Matchmaker;
use crate::room::Room;

/// A server of rooms, which Colyseus clients join by HTTP and WebSocket.
///
/// ```no_run
/// # use tidewire_server::{Result, Room, Server};
/// # use tidewire_state::example::Arena;
/// #[derive(Default)]
/// struct ArenaRoom;
///
/// impl Room for ArenaRoom {
///     type State = Arena;
/// }
///
/// #[tokio::main]
/// async fn main() -> Result<()> {
///     Server::new().define::<ArenaRoom>("arena").listen("0.0.0.0:2567").await
/// }
/// ```
#[derive(Debug)]
pub struct Server {
    matchmaker: Matchmaker,
    routes: Router,
}

impl Server {
    /// A server without rooms, with the default [`Config`].
    #[must_use]
    pub fn new() -> Self {
        Self::with_config(Config::default())
    }

    /// A server without rooms.
    #[must_use]
    pub fn with_config(config: Config) -> Self {
        Self { matchmaker: Matchmaker::new(config), routes: Router::new() }
    }

    /// Lets clients make and join rooms of this kind by a name.
    #[must_use]
    pub fn define<R: Room + Default>(self, name: &str) -> Self {
        self.define_with(name, Definition::new(R::default))
    }

    /// [`define`](Self::define) with more to say about these rooms.
    ///
    /// # Panics
    /// When they are lands whose types have no common schema with those of other lands: two types of one name differ, or a
    /// payload has an optional field.
    #[must_use]
    pub fn define_with<R: Room>(self, name: &str, definition: Definition<R>) -> Self {
        self.matchmaker.define(name, definition);
        self
    }

    /// How lands are served: in which encoding, and to whom. [`Definition::land`] makes rooms lands.
    #[must_use]
    pub fn lands(self, config: LandConfig) -> Self {
        self.matchmaker.set_land_config(config);
        self
    }

    /// Adds routes of one's own, and their fallback if they have one. Matchmaking and the WebSockets of rooms go before
    /// them.
    ///
    /// # Panics
    /// As [`Router::merge`] does, when two of all mounted routers have the same route, or a fallback both.
    #[must_use]
    pub fn mount(mut self, routes: Router) -> Self {
        self.routes = self.routes.merge(routes);
        self
    }

    /// Finds and makes rooms for code of the server, such as mounted routes.
    #[must_use]
    pub fn matchmaker(&self) -> Matchmaker {
        self.matchmaker.clone()
    }

    /// The whole server as routes, for a listener of one's own. Such a listener should set `TCP_NODELAY`, give
    /// [`ConnectInfo<SocketAddr>`](axum::extract::ConnectInfo) if `on_auth` looks at addresses, and call
    /// [`Matchmaker::shut_down`] at its end.
    pub fn router(&self) -> Router {
        http::router(self.matchmaker.clone(), self.routes.clone())
    }

    /// Serves until SIGINT or SIGTERM; then closes all clients with 4001, and waits for the rooms to end.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn listen(self, address: impl ToSocketAddrs) -> Result<()> {
        self.start(address).await?.wait().await
    }

    /// Serves in the background. Port 0 takes any that is free.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start(self, address: impl ToSocketAddrs) -> Result<Running> {
        let listener = TcpListener::bind(address).await.context("failed to bind the address")?;
        let address = listener.local_addr().context("the listener has no address")?;
        info!(%address, "listening");
        let (stop, stopped) = oneshot::channel::<()>();
        let matchmaker = self.matchmaker();
        let task = tokio::spawn(self.serve(listener, async {
            // Dropping the handle lets the server run.
            if stopped.await.is_err() {
                std::future::pending::<()>().await;
            }
        }));
        Ok(Running { address, matchmaker, stop, task })
    }

    /// Serves on a listener until a future is done; then as [`listen`](Self::listen) does after a signal.
    pub async fn serve(self, listener: TcpListener, until: impl Future<Output = ()>) {
        let stop = async {
            until.await;
            // Requests are still answered, with 503, while rooms end.
            self.matchmaker.shut_down(close::SERVER_SHUTDOWN).await;
        };
        listener::serve(listener, self.router(), self.matchmaker.config(), stop).await;
    }
}

impl Default for Server {
    fn default() -> Self {
        Self::new()
    }
}

/// A server that runs in the background. It goes on when this is dropped, as long as its runtime does.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    matchmaker: Matchmaker,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Running {
    /// The address that it listens at.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Finds and makes rooms.
    #[must_use]
    pub fn matchmaker(&self) -> &Matchmaker {
        &self.matchmaker
    }

    /// Waits for SIGINT or SIGTERM, then [shuts down](Self::shut_down).
    ///
    /// # Errors
    /// When the server panicked.
    pub async fn wait(self) -> Result<()> {
        wait_for_signal().await;
        info!("shutting down");
        self.shut_down().await
    }

    /// Closes all clients with 4001, waits for the rooms to end, and stops listening.
    ///
    /// # Errors
    /// When the server panicked.
    pub async fn shut_down(self) -> Result<()> {
        // Nobody hears it when the server has failed, which the task says.
        let _ = self.stop.send(());
        self.task.await.context("the server panicked")
    }
}

async fn wait_for_signal() {
    if let Err(error) = signal().await {
        warn!(%error, "signals cannot be waited for; the server stops with its process only");
        std::future::pending::<()>().await;
    }
}

#[cfg(unix)]
async fn signal() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupt = tokio::signal::ctrl_c() => interrupt,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn signal() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}
