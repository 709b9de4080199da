//! The generated bindings belong to the contract as it stands.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use sha2::{Digest, Sha256};

#[test]
fn bindings_are_of_this_contract() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<_> = std::fs::read_dir(here.join("../wit/v1"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut hash = Sha256::new();
    for file in &files {
        hash.update(file.file_name().unwrap().as_encoded_bytes());
        hash.update([0]);
        hash.update(std::fs::read(file).unwrap());
    }
    let digest: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    let bindings = std::fs::read_to_string(here.join("src/bindings.rs")).unwrap();
    assert!(
        bindings.starts_with(&format!("// wit/v1 {digest}\n")),
        "wit/v1 has changed: run `cargo run --manifest-path plugin-sdk/bindgen/Cargo.toml` and adapt the SDK"
    );
}
