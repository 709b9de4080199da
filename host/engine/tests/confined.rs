//! Compiling in children, good ones and bad ones. The test is its own child: what it does is in the name it is started by.

use posthouse_child::{Limits, confine};
use posthouse_engine::{ChildCompiler, Engine, EngineConfig, EngineStats, LoadError, compile_confined, digest};
use posthouse_tests::guest::{Guest, costly};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

const LIMITS: Limits = Limits {
    memory_bytes: 256 << 20,
    cpu_seconds: 2,
    silence_seconds: 30,
};
const CODE: u64 = 4 << 20;

fn main() {
    let mut words = std::env::args();
    let name = words.next().map(PathBuf::from).unwrap_or_default();
    let words: Vec<String> = words.collect();
    if words.first().map(String::as_str) == Some("confined") {
        child(&name, &words);
    } else {
        parent();
    }
}

fn child(name: &Path, words: &[String]) {
    let [_, component, memory_word, memory, cpu_word, cpu, code_word, code] = words else {
        panic!("{words:?}");
    };
    assert_eq!(
        [component, memory_word, cpu_word, code_word],
        ["component", "--memory-bytes", "--cpu-seconds", "--code-bytes"]
    );
    let number = |word: &String| word.parse::<u64>().expect("a number");
    let limits = Limits {
        memory_bytes: number(memory),
        cpu_seconds: number(cpu),
        silence_seconds: 0,
    };
    confine(&limits).expect("limits");
    let mut output = io::stdout();
    let mut say = |bytes: &[u8]| {
        output.write_all(bytes).expect("somebody reads");
        output.flush().expect("somebody reads");
    };
    match name.file_name().and_then(|name| name.to_str()) {
        Some("compiles") => compile_confined(io::stdin(), io::stdout(), number(code)).expect("an answer"),
        Some("panics") => {
            say(b"+");
            panic!("no such register");
        }
        Some("aborts") => {
            say(b"+");
            std::process::abort();
        }
        Some("says-nothing") => say(b"+"),
        Some("sleeps") => {
            say(b"+");
            std::thread::sleep(std::time::Duration::from_secs(600));
        }
        Some("does-not-begin") => std::process::exit(3),
        Some("lies") => say(&[b"+c", &8u64.to_le_bytes()[..], b"\x7fELF\0\0\0\0"].concat()),
        Some("promises") => say(&[b"+c", &u64::MAX.to_le_bytes()[..]].concat()),
        Some("breaks-off") => say(&[b"+c", &800u64.to_le_bytes()[..], b"\x7fELF"].concat()),
        other => panic!("{other:?}"),
    }
}

/// An engine whose compiler is this program under the name.
fn engine(folder: &Path, name: &str, limits: Limits, code_bytes: u64) -> Engine {
    let program = folder.join(name);
    if name != "is-not-there" && !program.exists() {
        std::os::unix::fs::symlink(std::env::current_exe().expect("this test"), &program).expect("a link");
    }
    Engine::new(EngineConfig {
        compiler: Some(ChildCompiler {
            program,
            limits,
            code_bytes,
        }),
        ..EngineConfig::default()
    })
    .expect("an engine")
}

fn parent() {
    let folder = tempfile::tempdir().expect("a folder");
    let with = |name: &str, limits: Limits, code: u64, component: &[u8]| {
        let engine = engine(folder.path(), name, limits, code);
        let outcome = engine.admit(component).map(|admitted| admitted.digest);
        (outcome, engine.stats())
    };
    let harmless = Guest::default().build();
    let (admitted, stats) = with("compiles", LIMITS, CODE, &harmless);
    assert_eq!(admitted, Ok(digest(&harmless)));
    let compiled = EngineStats {
        compiled: 1,
        from_cache: 0,
        loaded: 1,
    };
    assert_eq!(stats, compiled);

    // what is wrong with a component
    let refused = |name: &str, limits: Limits, code: u64, component: &[u8]| match with(name, limits, code, component).0
    {
        Err(LoadError::Refused(refusal)) => (refusal.code, refusal.detail.en),
        other => panic!("{name}: {other:?}"),
    };
    let (code, why) = refused("compiles", LIMITS, CODE, &costly::text_between_components());
    assert_eq!(code, "does_not_compile");
    assert!(
        why.contains("(it panicked: ") && why.contains("multiple memories"),
        "{why}"
    );
    let told = |what: &str| {
        format!(
            "compiling the component takes more than {what}, which is what one may use; \
             make functions shorter, and leave out what is not used"
        )
    };
    let slow = costly::nested_loops(200, 1_000, 250);
    let roomy = Limits {
        memory_bytes: 4 << 30,
        ..LIMITS
    };
    assert_eq!(
        refused("compiles", roomy, CODE, &slow),
        ("too_costly_to_compile", told("2 s of processor time"))
    );
    let patient = Limits {
        cpu_seconds: 60,
        ..LIMITS
    };
    let large = costly::long_function(14_000);
    assert_eq!(
        refused("compiles", patient, CODE, &large),
        ("too_costly_to_compile", told("256 MiB of memory"))
    );
    assert_eq!(
        refused("compiles", LIMITS, 1_000, &harmless),
        ("too_costly_to_compile", told("1000 bytes of machine code"))
    );
    for (name, how) in [
        ("panics", "it panicked: no such register"),
        ("aborts", "it was ended by signal 6"),
        ("says-nothing", "it ended without an answer"),
    ] {
        let (code, why) = refused(name, LIMITS, CODE, &harmless);
        assert_eq!(code, "does_not_compile", "{name}");
        assert!(why.contains(how), "{name}: {why}");
    }
    assert_eq!(refused("promises", LIMITS, CODE, &harmless).0, "too_costly_to_compile");
    assert_eq!(refused("breaks-off", LIMITS, CODE, &harmless).0, "does_not_compile");

    // what is wrong with the host
    let hurried = Limits {
        silence_seconds: 1,
        ..LIMITS
    };
    let cramped = Limits {
        memory_bytes: 1 << 20,
        ..LIMITS
    };
    for (name, limits) in [
        ("sleeps", hurried),
        ("does-not-begin", LIMITS),
        ("is-not-there", LIMITS),
        ("lies", LIMITS),
        ("compiles", cramped),
    ] {
        let (outcome, stats) = with(name, limits, CODE, &harmless);
        assert_eq!(outcome, Err(LoadError::NoCompiler), "{name}");
        assert_eq!(stats.compiled, 0, "{name}");
    }
    println!("test result: ok. 16 passed; 0 failed");
}
