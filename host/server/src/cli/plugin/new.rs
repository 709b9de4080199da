//! Writes the project of a new plugin: a small rule that builds and passes its tests at once, with the SDK beside it.

use std::fs;
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use posthouse_domain::words;

use super::points::{self, POINTS, Point, TemplateFile};
use super::project::{Doing, ProjectError};

/// What a plugin decides, by name. A plugin has one of these worlds of the contract.
pub(super) fn worlds() -> impl TypedValueParser<Value = &'static Point> {
    let worlds = POINTS.map(|point| PossibleValue::new(point.name).help(point.decides));
    PossibleValuesParser::new(worlds).try_map(|name| points::named(&name).ok_or(name))
}

/// Files of every project.
const COMMON: [TemplateFile; 3] = [
    ("Cargo.toml", include_str!("template/Cargo.toml.txt")),
    (".gitignore", include_str!("template/gitignore.txt")),
    ("sdk/README.md", include_str!("template/sdk.md")),
];

/// The SDK's own sources, so that a project needs nothing but crates.io. A test compares the list with the folder.
macro_rules! sdk {
    ($($path:literal),* $(,)?) => {
        [$(($path, include_str!(concat!("../../../../../plugin-sdk/", $path)))),*]
    };
}
const SDK: [(&str, &str); 52] = sdk![
    "Cargo.toml",
    "derive/Cargo.toml",
    "derive/src/facts.rs",
    "derive/src/lib.rs",
    "derive/src/names.rs",
    "derive/src/quantiles.rs",
    "derive/src/settings.rs",
    "derive/src/variants.rs",
    "golden/Cargo.toml",
    "golden/src/case.rs",
    "golden/src/catalogue/all.rs",
    "golden/src/catalogue/mod.rs",
    "golden/src/count.rs",
    "golden/src/day.rs",
    "golden/src/facts.rs",
    "golden/src/form.rs",
    "golden/src/lib.rs",
    "golden/src/meant.rs",
    "golden/src/mismatch.rs",
    "golden/src/promotion.rs",
    "golden/src/quantiles.rs",
    "golden/src/said.rs",
    "golden/src/segmentation.rs",
    "src/arena.rs",
    "src/basket.rs",
    "src/bindings.rs",
    "src/component.rs",
    "src/context.rs",
    "src/description.rs",
    "src/facts.rs",
    "src/harness/bounds.rs",
    "src/harness/cells.rs",
    "src/harness/columns.rs",
    "src/harness/golden.rs",
    "src/harness/line.rs",
    "src/harness/mod.rs",
    "src/harness/patience.rs",
    "src/harness/promotion.rs",
    "src/harness/promotion_golden.rs",
    "src/harness/quantiles.rs",
    "src/harness/reason.rs",
    "src/lib.rs",
    "src/log.rs",
    "src/offers.rs",
    "src/problems.rs",
    "src/promotion.rs",
    "src/quantiles.rs",
    "src/reasons.rs",
    "src/segmentation.rs",
    "src/settings.rs",
    "src/store.rs",
    "src/values.rs",
];

/// Words that cargo refuses as the name of a package or that would hide a crate of Rust's own.
const TAKEN: [&str; 47] = [
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "build",
    "const",
    "continue",
    "core",
    "crate",
    "deps",
    "do",
    "dyn",
    "else",
    "enum",
    "examples",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "incremental",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "posthouse-golden",
    "posthouse-sdk",
    "posthouse-sdk-derive",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "std",
    "struct",
    "test",
];

/// Makes the folder `parent/name` with a plugin of this world in it and returns its path.
pub(super) fn new_project(name: &str, world: &Point, parent: &Path) -> Result<PathBuf, ProjectError> {
    if !is_name(name) {
        return Err(ProjectError::Name { name: name.to_owned() });
    }
    let folder = parent.join(name);
    if folder.symlink_metadata().is_ok() {
        return Err(ProjectError::Exists { path: folder });
    }
    for (path, text) in COMMON.into_iter().chain(world.template) {
        write(&folder.join(path), &text.replace("{{name}}", name))?;
    }
    for (path, text) in SDK {
        write(&folder.join("sdk").join(path), text)?;
    }
    Ok(folder)
}

/// Puts the SDK of this release into the place of a project's; how many of its files are others now. The project's own files stay as they are.
pub(super) fn upgrade_project(folder: &Path) -> Result<usize, ProjectError> {
    let (sdk, fresh, before) = (folder.join("sdk"), folder.join("sdk.new"), folder.join("sdk.before"));
    if !sdk.exists() && before.is_dir() {
        // an upgrade was ended half-way
        let _ = fs::rename(&before, &sdk);
    }
    if !folder.join("Cargo.toml").is_file() || !sdk.join("Cargo.toml").is_file() {
        return Err(ProjectError::NotAProject {
            path: folder.to_owned(),
            reason: words!(
                "it has no sdk/ of its own; a project made by `posthouse plugin new` has one",
                "其中没有 sdk/；由 `posthouse plugin new` 创建的项目才有"
            ),
        });
    }
    let readme = COMMON
        .iter()
        .filter_map(|(path, text)| Some((path.strip_prefix("sdk/")?, *text)));
    let files: Vec<(&str, &str)> = SDK.into_iter().chain(readme).collect();
    let same = |(path, text): &&(&str, &str)| fs::read_to_string(sdk.join(path)).is_ok_and(|there| there == *text);
    let changed = files.len() - files.iter().filter(same).count();
    if changed == 0 && count(&sdk) == files.len() {
        return Ok(0);
    }
    // beside the old one first: a disk that is full half-way leaves the project as it was
    let _ = fs::remove_dir_all(&fresh);
    for (path, text) in files {
        write(&fresh.join(path), text)?;
    }
    let _ = fs::remove_dir_all(&before);
    let put = fs::rename(&sdk, &before).and_then(|()| {
        fs::rename(&fresh, &sdk).inspect_err(|_| {
            let _ = fs::rename(&before, &sdk);
        })
    });
    put.map_err(|source| ProjectError::Io {
        doing: Doing::Write,
        path: sdk,
        source,
    })?;
    let _ = fs::remove_dir_all(&before);
    Ok(changed)
}

/// Files below a folder.
fn count(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.path() {
            path if path.is_dir() => count(&path),
            _ => 1,
        })
        .sum()
}

fn is_name(name: &str) -> bool {
    let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    name.len() <= 64
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.split('-').all(word)
        && !TAKEN.contains(&name)
}

fn write(path: &Path, text: &str) -> Result<(), ProjectError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|source| ProjectError::Io {
            doing: Doing::Create,
            path: folder.to_owned(),
            source,
        })?;
    }
    fs::write(path, text).map_err(|source| ProjectError::Io {
        doing: Doing::Write,
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn files_below(folder: &Path, root: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files_below(&path, root, found);
            } else {
                found.insert(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }

    #[test]
    fn the_whole_sdk_goes_along() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugin-sdk");
        let mut there = BTreeSet::from(["Cargo.toml".to_owned()]);
        files_below(&root.join("src"), &root, &mut there);
        for crate_beside in ["derive", "golden"] {
            // what a crate is tested with stays here
            there.insert(format!("{crate_beside}/Cargo.toml"));
            files_below(&root.join(crate_beside).join("src"), &root, &mut there);
        }
        let taken: BTreeSet<String> = SDK.iter().map(|(path, _)| (*path).to_owned()).collect();
        assert_eq!(taken, there);
    }

    #[test]
    fn a_project_carries_its_name_and_nothing_of_the_template() {
        let parent = tempfile::tempdir().unwrap();
        for world in POINTS {
            let name = &*format!("my-{}", world.name);
            let exported = &format!("posthouse_sdk::export_{}!", world.name);
            let folder = new_project(name, world, parent.path()).unwrap();
            let read = |path: &str| fs::read_to_string(folder.join(path)).unwrap();
            assert!(read("Cargo.toml").contains(&format!("name = \"{name}\"")), "{name}");
            assert!(read("README.md").starts_with(&format!("# {name}\n")), "{name}");
            assert!(read("src/lib.rs").contains(exported), "{name}");
            for (path, _) in COMMON.into_iter().chain(world.template) {
                assert!(!read(path).contains("{{"), "{path} of {name}");
            }
        }
        let again = new_project("my-segmentation", POINTS[1], parent.path()).unwrap_err();
        assert!(matches!(again, ProjectError::Exists { .. }), "{again}");
    }

    #[test]
    fn an_upgrade_replaces_the_sdk_and_nothing_else() {
        let parent = tempfile::tempdir().unwrap();
        let folder = new_project("welcome-home", POINTS[0], parent.path()).unwrap();
        assert_eq!(upgrade_project(&folder).unwrap(), 0);
        let at = |path: &str| folder.join(path);
        fs::write(at("sdk/src/lib.rs"), "// of an earlier release").unwrap();
        fs::write(at("sdk/src/gone.rs"), "// a file that is no longer part of it").unwrap();
        fs::write(at("src/lib.rs"), "// the author's").unwrap();
        assert_eq!(upgrade_project(&folder).unwrap(), 1);
        assert_eq!(upgrade_project(&folder).unwrap(), 0);
        fs::rename(at("sdk"), at("sdk.before")).unwrap();
        assert_eq!(
            upgrade_project(&folder).unwrap(),
            0,
            "one that was ended half-way is put right"
        );
        let mut there = BTreeSet::new();
        files_below(&at("sdk"), &at("sdk"), &mut there);
        let wanted = SDK.iter().map(|(path, _)| (*path).to_owned());
        assert_eq!(there, wanted.chain(["README.md".to_owned()]).collect());
        assert!(
            fs::read_to_string(at("sdk/src/lib.rs"))
                .unwrap()
                .starts_with("//! Write a Posthouse plugin")
        );
        assert_eq!(fs::read_to_string(at("src/lib.rs")).unwrap(), "// the author's");
        assert!(!at("sdk.before").exists() && !at("sdk.new").exists());
        let other = upgrade_project(parent.path()).unwrap_err();
        assert!(matches!(other, ProjectError::NotAProject { .. }), "{other}");
    }

    #[test]
    fn names_that_cargo_or_the_host_would_refuse_are_refused() {
        let parent = tempfile::tempdir().unwrap();
        for name in [
            "",
            "Welcome",
            "welcome_home",
            "-a",
            "a-",
            "a--b",
            "7up",
            "../x",
            "a/b",
            "fn",
            "std",
            "客人",
        ] {
            let refused = new_project(name, POINTS[0], parent.path()).unwrap_err();
            assert!(matches!(refused, ProjectError::Name { .. }), "{name}: {refused}");
        }
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    }
}
