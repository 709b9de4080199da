//! Children that behave and children that do not. The test is its own child: started with a word, it does what the word says.

use posthouse_child::{Child, End, Limits, confine, held, start};
use std::io::{self, Read, Write};

/// Only the child that is to run out of processor time is short of it: on a slow machine the others would end by that limit first.
fn limits(word: &str) -> Limits {
    Limits {
        memory_bytes: 256 << 20,
        cpu_seconds: if word == "spin" { 1 } else { 60 },
        silence_seconds: 3,
    }
}

fn main() {
    let word = std::env::args().nth(1);
    let child = |work: fn()| {
        confine(&limits(word.as_deref().unwrap_or_default())).expect("limits");
        work();
    };
    match word.as_deref() {
        Some("echo") => child(|| {
            let own = |(name, _): &(String, String)| name.starts_with("MIMALLOC_");
            assert!(
                std::env::vars().all(|var| own(&var)),
                "the child has the server's environment"
            );
            let mut text = String::new();
            io::stdin().read_to_string(&mut text).expect("the input");
            print!("{text}");
        }),
        Some("hoard") => child(|| {
            let mut hoard: Vec<Vec<u8>> = Vec::new();
            loop {
                hoard.push(vec![1; 1 << 20]);
            }
        }),
        Some("spin") => child(|| {
            let mut number = 1_u64;
            loop {
                number = std::hint::black_box(number.wrapping_mul(3));
            }
        }),
        Some("sleep") => child(|| std::thread::sleep(std::time::Duration::from_secs(600))),
        Some("panic") => child(|| panic!("a sheet without an end")),
        Some("write") => child(|| {
            let path = std::env::temp_dir().join("posthouse-child-may-not-write");
            std::fs::write(path, "x").expect("no file");
        }),
        Some("flood") => child(|| {
            let mut out = io::stdout();
            while out.write_all(&[b'x'; 4096]).is_ok() {}
        }),
        _ => parent(),
    }
}

fn begin(word: &str) -> Child {
    let input = held("从驿站".as_bytes()).expect("a file");
    start(
        &std::env::current_exe().expect("this test"),
        [word],
        input,
        &limits(word),
    )
    .expect("a child")
}

fn ended(word: &str) -> (String, End) {
    let mut child = begin(word);
    let mut said = String::new();
    let _ = child.read_to_string(&mut said);
    (said, child.end().expect("an end"))
}

fn parent() {
    assert_eq!(ended("echo"), ("从驿站".to_owned(), End::Done));
    assert_eq!(ended("hoard").1, End::Memory);
    assert_eq!(ended("spin").1, End::Processor);
    assert_eq!(ended("sleep").1, End::Silence);
    let End::Failed(why) = ended("panic").1 else {
        panic!("a panic is a failure")
    };
    assert!(why.contains("it panicked"), "{why}");
    assert!(matches!(ended("write").1, End::Failed(_)));
    // a child that nobody reads any more is ended with its handle
    let mut flood = begin("flood");
    let mut some = [0; 10_000];
    flood.read_exact(&mut some).expect("a flood");
    drop(flood);
    assert_eq!(ended("echo").1, End::Done, "the next child works");
    println!("test result: ok. 8 passed; 0 failed");
}
