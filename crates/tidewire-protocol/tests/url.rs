//! Addresses that clients dial.

use tidewire_protocol::url::{Dial, Target, UrlError, parse};

#[test]
fn rooms() {
    let check = |dialled: &str, expected: Dial| {
        assert_eq!(parse(dialled), Ok(Target::Room(expected)), "{dialled}");
    };
    let ada = Dial::new("p1", "room1", "ada");
    check("/p1/room1?sessionId=ada", ada.clone());
    check("/p1/room1/?sessionId=ada", ada.clone());
    check("/eu/2567/p1/room1?sessionId=ada", ada.clone());
    check("p1/room1?sessionId=ada", ada.clone());
    check("/p1/room1?a=b&sessionId=ada&&c", ada.clone());
    check("/p1/room1?sessionId=ada#fragment", ada.clone());
    check("/p1/room1?sessionId=ada&sessionId=eve", ada.clone());
    check("/p1/room1?sessionId=ada&reconnectionToken=&_authToken=", ada.clone());
    for skip in ["skipHandshake", "skipHandshake=1", "skipHandshake=true", "skipHandshake=false"] {
        check(
            &format!("/p1/room1?{skip}&sessionId=ada"),
            Dial { skip_handshake: true, ..ada.clone() },
        );
    }
    check(
        "/p1/room1?_authToken=a.b%2Bc%3D&reconnectionToken=t0k_-&sessionId=a%20d+a",
        Dial {
            reconnection_token: Some("t0k_-".into()),
            auth_token: Some("a.b+c=".into()),
            session_id: "a d a".into(),
            ..ada
        },
    );
}

#[test]
fn latency() {
    for dialled in [
        "",
        "/",
        "/?",
        "/game",
        "/game/",
        "/?_authToken=x",
        "/p1/room1",
        "/p1/room1?sessionId=",
        "?sessionId",
    ] {
        assert_eq!(parse(dialled), Ok(Target::Ping), "{dialled}");
    }
}

#[test]
fn nowhere() {
    let check =
        |dialled: &str, expected: UrlError| assert_eq!(parse(dialled), Err(expected), "{dialled}");
    check("/?sessionId=ada", UrlError::Path("/".into()));
    check("/room1?sessionId=ada", UrlError::Path("/room1".into()));
    check("//room1?sessionId=ada", UrlError::Path("//room1".into()));
    check("/p1/ro%20om?sessionId=ada", UrlError::RoomId("ro%20om".into()));
    check("/p1/ro.om?sessionId=ada", UrlError::RoomId("ro.om".into()));
    check("/p1/room1?sessionId=%ff", UrlError::NotUtf8("sessionId"));
    check("/p1/room1?sessionId=ada&_authToken=%c3%28", UrlError::NotUtf8("_authToken"));
}

#[test]
fn escapes_that_are_none_stay() {
    for (escaped, expected) in
        [("%", "%"), ("%2", "%2"), ("%zz", "%zz"), ("%%41", "%A"), ("%c3%A9", "é")]
    {
        let Ok(Target::Room(dial)) = parse(&format!("/p/r?sessionId={escaped}")) else {
            panic!("{escaped}")
        };
        assert_eq!(dial.session_id, expected, "{escaped}");
    }
}
