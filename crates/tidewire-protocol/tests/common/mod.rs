//! What several test files use.

/// Bytes out of hex, in which spaces and bars may set things apart.
pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<_> = text.chars().filter(|c| !matches!(c, ' ' | '|')).collect();
    assert!(digits.len().is_multiple_of(2), "half a byte in {text:?}");
    let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16);
    digits.chunks(2).map(|pair| byte(pair).unwrap_or_else(|_| panic!("no hex: {text:?}"))).collect()
}
