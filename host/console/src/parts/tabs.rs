//! The tabs of a room.

/// A tab.
#[derive(Debug, Clone)]
pub(crate) struct Tab {
    /// Its name in the texts of its room.
    pub(crate) name: &'static str,
    pub(crate) path: &'static str,
    pub(crate) is_here: bool,
}

/// The tabs that somebody may open, by name and path, of which one is open.
pub(crate) fn tabs(open: impl IntoIterator<Item = (&'static str, &'static str)>, here: &str) -> Vec<Tab> {
    let tab = |(name, path)| Tab {
        name,
        path,
        is_here: name == here,
    };
    open.into_iter().map(tab).collect()
}
