//! What is sent to the console: which forms may be larger than others, and which are not read at the door.

use crate::Desk;
use posthouse_web::uploads;

/// Largest form, in bytes.
pub(crate) const FORM_BYTES: usize = 1 << 20;
/// Largest form of somebody who is not signed in.
pub(crate) const DOOR_BYTES: usize = 16 << 10;
/// Where files to be imported are sent to.
const IMPORTS: &str = "/imports";
/// Where plugins are sent to.
const PLUGINS: &str = "/plugins";

/// Largest file to be imported, with what is around it, in bytes.
pub(crate) fn file_bytes(desk: &Desk) -> usize {
    desk.doors().http().upload_bytes.saturating_add(uploads::ENVELOPE)
}

/// Largest upload of a plugin, in bytes: a good deal more than a plugin may have, so that the sandbox's own refusal is heard.
fn plugin_bytes(desk: &Desk) -> usize {
    let most = desk.app().engine().limits().component_bytes;
    most.saturating_mul(4).max(8 << 20)
}

/// Whether what is sent to a path is put away piece by piece by whoever takes it.
pub(crate) fn is_streamed(path: &str) -> bool {
    path == IMPORTS
}

/// Largest body that is read at the door for a path, in bytes.
pub(crate) fn most(desk: &Desk, path: &str) -> usize {
    match path {
        PLUGINS => plugin_bytes(desk),
        _ => FORM_BYTES,
    }
}
