//! Plugins for tests: the packed reference plugins.

use std::path::PathBuf;

/// The packed component of a reference plugin, or a project that `posthouse plugin new` writes: `sample`, `sample-offer` with `--world
/// promotion`, `sample-club` with `--world loyalty`, and `sample-desk` with `--world complaint-routing`.
pub fn packed(name: &str) -> Vec<u8> {
    let folder = match name {
        "sample" | "sample-offer" | "sample-club" | "sample-desk" => "target/test-plugins",
        _ => "plugins/dist",
    };
    let path: PathBuf = crate::root().join(folder).join(format!("{name}.wasm"));
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}; `make test-build` builds it", path.display()))
}

/// The same plugin under another digest: with a custom section that says nothing.
pub fn twin(component: &[u8], mark: u8) -> Vec<u8> {
    // section 0, its length, a name of length 4, one byte of content
    [component, &[0, 6, 4, b't', b'w', b'i', b'n', mark]].concat()
}
