//! Brings a project of an earlier release over to this one: its SDK, and what can be moved in its sources without knowing what they mean.

use std::fs;
use std::path::{Path, PathBuf};

use posthouse_domain::words;

use super::author::files_below;
use super::new::{sdk_files, write};
use super::project::{Doing, ProjectError};
use super::sources::{brought_over, checks};

/// What an upgrade did.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Upgraded {
    /// How many files of `sdk/` are others now.
    pub(super) changed: usize,
    /// The author's sources in which something was moved, from the project's folder on.
    pub(super) moved: Vec<PathBuf>,
    /// Where the author has to write something anew: a file, and a line of it.
    pub(super) left: Vec<(PathBuf, usize)>,
}

/// How many files of a project's `sdk/` are not those of this release; none if it has no `sdk/`.
pub(super) fn outdated(folder: &Path) -> usize {
    let sdk = folder.join("sdk");
    match sdk.join("Cargo.toml").is_file() {
        true => differing(&sdk),
        false => 0,
    }
}

fn differing(sdk: &Path) -> usize {
    let same = |(path, text): &(&str, &str)| fs::read_to_string(sdk.join(path)).is_ok_and(|there| there == *text);
    sdk_files().iter().filter(|file| !same(file)).count()
}

/// Puts the SDK of this release into the place of a project's, and moves in the author's sources what stands elsewhere by now.
pub(super) fn upgrade_project(folder: &Path) -> Result<Upgraded, ProjectError> {
    let (sdk, before) = (folder.join("sdk"), folder.join("sdk.before"));
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
    let changed = differing(&sdk);
    if changed > 0 || count(&sdk) != sdk_files().len() {
        replace(folder)?;
    }
    let mut upgraded = Upgraded {
        changed,
        ..Upgraded::default()
    };
    let mut sources = Vec::new();
    for part in ["src", "tests"] {
        files_below(&folder.join(part), &mut sources);
    }
    sources.retain(|file| file.extension().is_some_and(|end| end == "rs"));
    sources.sort();
    for file in sources {
        let name = file.strip_prefix(folder).unwrap_or(&file).to_owned();
        let source = fs::read_to_string(&file).map_err(|source| ProjectError::Io {
            doing: Doing::Read,
            path: file.clone(),
            source,
        })?;
        let over = brought_over(&source);
        if over != source {
            write(&file, &over)?;
            upgraded.moved.push(name.clone());
        }
        upgraded.left.extend(checks(&over).map(|line| (name.clone(), line)));
    }
    Ok(upgraded)
}

/// The SDK of this release beside the old one first: a disk that is full half-way leaves the project as it was.
fn replace(folder: &Path) -> Result<(), ProjectError> {
    let (sdk, fresh, before) = (folder.join("sdk"), folder.join("sdk.new"), folder.join("sdk.before"));
    let _ = fs::remove_dir_all(&fresh);
    for (path, text) in sdk_files() {
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
    Ok(())
}

/// Files below a folder.
fn count(folder: &Path) -> usize {
    let mut files = Vec::new();
    files_below(folder, &mut files);
    files.len()
}

#[cfg(test)]
mod tests {
    use super::super::new::new_project;
    use super::super::points::POINTS;
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn an_upgrade_replaces_the_sdk_and_nothing_else() {
        let parent = tempfile::tempdir().unwrap();
        let folder = new_project("welcome-home", POINTS[0], parent.path()).unwrap();
        assert_eq!(upgrade_project(&folder).unwrap(), Upgraded::default());
        let at = |path: &str| folder.join(path);
        fs::write(at("sdk/src/lib.rs"), "// of an earlier release").unwrap();
        fs::write(at("sdk/src/gone.rs"), "// a file that is no longer part of it").unwrap();
        fs::write(at("src/lib.rs"), "// the author's").unwrap();
        assert_eq!((outdated(&folder), upgrade_project(&folder).unwrap().changed), (1, 1));
        assert_eq!(outdated(&folder), 0);
        assert_eq!(upgrade_project(&folder).unwrap(), Upgraded::default());
        fs::rename(at("sdk"), at("sdk.before")).unwrap();
        assert_eq!(
            upgrade_project(&folder).unwrap(),
            Upgraded::default(),
            "one that was ended half-way is put right"
        );
        let mut there = Vec::new();
        files_below(&at("sdk"), &mut there);
        let there: BTreeSet<PathBuf> = there.into_iter().collect();
        assert_eq!(
            there,
            sdk_files().iter().map(|(path, _)| at("sdk").join(path)).collect()
        );
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
}
