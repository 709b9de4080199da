//! Bundles the assets and writes the tables that `assets.rs` and `icons.rs` include.

use serde::Deserialize;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

#[derive(Deserialize)]
struct Manifest {
    assets: Vec<Asset>,
    icons: Vec<Icon>,
}

#[derive(Deserialize)]
struct Asset {
    name: String,
    file: String,
    r#type: String,
}

#[derive(Deserialize)]
struct Icon {
    name: String,
    drawing: String,
}

fn main() {
    let folder = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("assets");
    for watched in ["src", "build.mjs", "icons.json", "package.json", "package-lock.json"] {
        println!("cargo::rerun-if-changed=assets/{watched}");
    }
    install(&folder);
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let bundle = out.join("bundle");
    run(Command::new("node").arg("build.mjs").arg(&bundle).current_dir(&folder));
    let manifest = fs::read(bundle.join("manifest.json")).expect("the bundler wrote it");
    let manifest: Manifest = serde_json::from_slice(&manifest).expect("the bundler wrote it");
    fs::write(out.join("assets.rs"), assets(&manifest, &bundle)).expect("the build folder can be written");
    fs::write(out.join("icons.rs"), icons(&manifest)).expect("the build folder can be written");
}

/// Packages as the lock file names them, unless they are there.
fn install(folder: &Path) {
    let (wanted, there) = (
        folder.join("package-lock.json"),
        folder.join("node_modules/.package-lock.json"),
    );
    let changed = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).ok();
    if changed(&there).is_some_and(|there| Some(there) >= changed(&wanted)) {
        return;
    }
    run(Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(folder));
    // npm may keep the time of the lock file, and the next build would install again
    let _ = fs::read(&there).and_then(|listed| fs::write(&there, listed));
}

fn run(command: &mut Command) {
    let status = command.status();
    assert!(
        status.as_ref().is_ok_and(std::process::ExitStatus::success),
        "{command:?} failed: {status:?}; the console's assets need Node 18 or newer with npm, which scripts/setup installs"
    );
}

fn assets(manifest: &Manifest, bundle: &Path) -> String {
    let mut text = String::from("pub(crate) static ALL: &[Asset] = &[\n");
    for asset in &manifest.assets {
        let path = bundle.join(&asset.file);
        let bytes = |end: &str| format!("include_bytes!({:?})", format!("{}{end}", path.display()));
        let _ = writeln!(
            text,
            "Asset {{ name: {:?}, file: {:?}, kind: {:?}, plain: {}, gzip: {}, brotli: {} }},",
            asset.name,
            asset.file,
            asset.r#type,
            bytes(""),
            bytes(".gz"),
            bytes(".br")
        );
    }
    text + "];\n"
}

fn icons(manifest: &Manifest) -> String {
    let mut text = String::from("static DRAWINGS: &[(&str, &str)] = &[\n");
    let mut icons: Vec<_> = manifest.icons.iter().collect();
    icons.sort_by(|a, b| a.name.cmp(&b.name));
    for Icon { name, drawing } in icons {
        let _ = writeln!(text, "({name:?}, {drawing:?}),");
    }
    text + "];\n"
}
