//! Input nobody would write: mutated uploads, descriptors and answers. The host must come back with a typed refusal or fault, or with
//! an answer that holds what it promises; a panic ends the test and names the seed.
//!
//! `POSTHOUSE_FUZZ_SECONDS` is how long each target is tried, `POSTHOUSE_FUZZ_SEED` where it begins; `make fuzz` sets both.

use crate::{Guest, engine, open, works};
use posthouse_engine::{Classified, Column, Context, Fault, LoadError, NONE, Plugin, Values, digest};
use posthouse_tests::guest::PromotionGuest;
use std::time::{Duration, Instant};

fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().expect("a number"))
}

/// Says which case it was when one fails.
struct Case(&'static str, u64);

impl Drop for Case {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("{} fails with POSTHOUSE_FUZZ_SEED={}", self.0, self.1);
        }
    }
}

/// Tries cases until the time is over. Case `n` depends on the seed and `n` alone.
pub(crate) fn fuzz(target: &'static str, mut case: impl FnMut(&mut Dice)) {
    let patience = Duration::from_secs(setting("POSTHOUSE_FUZZ_SECONDS", 1));
    let (began, first) = (Instant::now(), setting("POSTHOUSE_FUZZ_SEED", 1));
    let mut cases = 0;
    while began.elapsed() < patience || cases == 0 {
        let seed = first.wrapping_add(cases);
        let _case = Case(target, seed);
        case(&mut Dice(seed.wrapping_mul(0x2545_f491_4f6c_dd1d)));
        cases += 1;
    }
    println!("{target}: {cases} cases from seed {first}");
    works(&open(&Guest::default()));
}

/// SplitMix64.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    /// A number that is near an edge of something, or any.
    pub(crate) fn word(&mut self) -> u32 {
        const EDGES: [u32; 12] = [
            0,
            1,
            2,
            3,
            255,
            1_024,
            65_535,
            65_536,
            524_287,
            524_288,
            0x7fff_ffff,
            u32::MAX,
        ];
        match self.below(3) {
            0 => EDGES[self.below(EDGES.len())],
            1 => self.below(600_000) as u32,
            _ => self.next() as u32,
        }
    }

    fn range(&mut self, length: usize) -> std::ops::Range<usize> {
        let from = self.below(length);
        let most = (length - from).min(64);
        from..from + self.below(most) + usize::from(most > 0)
    }
}

/// Does what happens to files: bits turn, pieces are lost, doubled, moved, or come from another file.
fn mutate(bytes: &mut Vec<u8>, other: &[u8], dice: &mut Dice) {
    for _ in 0..=dice.below(4) {
        let at = dice.below(bytes.len());
        match dice.below(7) {
            _ if bytes.len() < 16 => bytes.extend_from_slice(&other[..16]),
            0 => bytes[at] ^= 1 << dice.below(8),
            1 => bytes[at] = dice.next() as u8,
            2 => {
                let word = dice.word().to_le_bytes();
                let end = (at + 4).min(bytes.len());
                bytes[at..end].copy_from_slice(&word[..end - at]);
            }
            3 => drop(bytes.drain(dice.range(bytes.len()))),
            4 => {
                let piece = bytes[dice.range(bytes.len())].to_vec();
                bytes.splice(at..at, piece);
            }
            5 => {
                let piece = other[dice.range(other.len())].to_vec();
                bytes.splice(at..at, piece);
            }
            _ => bytes.truncate(at),
        }
    }
}

/// A refusal has a code and a sentence, whatever was uploaded.
fn refused(error: &LoadError) {
    match error {
        LoadError::Refused(refusal) => assert!(!refusal.code.is_empty() && !refusal.detail.is_empty()),
        other => panic!("no refusal: {other}"),
    }
}

#[test]
fn uploads() {
    let rich = Guest {
        quantiles: vec![("trips-24m".into(), 5, Some("trips-12m".into()))],
        extra: "(table 10 funcref) (global $g (mut f64) (f64.const 1))".into(),
        ..Guest::default()
    };
    let uploads = [
        Guest::default().build(),
        rich.build(),
        PromotionGuest::default().build(),
    ];
    fuzz("uploads", |dice| {
        let mut bytes = uploads[dice.below(uploads.len())].clone();
        let other = &uploads[dice.below(uploads.len())];
        mutate(&mut bytes, other, dice);
        if let Err(error) = engine().admit(&bytes) {
            refused(&error);
        }
    });
}

#[test]
fn descriptors() {
    let guest = Guest {
        quantiles: vec![("trips-24m".into(), 5, Some("trips-12m".into()))],
        ..Guest::default()
    };
    let (whole, spoken) = (guest.build(), guest.spoken());
    let mut places = whole.windows(spoken.len());
    let from = places
        .position(|piece| piece == spoken)
        .expect("the component holds what it says");
    fuzz("descriptors", |dice| {
        let mut bytes = whole.clone();
        for _ in 0..=dice.below(3) {
            // records and lists are made of words: pointers, lengths, discriminants
            let at = from + dice.below(spoken.len() / 4) * 4;
            match dice.below(3) {
                0 => bytes[at] ^= 1 << dice.below(8),
                1 => bytes[at + dice.below(4)] = dice.next() as u8,
                _ => bytes[at..at + 4].copy_from_slice(&dice.word().to_le_bytes()),
            }
        }
        match engine().open(&digest(&bytes), &bytes) {
            Ok(plugin) => {
                let description = plugin.description();
                assert!(!description.name.is_empty() && !plugin.segments().is_empty());
            }
            Err(error) => refused(&error),
        }
    });
}

/// Answers with the first nine words of its first column, at an address the seed moves.
fn parrot() -> Plugin {
    let before = "(local.set $values (i32.load offset=4 (local.get $columns)))
      (local.set $i (call $alloc (i32.const 64)))
      (memory.copy (local.get $i) (local.get $values) (i32.const 36))
      (return (i32.add (local.get $i) (i32.wrap_i64 (local.get $seed))))";
    open(&Guest {
        before: before.into(),
        ..Guest::default()
    })
}

/// Rows of a call of the parrot.
const ROWS: usize = 24;
/// A place in the guest's memory where nothing is: zeros are a good answer.
const ZEROS: i32 = 300_000;
/// An answer as the contract wants it: no error, segments, scores, no reasons.
const GOOD: [i32; 9] = [0, ZEROS, ROWS as i32, 1, ZEROS, ROWS as i32, 0, 0, 0];

fn answer(plugin: &Plugin, words: [i32; 9], seed: u64) -> Result<Classified, Fault> {
    let mut rows = [0; ROWS];
    rows[..9].copy_from_slice(&words);
    let column = Column {
        values: Values::S32s(&rows),
        valid: None,
    };
    let context = Context {
        seed,
        config: "{}".into(),
        ..Context::default()
    };
    crate::segmentation(plugin).classify(&context, ROWS, &[column; 3])
}

#[test]
fn answers() {
    let plugin = parrot();
    let good = answer(&plugin, GOOD, 0).expect("zeros are a good answer");
    assert_eq!((good.segment, good.score), (vec![0; ROWS], Some(vec![0.0; ROWS])));
    fuzz("answers", |dice| {
        let mut words = GOOD;
        if dice.below(2) == 0 {
            // with reasons
            words[6..].copy_from_slice(&[1, ZEROS, ROWS as i32]);
        }
        for _ in 0..=dice.below(3) {
            words[dice.below(9)] = dice.word() as i32;
        }
        let seed = match dice.below(8) {
            0 => u64::from(dice.word()),
            _ => 0,
        };
        match answer(&plugin, words, seed) {
            Ok(answer) => {
                let known = |index: &u16| usize::from(*index) < plugin.segments().len() || *index == NONE;
                assert!(answer.segment.len() == ROWS && answer.segment.iter().all(known));
                let finite = |scores: &Vec<f32>| scores.len() == ROWS && scores.iter().all(|score| score.is_finite());
                assert!(answer.score.as_ref().is_none_or(finite));
                let one = |reasons: &Vec<u16>| reasons.len() == ROWS && reasons.iter().all(|r| *r == 0 || *r == NONE);
                assert!(answer.reason.as_ref().is_none_or(one));
            }
            Err(fault) => {
                assert!(matches!(fault.code(), "bad_output" | "refused"), "{words:?}: {fault}");
                assert!(!fault.to_string().is_empty());
            }
        }
    });
}
