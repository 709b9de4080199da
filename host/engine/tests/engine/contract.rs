//! The contract against the last one released: what was built for that must fit what stands in `wit/` now.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use wit_parser::{Resolve, UnresolvedPackageGroup};

fn wit(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit").join(folder)
}

/// The contract's files by name.
fn files(folder: &str) -> BTreeMap<String, String> {
    let entries = fs::read_dir(wit(folder)).expect("the contract has a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let texts = paths.filter(|path| path.extension().is_some_and(|ext| ext == "wit"));
    let named = |path: PathBuf| {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .expect("a name in UTF-8");
        (name.to_owned(), fs::read_to_string(&path).expect("a file in UTF-8"))
    };
    texts.map(named).collect()
}

/// The folder of the newest contract that was released.
fn newest() -> String {
    let entries = fs::read_dir(wit("released")).expect("contracts were released");
    let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    let mut versions: Vec<semver::Version> = names.filter_map(|name| semver::Version::parse(&name).ok()).collect();
    versions.sort();
    format!("released/{}", versions.last().expect("at least one"))
}

/// Says for each world of `before` whether components that serve it can be called by the same world of `after`.
fn check(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Result<usize, String> {
    let mut resolve = Resolve::default();
    let mut push = |files: &BTreeMap<String, String>, version: &str| {
        let name = "package posthouse:plugin@";
        // one document: the package is named once, under a version of its own, as two of the same cannot stand beside each other
        let lines = files.values().flat_map(|text| text.lines());
        let rest: Vec<&str> = lines.filter(|line| !line.starts_with(name)).collect();
        let whole = format!("{name}{version};\n{}", rest.join("\n"));
        let group = UnresolvedPackageGroup::parse(version, &whole).expect("the contract can be read");
        resolve.push_group(group).expect("the contract is sound")
    };
    let (old, new) = (push(before, "0.0.1"), push(after, "0.0.2"));
    let worlds = resolve.packages[old].worlds.clone();
    for (name, was) in &worlds {
        let Some(is) = resolve.packages[new].worlds.get(name) else {
            return Err(format!("the world {name} is gone"));
        };
        wit_component::semver_check(resolve.clone(), *was, *is).map_err(|error| format!("{name}: {error:#}"))?;
    }
    Ok(worlds.len())
}

#[test]
fn what_was_built_for_the_last_release_fits() {
    let now = files("v1");
    let newest = newest();
    if std::env::var_os("POSTHOUSE_UPDATE_CONTRACT").is_some() {
        for (name, text) in &now {
            fs::write(wit(&newest).join(name), text).expect("the contract can be kept");
        }
    }
    let checked = check(&files(&newest), &now);
    assert_eq!(
        checked,
        Ok(4),
        "wit/v1 breaks {newest}; see wit/released/README.md for when it may"
    );
}

/// The contract with one passage changed.
fn changed(from: &str, to: &str) -> BTreeMap<String, String> {
    let mut files = files("v1");
    let places = files.values().filter(|text| text.contains(from)).count();
    assert!(places > 0, "nothing in the contract reads {from:?}");
    for text in files.values_mut() {
        *text = text.replace(from, to);
    }
    files
}

#[test]
fn additions_pass_and_changes_do_not() {
    let before = files("v1");
    let addition = changed(
        "world promotion-plugin {",
        "interface clock { ticks: func() -> u64; }\n\nworld promotion-plugin {\n    import clock;",
    );
    assert_eq!(check(&before, &addition), Ok(4));
    for (what, from, to) in [
        ("a field renamed", "line: u32,", "place: u32,"),
        ("a field more", "line: u32,", "line: u32,\n        weight: u32,"),
        ("another type", "rate(u32),", "rate(u64),"),
        ("a case more", "rate(u32),", "rate(u32),\n        gift(string),"),
        ("a world gone", "world promotion-plugin", "world promotion-rule"),
    ] {
        let broken = check(&before, &changed(from, to));
        assert!(broken.is_err(), "{what} passes");
    }
}
