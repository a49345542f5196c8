//! A matchmaking request: its path, a line end, its body.

use tidewire_protocol::matchmake;

/// Pieces that inputs are likely to have.
pub const WORDS: &[&[u8]] = &[
    b"/matchmake/",
    b"joinOrCreate/",
    b"joinById/",
    b"reconnect/",
    b"%2e",
    b"%ff",
    b"\n",
    br#"{"reconnectionToken":"#,
    br#""a":{"#,
    b"[[[[[[[[[[[[[[[[",
    b"1e999",
    br"\ud800",
];

/// Reads path and body. A target is never empty, nor is a token.
pub fn target(data: &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (path, body) = data.split_at(end);
    match matchmake::route(&String::from_utf8_lossy(path)) {
        Ok(Some(request)) => assert!(!request.target.is_empty()),
        Ok(None) => {}
        Err(refusal) => assert!(refusal.code > 0),
    }
    if let Ok(options) = matchmake::options(body)
        && let Ok(token) = matchmake::reconnection_token(&options)
    {
        assert!(!token.is_empty());
    }
}

/// A request for each method.
pub fn seeds() -> Vec<Vec<u8>> {
    [
        "/matchmake/joinOrCreate/arena\n{\"name\":\"ada\",\"level\":3}",
        "/matchmake/create/my%20room\n{}",
        "/prefix/matchmake/join/arena\n",
        "/matchmake/joinById/abcdefghi\n[]",
        "/matchmake/reconnect/abcdefghi\n{\"reconnectionToken\":\"xyz\"}",
        "/matchmake/nothing/arena\nnull",
    ]
    .map(|text| text.as_bytes().to_vec())
    .into()
}
