//! The cache of compiled components, plugins kept in memory, and the queue for the compiler.

use crate::{Guest, works};
use posthouse_engine::{Engine, EngineConfig, Limits, LoadError, digest};
use std::fs;
use std::path::{Path, PathBuf};

fn cached(directory: &Path) -> Engine {
    let config = EngineConfig {
        cache_dir: Some(directory.to_owned()),
        ..EngineConfig::default()
    };
    Engine::new(config).expect("an engine")
}

fn only_file(directory: &Path) -> PathBuf {
    let files: Vec<PathBuf> = fs::read_dir(directory)
        .expect("the directory is there")
        .map(|file| file.expect("readable").path())
        .collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

#[test]
fn the_second_start_does_not_compile() {
    let home = tempfile::tempdir().expect("a directory");
    let directory = home.path().join("aot");
    let bytes = Guest::default().build();
    let first = cached(&directory);
    works(&first.admit(&bytes).expect("harmless").plugin);
    works(&first.open(&digest(&bytes), &bytes).expect("harmless"));
    let stats = first.stats();
    assert_eq!((stats.compiled, stats.from_cache, stats.loaded), (1, 0, 1));

    let second = cached(&directory);
    works(&second.open(&digest(&bytes), &bytes).expect("harmless"));
    let stats = second.stats();
    assert_eq!((stats.compiled, stats.from_cache, stats.loaded), (0, 1, 1));
    assert!(second.loaded(&digest(&bytes)).is_some());
    assert!(second.loaded(&digest(b"other")).is_none());

    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&directory)
            .expect("the directory is there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}

#[test]
fn a_damaged_file_is_compiled_again() {
    let home = tempfile::tempdir().expect("a directory");
    let bytes = Guest::default().build();
    cached(home.path()).open(&digest(&bytes), &bytes).expect("harmless");
    let file = only_file(home.path());
    let whole = fs::read(&file).expect("readable");

    let mut altered = whole.clone();
    *altered.last_mut().expect("not empty") ^= 1;
    for damaged in [&whole[..whole.len() / 2], &whole[..10], b"", &altered] {
        fs::write(&file, damaged).expect("writable");
        let engine = cached(home.path());
        works(&engine.open(&digest(&bytes), &bytes).expect("harmless"));
        assert_eq!((engine.stats().compiled, engine.stats().from_cache), (1, 0));
        assert_eq!(fs::read(only_file(home.path())).expect("readable").len(), whole.len());
    }
}

#[test]
fn other_compiler_settings_use_another_file() {
    let home = tempfile::tempdir().expect("a directory");
    let bytes = Guest::default().build();
    cached(home.path()).open(&digest(&bytes), &bytes).expect("harmless");
    let code = fs::read(only_file(home.path())).expect("readable");
    // the content is not looked at when the name does not fit
    fs::rename(
        only_file(home.path()),
        home.path().join(format!("{}-0123.aot", digest(&bytes))),
    )
    .expect("renamed");
    let engine = cached(home.path());
    engine.open(&digest(&bytes), &bytes).expect("harmless");
    assert_eq!(engine.stats().compiled, 1);
    assert!(!code.is_empty());
}

#[test]
fn the_cache_keeps_what_is_used() {
    const DAY: i64 = 24 * 3_600_000;
    let home = tempfile::tempdir().expect("a directory");
    let guest = |name: &str| {
        Guest {
            name: name.into(),
            ..Guest::default()
        }
        .build()
    };
    let (kept, forgotten) = (guest("kept"), guest("forgotten"));
    let file_of = |bytes: &[u8]| {
        let begin = format!("{}-", digest(bytes));
        let files = fs::read_dir(home.path()).expect("the directory is there");
        files.map(|file| file.expect("readable").path()).find(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with(&begin))
        })
    };
    let first = cached(home.path());
    for bytes in [&kept, &forgotten] {
        first.open(&digest(bytes), bytes).expect("harmless");
    }
    let written = fs::metadata(file_of(&kept).expect("cached")).and_then(|file| file.modified());
    let since = written.expect("a time").duration_since(std::time::UNIX_EPOCH);
    let now = since.expect("after 1970").as_millis() as i64;
    let (foreign, torso, other) = (
        home.path().join(format!("{}-0123.aot", digest(&kept))),
        home.path().join("torso.1.tmp"),
        home.path().join("README"),
    );
    for path in [&foreign, &torso, &other] {
        fs::write(path, "x").expect("writable");
    }
    assert_eq!(
        first.tidy_cache(now + 1_000).expect("tidied"),
        1,
        "what another compiler made"
    );
    assert!(!foreign.exists() && torso.exists());
    drop(first);

    // a month later another start uses one of them, which stays although it was written long ago
    let second = cached(home.path());
    second.open(&digest(&kept), &kept).expect("harmless");
    assert_eq!(second.stats().from_cache, 1);
    assert_eq!(second.tidy_cache(now + 31 * DAY).expect("tidied"), 2);
    assert!(file_of(&kept).is_some() && file_of(&forgotten).is_none() && !torso.exists() && other.exists());
    // what is in memory is used without being read
    assert_eq!(second.tidy_cache(now + 62 * DAY).expect("tidied"), 0);
    drop(second);
    assert_eq!(cached(home.path()).tidy_cache(now + 93 * DAY).expect("tidied"), 1);
    assert!(file_of(&kept).is_none());
}

#[test]
fn bytes_of_another_component() {
    let refused = crate::engine()
        .open(&digest(b"other"), &Guest::default().build())
        .expect_err("not those bytes");
    assert_eq!(refused.code(), "digest_mismatch");
}

#[test]
fn a_full_queue_is_no_refusal() {
    let engine = Engine::new(EngineConfig {
        compile_queue: 0,
        ..EngineConfig::default()
    })
    .expect("an engine");
    let bytes = Guest::default().build();
    let busy = engine.hold_compiler().expect("nobody compiles");
    let full = engine.admit(&bytes).expect_err("nobody may wait");
    assert_eq!(full, LoadError::QueueFull { waiting: 0 });
    assert_eq!(full.code(), "compile_queue_full");
    drop(busy);
    works(&engine.admit(&bytes).expect("the compiler is free again").plugin);
    // what is loaded needs no compiler
    let _busy = engine.hold_compiler().expect("nobody compiles");
    works(&engine.open(&digest(&bytes), &bytes).expect("it is loaded"));
}

#[test]
fn those_who_wait_get_their_turn() {
    let engine = Engine::new(EngineConfig::default()).expect("an engine");
    let bytes = Guest::default().build();
    let busy = engine.hold_compiler().expect("nobody compiles");
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| engine.open(&digest(&bytes), &bytes));
        drop(busy);
        works(&waits.join().expect("no panic").expect("harmless"));
    });
}

#[test]
fn the_one_not_asked_for_longest_leaves() {
    let limits = Limits {
        loaded_plugins: 2,
        ..Limits::default()
    };
    let engine = Engine::new(EngineConfig {
        limits,
        ..EngineConfig::default()
    })
    .expect("an engine");
    let guests: Vec<Vec<u8>> = ["a", "b", "c"]
        .map(|name| {
            Guest {
                name: name.into(),
                ..Guest::default()
            }
            .build()
        })
        .into();
    for guest in [0, 1, 0, 2] {
        engine.open(&digest(&guests[guest]), &guests[guest]).expect("harmless");
    }
    let loaded: Vec<bool> = guests
        .iter()
        .map(|guest| engine.loaded(&digest(guest)).is_some())
        .collect();
    assert_eq!(loaded, [true, false, true]);
}

#[test]
fn threads_end_with_the_engine() {
    let engine = Engine::new(EngineConfig {
        threads: 2,
        ..EngineConfig::default()
    })
    .expect("an engine");
    let plugin = engine
        .open(&digest(&Guest::default().build()), &Guest::default().build())
        .expect("harmless");
    assert_eq!(engine.pool().current_num_threads(), 2);
    assert_eq!(engine.pool().install(rayon::current_num_threads), 2);
    drop(engine);
    // a plugin in use outlives the engine that opened it
    works(&plugin);
}
