//! The migrations are read while this crate is compiled.

fn main() {
    println!("cargo::rerun-if-changed=../../migrations");
}
