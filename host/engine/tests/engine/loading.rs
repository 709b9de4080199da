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
    let (kept, forgotten) = (named("kept"), named("forgotten"));
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

/// Bytes of all files.
fn taken(directory: &Path) -> u64 {
    let files = fs::read_dir(directory).expect("the directory is there");
    files
        .map(|file| file.and_then(|file| file.metadata()).expect("readable").len())
        .sum()
}

fn named(name: &str) -> Vec<u8> {
    Guest {
        name: name.into(),
        ..Guest::default()
    }
    .build()
}

#[test]
fn what_is_refused_leaves_no_file() {
    let home = tempfile::tempdir().expect("a directory");
    let engine = cached(home.path());
    let failing = Guest {
        before: "unreachable".into(),
        ..Guest::default()
    }
    .build();
    for _ in 0..2 {
        engine.admit(&failing).expect_err("it fails its test");
    }
    assert_eq!((engine.stats().compiled, taken(home.path())), (2, 0));
    engine.admit(&named("good")).expect("harmless");
    assert!(taken(home.path()) > 0);
}

#[test]
fn who_sends_the_same_at_once_compiles_it_once() {
    let home = tempfile::tempdir().expect("a directory");
    let engine = cached(home.path());
    let bytes = Guest::default().build();
    let busy = engine.hold_compiler();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| works(&engine.admit(&bytes).expect("harmless").plugin));
        }
        drop(busy);
    });
    assert_eq!(engine.stats().compiled, 1);
}

#[test]
fn data_far_apart_makes_no_large_file() {
    let home = tempfile::tempdir().expect("a directory");
    let sparse = Guest {
        memory: "256".into(),
        extra: r#"(data (i32.const 16777000) "the end")"#.into(),
        ..Guest::default()
    }
    .build();
    let engine = cached(home.path());
    works(&engine.admit(&sparse).expect("harmless").plugin);
    let (component, file) = (sparse.len() as u64, taken(home.path()));
    assert!(component < 16 << 10 && file < 1 << 20, "{file} bytes for {component}");
}

#[test]
fn the_cache_has_a_bound() {
    let home = tempfile::tempdir().expect("a directory");
    cached(home.path()).admit(&named("first")).expect("harmless");
    let one = taken(home.path());
    let has = |name: &str| {
        let begin = digest(&named(name));
        let mut files = fs::read_dir(home.path()).expect("the directory is there");
        files.any(|file| {
            file.expect("readable")
                .file_name()
                .to_string_lossy()
                .starts_with(&begin)
        })
    };
    // room for two, as those differ by a few bytes
    let bounded = || {
        Engine::new(EngineConfig {
            cache_dir: Some(home.path().to_owned()),
            cache_bytes: 2 * one + one / 2,
            ..EngineConfig::default()
        })
        .expect("an engine")
    };
    let engine = bounded();
    engine.admit(&named("second")).expect("harmless");
    assert!(has("first") && has("second"));
    drop(engine);
    // the first is used, so the second goes
    let engine = bounded();
    std::thread::sleep(std::time::Duration::from_millis(20));
    works(
        &engine
            .open(&digest(&named("first")), &named("first"))
            .expect("harmless"),
    );
    engine.admit(&named("third")).expect("harmless");
    assert!(has("first") && !has("second") && has("third"));
    assert_eq!((engine.stats().compiled, engine.stats().from_cache), (1, 1));

    // a smaller bound holds from the next time the cache is tidied
    let smaller = Engine::new(EngineConfig {
        cache_dir: Some(home.path().to_owned()),
        cache_bytes: one,
        ..EngineConfig::default()
    })
    .expect("an engine");
    assert!(smaller.tidy_cache(i64::from(i32::MAX)).expect("tidied") >= 1);
    assert!(taken(home.path()) <= one);
}

#[test]
fn nothing_is_kept_on_a_full_disk() {
    let home = tempfile::tempdir().expect("a directory");
    let engine = Engine::new(EngineConfig {
        cache_dir: Some(home.path().to_owned()),
        spared_bytes: u64::MAX,
        ..EngineConfig::default()
    })
    .expect("an engine");
    works(&engine.admit(&Guest::default().build()).expect("harmless").plugin);
    assert_eq!(taken(home.path()), 0);
}

#[test]
fn what_is_forgotten_is_gone() {
    let home = tempfile::tempdir().expect("a directory");
    let engine = cached(home.path());
    let admitted = engine.admit(&named("gone")).expect("harmless");
    for _ in 0..2 {
        engine.forget(&admitted.digest);
        assert!(engine.loaded(&admitted.digest).is_none() && taken(home.path()) == 0);
    }
    // whoever still has it may go on
    works(&admitted.plugin);
}

/// The stack that plugins may have is there, wherever they are called from: these threads have 2 MiB, the plugin takes 16.
#[test]
fn threads_have_the_stack_that_plugins_may_take() {
    let limits = Limits {
        stack_bytes: 16 << 20,
        ..Limits::default()
    };
    let engine = Engine::new(EngineConfig {
        limits,
        ..EngineConfig::default()
    })
    .expect("an engine");
    let extra = "(func $deep (param i32) (result i32) (i32.add (call $deep (local.get 0)) (i32.const 1)))";
    let describes = Guest {
        extra: extra.into(),
        describe: "(drop (call $deep (i32.const 0)))".into(),
        ..Guest::default()
    };
    let refused = engine.admit(&describes.build()).expect_err("it has no end");
    assert!(refused.to_string().contains("call stack exhausted"), "{refused}");
    let classifies = Guest {
        extra: extra.into(),
        before: "(drop (call $deep (i32.const 0)))".into(),
        ..Guest::default()
    };
    let bytes = classifies.build();
    let plugin = engine.open(&digest(&bytes), &bytes).expect("it describes itself");
    let fault = engine
        .pool()
        .install(|| crate::classify(&plugin, &[0]))
        .expect_err("it has no end");
    assert!(fault.to_string().contains("call stack exhausted"), "{fault}");
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
    let busy = engine.hold_compiler();
    let full = engine.admit(&bytes).expect_err("nobody may wait");
    assert_eq!(full, LoadError::QueueFull { waiting: 0 });
    assert_eq!(full.code(), "compile_queue_full");
    drop(busy);
    works(&engine.admit(&bytes).expect("the compiler is free again").plugin);
    // what is loaded needs no compiler
    let _busy = engine.hold_compiler();
    works(&engine.open(&digest(&bytes), &bytes).expect("it is loaded"));
}

#[test]
fn those_who_wait_get_their_turn() {
    let engine = Engine::new(EngineConfig::default()).expect("an engine");
    let bytes = Guest::default().build();
    let busy = engine.hold_compiler();
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
