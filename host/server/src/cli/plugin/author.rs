//! What an author should hear about a file before it goes to a server.

use posthouse_domain::{Words, words};
use posthouse_engine::pack;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What is odd about a component: sources beside it that are newer, golden cases that are missing.
pub(super) fn warnings(file: &Path, component: &[u8]) -> Vec<Words> {
    let mut warnings = Vec::new();
    if let Some(source) = newer_source(file) {
        warnings.push(words!(
            "{file} is older than {source}; `posthouse plugin pack` packs it anew",
            "{file} 比 {source} 旧；请用 `posthouse plugin pack` 重新打包",
            file = file.display(),
            source = source.display()
        ));
    }
    if pack::golden_cases(component).is_ok_and(|cases| cases.is_empty()) {
        warnings.push(words!(
            "{file} has no golden cases inside; `posthouse plugin pack` adds those of golden.json",
            "{file} 不含用例；`posthouse plugin pack` 会加入 golden.json 中的用例",
            file = file.display()
        ));
    }
    warnings
}

/// The newest source of the project in which a component lies, from the project's folder on, if it is newer than the component.
fn newer_source(file: &Path) -> Option<PathBuf> {
    let file = file.canonicalize().ok()?;
    let made = modified(&file)?;
    let project = file
        .ancestors()
        .skip(1)
        .find(|folder| folder.join("Cargo.toml").is_file())
        .filter(|folder| folder.join("src").is_dir())?;
    let mut sources = vec![project.join("Cargo.toml"), project.join("golden.json")];
    files_below(&project.join("src"), &mut sources);
    let (changed, newest) = sources
        .into_iter()
        .filter_map(|source| Some((modified(&source)?, source)))
        .max()?;
    let name = newest.strip_prefix(project).ok()?;
    (changed > made).then(|| name.to_owned())
}

fn modified(file: &Path) -> Option<SystemTime> {
    file.metadata().and_then(|metadata| metadata.modified()).ok()
}

/// All files below a folder; none if there is no such folder.
pub(super) fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in folder.read_dir().into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => files_below(&entry.path(), found),
            Ok(kind) if kind.is_file() => found.push(entry.path()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, File};
    use std::time::Duration;

    fn touch(file: &Path, seconds: u64) {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        File::create(file).unwrap().set_modified(time).unwrap();
    }

    #[test]
    fn a_component_older_than_its_sources_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for (name, seconds) in [
            ("Cargo.toml", 10),
            ("src/lib.rs", 20),
            ("src/more/rule.rs", 10),
            ("rule.wasm", 20),
        ] {
            touch(&at(name), seconds);
        }
        touch(&at("target/plugin/rule.wasm"), 15);
        assert_eq!(newer_source(&at("rule.wasm")), None, "as new as they are");
        assert_eq!(newer_source(&at("target/plugin/rule.wasm")), Some("src/lib.rs".into()));
        for name in ["src/more/rule.rs", "golden.json", "Cargo.toml"] {
            touch(&at(name), 30);
            assert_eq!(newer_source(&at("rule.wasm")), Some(name.into()));
            touch(&at(name), 10);
        }
        // a crate beside, or none at all
        touch(&at("sdk/Cargo.toml"), 90);
        touch(&at("sdk/src/lib.rs"), 90);
        assert_eq!(newer_source(&at("rule.wasm")), None);
        fs::remove_file(at("Cargo.toml")).unwrap();
        assert_eq!(newer_source(&at("target/plugin/rule.wasm")), None);
        assert_eq!(newer_source(&at("no-such.wasm")), None);
    }

    #[test]
    fn missing_golden_cases_are_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("rule.wasm");
        let bare = b"\0asm\x0d\0\x01\0";
        let warned = warnings(&file, bare);
        assert!(
            matches!(&warned[..], [one] if one.en.contains("no golden cases inside")),
            "{warned:?}"
        );
        let cases = br#"[{"name": "none", "today": "2026-01-15", "rows": [], "expect": []}]"#;
        let packed = pack::attach(bare, Some(cases), None).unwrap();
        assert_eq!(warnings(&file, &packed), []);
        assert_eq!(warnings(&file, b"no component"), [], "that is for the server to say");
    }
}
