//! Files that tell of types, as `tidewire schema` reads them.

use tidewire_cli::{check_schemas, print_schema};

use crate::parts;

/// Pieces that inputs are likely to have.
pub const WORDS: &[&[u8]] = &[
    br#"{"types":{"#,
    br#""fields":{"#,
    br#""root":"S""#,
    br#""events":{"E":"S"},"#,
    br#"{"map":"S"}"#,
    br#"{"type":"uint8","optional":true}"#,
    br##"{"$ref":"#/defs/S"}"##,
    br##"{"$ref":"#/defs/Optional<S>"}"##,
    br#""properties":{"#,
    br#""required":["#,
    br#""eventHashes":{"E":1},"#,
    br#""pathHashes":{"a.*":1},"#,
    br#""additionalProperties":"#,
    br#""items":"#,
    b"null",
];

/// Compares the two files, one way and the other. What is printed of a description says the same as it.
pub fn target(data: &[u8]) {
    let mut files = parts::split(data).map(String::from_utf8_lossy);
    let (Some(old), Some(new)) = (files.next(), files.next()) else { return };
    let there = check_schemas(&old, &new);
    let back = check_schemas(&new, &old);
    assert_eq!(there.is_ok(), back.is_ok(), "{there:?}, {back:?}");
    if let Ok(there) = there {
        assert!(!there.to_string().is_empty());
    }
    for file in [&old, &new] {
        if let Ok(itself) = check_schemas(file, file) {
            assert!(itself.changes().is_empty(), "{itself}");
        }
        if let Ok(printed) = print_schema(file) {
            match check_schemas(file, &printed) {
                Ok(report) => assert!(report.changes().is_empty(), "{report}"),
                Err(error) => unreachable!("{error} in {printed}"),
            }
        }
    }
}

/// Descriptions, what is printed of them, and files that differ.
pub fn seeds() -> Vec<Vec<u8>> {
    let old = r#"{"types":{"V":{"fields":{"x":"int32","y":"int32"}},"S":{"fields":{"at":"V","all":{"map":"V"},
        "title":{"type":"string","optional":true},"tags":{"set":"string"},"log":{"array":"S"}}}},
        "root":"S","land":"l","events":{"E":"V"},"actions":{"A":"V"}}"#;
    let new = old
        .replace("\"tags\"", "\"more\"")
        .replace(r#""V":{"fields":{"x":"int32","#, r#""V":{"fields":{"#);
    let printed = print_schema(old).unwrap_or_default();
    let other = print_schema(&new).unwrap_or_default();
    vec![
        parts::join([old, &new]),
        parts::join([old, &printed]),
        parts::join([&*printed, &*other]),
        parts::join([
            r#"{"lands":{},"defs":{"A":{"enum":[1]},"B":{"type":"array","items":{}}}}"#,
            &other,
        ]),
    ]
}
