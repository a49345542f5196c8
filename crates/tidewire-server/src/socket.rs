//! The WebSocket transport.

use std::future::pending;
use std::io;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use tidewire_protocol::close;

use crate::transport::{FrameSink, FrameSource, Received};

/// Splits a socket whose client may send frames of `max_frame_size` bytes.
pub(crate) fn split(socket: WebSocket, max_frame_size: usize) -> (SocketSource, SocketSink) {
    let (sink, stream) = socket.split();
    (SocketSource { stream, max_frame_size, is_broken: false }, SocketSink { sink })
}

/// The largest message that the WebSocket library should take, so that the frames somewhat above the limit are read to
/// their end. What is above that breaks the stream.
///
/// A connection that is closed with bytes unread is reset, which can cost the client the close frame that says why.
pub(crate) fn library_limit(max_frame_size: usize) -> usize {
    max_frame_size.saturating_mul(4).max(64 * 1024)
}

pub(crate) struct SocketSource {
    stream: SplitStream<WebSocket>,
    max_frame_size: usize,
    is_broken: bool,
}

impl FrameSource for SocketSource {
    async fn receive(&mut self) -> Received {
        if self.is_broken {
            // Nothing can be read any more, but the close frame is still to be written.
            return pending().await;
        }
        match self.stream.next().await {
            Some(Ok(Message::Binary(bytes))) => self.frame(bytes),
            Some(Ok(Message::Text(text))) => self.frame(text.into()),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Received::Alive,
            Some(Ok(Message::Close(frame))) => {
                Received::Closed(frame.map_or(close::NO_STATUS, |frame| frame.code))
            }
            Some(Err(error)) if is_too_big(&error) => {
                self.is_broken = true;
                Received::TooBig
            }
            Some(Err(_)) | None => Received::Closed(close::ABNORMAL),
        }
    }
}

impl SocketSource {
    fn frame(&self, bytes: Bytes) -> Received {
        if bytes.len() > self.max_frame_size { Received::TooBig } else { Received::Frame(bytes) }
    }
}

pub(crate) struct SocketSink {
    sink: SplitSink<WebSocket, Message>,
}

impl FrameSink for SocketSink {
    async fn feed(&mut self, frame: Bytes) -> io::Result<()> {
        self.sink.feed(Message::Binary(frame)).await.map_err(io::Error::other)
    }

    async fn flush(&mut self) -> io::Result<()> {
        self.sink.flush().await.map_err(io::Error::other)
    }

    async fn ping(&mut self) -> io::Result<()> {
        self.sink.send(Message::Ping(Bytes::new())).await.map_err(io::Error::other)
    }

    async fn close(&mut self, code: u16, reason: String) -> io::Result<()> {
        let frame = CloseFrame { code, reason: reason.into() };
        self.sink.send(Message::Close(Some(frame))).await.map_err(io::Error::other)
    }
}

fn is_too_big(error: &axum::Error) -> bool {
    // The library's own type is not in axum's interface.
    error.to_string().contains("too long")
}
