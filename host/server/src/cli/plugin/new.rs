//! Writes the project of a new plugin: a small rule that builds and passes its tests at once, with the SDK beside it.

use std::fs;
use std::path::{Path, PathBuf};

use super::points::{self, POINTS, Point, TemplateFile};
use super::project::{Doing, ProjectError};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

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
const SDK: [(&str, &str); 68] = sdk![
    "Cargo.toml",
    "derive/Cargo.toml",
    "derive/src/facts.rs",
    "derive/src/lib.rs",
    "derive/src/names.rs",
    "derive/src/quantiles.rs",
    "derive/src/rule.rs",
    "derive/src/settings.rs",
    "derive/src/variants.rs",
    "golden/Cargo.toml",
    "golden/src/case.rs",
    "golden/src/catalogue/all.rs",
    "golden/src/catalogue/mod.rs",
    "golden/src/complaint_routing.rs",
    "golden/src/count.rs",
    "golden/src/day.rs",
    "golden/src/facts.rs",
    "golden/src/form.rs",
    "golden/src/lib.rs",
    "golden/src/loyalty/asked.rs",
    "golden/src/loyalty/expected.rs",
    "golden/src/loyalty/mod.rs",
    "golden/src/meant.rs",
    "golden/src/mismatch.rs",
    "golden/src/promotion.rs",
    "golden/src/quantiles.rs",
    "golden/src/said.rs",
    "golden/src/segmentation.rs",
    "src/arena.rs",
    "src/basket.rs",
    "src/bindings.rs",
    "src/complaint_routing/case.rs",
    "src/complaint_routing/mod.rs",
    "src/complaint_routing/route.rs",
    "src/complaint_routing/trial.rs",
    "src/component.rs",
    "src/context.rs",
    "src/description.rs",
    "src/facts.rs",
    "src/harness/bounds.rs",
    "src/harness/cells.rs",
    "src/harness/golden.rs",
    "src/harness/line.rs",
    "src/harness/mod.rs",
    "src/harness/patience.rs",
    "src/harness/settings.rs",
    "src/harness/shown.rs",
    "src/lib.rs",
    "src/log.rs",
    "src/loyalty/member.rs",
    "src/loyalty/mod.rs",
    "src/loyalty/occasion.rs",
    "src/loyalty/placement.rs",
    "src/loyalty/postings.rs",
    "src/loyalty/trial.rs",
    "src/offers.rs",
    "src/problems.rs",
    "src/promotion.rs",
    "src/quantiles.rs",
    "src/reasons.rs",
    "src/rule.rs",
    "src/segmentation/columns.rs",
    "src/segmentation/mod.rs",
    "src/segmentation/tables.rs",
    "src/segmentation/trial.rs",
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

/// The files of `sdk/` in a project of this release.
pub(super) fn sdk_files() -> Vec<TemplateFile> {
    let readme = COMMON
        .iter()
        .filter_map(|(path, text)| Some((path.strip_prefix("sdk/")?, *text)));
    SDK.into_iter().chain(readme).collect()
}

fn is_name(name: &str) -> bool {
    let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    name.len() <= 64
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.split('-').all(word)
        && !TAKEN.contains(&name)
}

pub(super) fn write(path: &Path, text: &str) -> Result<(), ProjectError> {
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
            let exported = &format!("posthouse_sdk::export_{}!", world.name.replace('-', "_"));
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
