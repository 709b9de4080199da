//! Text that comes from a guest.

/// At most `limit` bytes of `text`, cut at a character, without control characters: a guest must not be able to move
/// the cursor of a terminal or forge a second line.
pub(crate) fn printable(text: &str, limit: usize) -> String {
    let end = text.floor_char_boundary(limit);
    text[..end]
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
