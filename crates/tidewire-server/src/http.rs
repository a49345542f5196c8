//! The HTTP side: matchmaking, and the requests that become WebSockets.
//!
//! Clients may put any prefix before these paths, so they are told apart here rather than by routes. What is not for the
//! room protocol goes to the user's own routes; and what those do not know comes back, for a ping utility and a greeting
//! at any path that is free.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::extract::{ConnectInfo, FromRequestParts as _, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use tidewire_protocol::matchmake::{self, CORS_HEADERS, Refusal, allow_origin};
use tidewire_protocol::url::{self, Target};
use tokio::time::timeout;

use crate::matchmaker::Matchmaker;
use crate::options::Options;
use crate::room::AuthRequest;
use crate::socket;

/// The routes of a matchmaker around those of the user.
pub(crate) fn router(matchmaker: Matchmaker, routes: Router) -> Router {
    routes.layer(from_fn_with_state(matchmaker, handle))
}

/// Answers what is for the room protocol, and hands on the rest.
async fn handle(State(matchmaker): State<Matchmaker>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let origin = parts.headers.get(header::ORIGIN).cloned();
    match matchmake::route(parts.uri.path()) {
        Ok(None) => {}
        _ if parts.method == Method::OPTIONS => {
            return with_cors(StatusCode::NO_CONTENT.into_response(), origin.as_ref());
        }
        Ok(Some(route)) if parts.method == Method::POST => {
            let answer = answer(&matchmaker, &parts, &route, body).await;
            return with_cors(answer, origin.as_ref());
        }
        Err(refusal) if parts.method == Method::POST => {
            return with_cors(refused(&refusal), origin.as_ref());
        }
        _ => return with_cors(StatusCode::NOT_FOUND.into_response(), origin.as_ref()),
    }
    let is_upgrade = is_upgrade(&parts.headers);
    if is_upgrade && (wants_room(&parts) || matchmaker.wants_land(path_and_query(&parts))) {
        return upgrade(&matchmaker, &mut parts).await;
    }
    if parts.method == Method::GET && parts.uri.path().ends_with("/__healthcheck") {
        return with_cors("OK".into_response(), origin.as_ref());
    }
    let mut copy = parts.clone();
    let response = next.run(Request::from_parts(parts, body)).await;
    if response.status() != StatusCode::NOT_FOUND {
        return response;
    }
    if is_upgrade {
        return upgrade(&matchmaker, &mut copy).await;
    }
    let response = match copy.method {
        // Only for paths that nobody else answers: the user's own routes are not opened to other origins by this.
        Method::OPTIONS => StatusCode::NO_CONTENT.into_response(),
        Method::GET if copy.uri.path() == "/schema" => match matchmaker.land_schema() {
            Some(schema) => ([(header::CONTENT_TYPE, JSON)], Body::from(schema)).into_response(),
            None => response,
        },
        Method::GET if copy.uri.path() == "/health" => "OK".into_response(),
        Method::GET if copy.uri.path() == "/" => {
            concat!("Tidewire ", env!("CARGO_PKG_VERSION")).into_response()
        }
        _ => response,
    };
    with_cors(response, origin.as_ref())
}

async fn answer(
    matchmaker: &Matchmaker,
    parts: &Parts,
    route: &matchmake::Request<'_>,
    body: Body,
) -> Response {
    let body = match timeout(BODY_TIMEOUT, to_bytes(body, matchmaker.config().max_body_size)).await
    {
        Ok(Ok(body)) => body,
        // The only error of a body that is not the connection's own is that of its limit.
        Ok(Err(_)) => return StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        Err(_) => return StatusCode::REQUEST_TIMEOUT.into_response(),
    };
    let granted = async {
        let options = Options::from(matchmake::options(&body)?);
        let request = auth_request(matchmaker, parts, options);
        matchmaker.request(route.method, &route.target, request).await
    };
    match granted.await {
        Ok(seat) => ([(header::CONTENT_TYPE, JSON)], seat.to_json()).into_response(),
        Err(refusal) => refused(&refusal),
    }
}

fn refused(refusal: &Refusal) -> Response {
    let status =
        StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, JSON)], refusal.to_json()).into_response()
}

fn auth_request(matchmaker: &Matchmaker, parts: &Parts, options: Options) -> AuthRequest {
    let authorization =
        parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = authorization
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let forwarded =
        matchmaker.config().trust_proxy_headers.then(|| forwarded_for(&parts.headers)).flatten();
    AuthRequest {
        token: token.map(|(_, token)| token.trim().to_owned()),
        options,
        ip: forwarded.or(peer),
        headers: parts.headers.clone(),
    }
}

/// The client's address, as proxies tell it.
fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    ["x-real-ip", "x-forwarded-for", "x-client-ip"].into_iter().find_map(|name| {
        let value = headers.get(name)?.to_str().ok()?;
        value.split(',').next()?.trim().parse().ok()
    })
}

/// Whether a WebSocket is for a room; otherwise it may be the user's own.
fn wants_room(parts: &Parts) -> bool {
    !matches!(url::parse(path_and_query(parts)), Ok(Target::Ping))
}

async fn upgrade(matchmaker: &Matchmaker, parts: &mut Parts) -> Response {
    let upgrade = match WebSocketUpgrade::from_request_parts(parts, &()).await {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    let max_frame_size = matchmaker.config().max_frame_size;
    let library_limit = socket::library_limit(max_frame_size);
    let request = auth_request(matchmaker, parts, Options::default());
    let (matchmaker, target) = (matchmaker.clone(), path_and_query(parts).to_owned());
    upgrade
        // The library's own choice is 128 KiB for each connection.
        .read_buffer_size(max_frame_size.clamp(MIN_READ_BUFFER, MAX_READ_BUFFER))
        .max_message_size(library_limit)
        .max_frame_size(library_limit)
        .on_upgrade(async move |socket: WebSocket| {
            let (source, sink) = socket::split(socket, max_frame_size);
            matchmaker.attach_request(&target, request, source, sink).await;
        })
}

fn path_and_query(parts: &Parts) -> &str {
    parts.uri.path_and_query().map_or("/", |path_and_query| path_and_query.as_str())
}

fn is_upgrade(headers: &HeaderMap) -> bool {
    headers
        .get(header::UPGRADE)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

fn with_cors(mut response: Response, origin: Option<&HeaderValue>) -> Response {
    let headers = response.headers_mut();
    for (name, value) in CORS_HEADERS {
        if let Ok(name) = HeaderName::try_from(name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    let allowed = allow_origin(origin.and_then(|origin| origin.to_str().ok()));
    if let Ok(allowed) = HeaderValue::from_str(allowed) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
    }
    // The answer depends on the origin, which caches in between must know.
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    response
}

const JSON: &str = "application/json";

/// How long the body of a request may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes read from a socket at once: about as many as clients send.
const MIN_READ_BUFFER: usize = 1024;
const MAX_READ_BUFFER: usize = 64 * 1024;
