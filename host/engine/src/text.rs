//! Text that comes from a guest.

/// At most `limit` bytes of `text`, cut at a character, without those that cannot be seen: a guest must not be able to move
/// the cursor of a terminal or forge a second line.
pub(crate) fn printable(text: &str, limit: usize) -> String {
    let end = text.floor_char_boundary(limit);
    text[..end]
        .chars()
        .map(|c| if is_hidden(c) { ' ' } else { c })
        .collect()
}

/// Whether a character shows nothing of itself and changes how others are shown: controls, marks that turn the direction of writing, tags.
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}
