//! The engine from outside: what it lets in, what it refuses, and what evil guests come to.

mod admission;
mod blame;
mod contract;
mod costly;
mod drawn;
mod evil;
mod flat;
mod fuzz;
mod loading;
mod loyalty;
mod packing;
mod promotion;
mod settings;
mod shared;
mod speed;
mod state;
mod voice;

use posthouse_engine::{
    Classified, Column, ColumnBuffer, Context, Engine, EngineConfig, Fault, LoadError, Plugin, Refusal,
    SegmentationPlugin, Value, Values,
};
use posthouse_tests::guest::Guest;
use std::sync::OnceLock;

/// One engine for all tests that need no settings of their own: an evil guest must not harm the next call.
fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| {
        Engine::new(EngineConfig {
            compile_queue: 64,
            ..EngineConfig::default()
        })
        .expect("an engine")
    })
}

/// What a component is refused for, without what was drawn for it: that goes by its digest.
fn refusal(bytes: &[u8]) -> Refusal {
    undrawn(refusal_by(engine(), bytes))
}

fn undrawn(mut refusal: Refusal) -> Refusal {
    for (said, drawn) in [
        (&mut refusal.detail.en, "; drawn: "),
        (&mut refusal.detail.zh, "；抽取的条件："),
    ] {
        said.truncate(said.find(drawn).unwrap_or(said.len()));
    }
    refusal
}

fn refusal_by(engine: &Engine, bytes: &[u8]) -> Refusal {
    match engine.admit(bytes) {
        Err(LoadError::Refused(refusal)) => refusal,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

/// Opens without the self-test, as most evil guests would not pass it.
fn open(guest: &Guest) -> Plugin {
    let bytes = guest.build();
    engine()
        .open(&posthouse_engine::digest(&bytes), &bytes)
        .expect("the description is harmless")
}

fn segmentation(plugin: &Plugin) -> SegmentationPlugin {
    plugin.front().expect("it is a segmentation")
}

fn context() -> Context {
    Context {
        config: "{}".into(),
        ..Context::default()
    }
}

/// Three columns with the given first one.
fn classify(plugin: &Plugin, first: &[i32]) -> Result<Classified, Fault> {
    let column = Column {
        values: Values::S32s(first),
        valid: None,
    };
    segmentation(plugin).classify(&context(), first.len(), &[column; 3])
}

fn works(plugin: &Plugin) {
    let answer = classify(plugin, &[0, 3, 4, 99]).expect("a harmless plugin works");
    assert_eq!(
        (answer.segment, answer.score),
        (vec![0, 0, 1, 1], Some(vec![0.0, 3.0, 4.0, 99.0]))
    );
}

/// What a guest whose `classify` goes wrong comes to; afterwards a harmless one must work on the same engine.
fn fault(guest: Guest) -> Fault {
    let fault = classify(&open(&guest), &[1, 2, 3]).expect_err("an evil guest does not answer");
    works(&open(&Guest::default()));
    fault
}

#[test]
fn a_column_buffer_fits_a_call() {
    let mut buffers = vec![ColumnBuffer::new(posthouse_domain::catalogue::FactKind::Count); 3];
    for value in [Value::Int(1), Value::Int(7)] {
        buffers.iter_mut().for_each(|buffer| buffer.push(&value));
    }
    let columns: Vec<Column<'_>> = buffers.iter().map(ColumnBuffer::as_column).collect();
    let answer = segmentation(&open(&Guest::default()))
        .classify(&context(), 2, &columns)
        .expect("a harmless plugin works");
    assert_eq!(answer.segment, [0, 1]);
}
