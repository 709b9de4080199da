//! What the components of all extension points have in common.

use crate::bindings::exports::posthouse::plugin::descriptor;
use crate::bindings::posthouse::plugin::types;
use crate::description::{Description, FactUse, declares};
use crate::facts::Facts;
use crate::problems::{Problems, refusal};
use crate::reasons::Reasons;
use crate::settings::Settings;

/// The description that the host gets: what the rule says of itself, and what its types say.
pub(crate) fn describe<F: Facts, S: Settings, R: Reasons>(said: &Description) -> descriptor::Description {
    descriptor::Description {
        name: said.name.to_owned(),
        version: said.version.to_owned(),
        title: said.title.into(),
        summary: said.summary.into(),
        facts: F::USES.iter().map(Into::into).collect(),
        config_schema: S::schema(),
        reasons: R::DEFS.iter().map(Into::into).collect(),
    }
}

/// What the rule finds wrong with settings that are valid under their schema.
pub(crate) fn validate<S: Settings>(config: &str, rule: impl Fn(&S, &mut Problems)) -> Result<(), Vec<types::Problem>> {
    #[cfg(target_family = "wasm")]
    tell_panics();
    let settings = S::parse(config).map_err(|problem| vec![refusal(problem)])?;
    let mut problems = Problems::default();
    rule(&settings, &mut problems);
    match problems.is_empty() {
        true => Ok(()),
        false => Err(problems.into_vec().into_iter().map(Into::into).collect()),
    }
}

/// Logs what a panic says and where, which a trap alone does not tell. The instance lives for one call, so each call sets it.
#[cfg(target_family = "wasm")]
pub(crate) fn tell_panics() {
    std::panic::set_hook(Box::new(|panic| crate::log::error(panic.to_string())));
}

/// Most fields of a reason, as the host has it.
const MOST_ARGUMENTS: usize = 8;

/// Refuses at compile time reasons whose text names a fact that the rule does not read, and those whose fields the host would refuse.
pub(crate) const fn check_reasons<R: Reasons>(uses: &[FactUse]) {
    let mut i = 0;
    while i < R::NAMED.len() {
        let (key, complaint) = R::NAMED[i];
        if !declares(uses, key) {
            panic!("{}", complaint);
        }
        i += 1;
    }
    let mut i = 0;
    while i < R::DEFS.len() {
        let arguments = R::DEFS[i].arguments;
        assert!(arguments.len() <= MOST_ARGUMENTS, "a reason has 8 fields at most");
        let mut j = 0;
        while j < arguments.len() {
            assert!(
                !declares(uses, arguments[j].name),
                "a field of a reason has the name of a fact that the rule reads: leave the field out, the text can name the fact"
            );
            j += 1;
        }
        i += 1;
    }
}

/// Whether any of these reasons has arguments, at compile time.
pub(crate) const fn has_arguments<R: Reasons>() -> bool {
    let mut i = 0;
    while i < R::DEFS.len() {
        if !R::DEFS[i].arguments.is_empty() {
            return true;
        }
        i += 1;
    }
    false
}

/// Whether the segment of a rule is among the facts, at compile time.
pub(crate) const fn reads_segments(uses: &[FactUse]) -> bool {
    let mut i = 0;
    while i < uses.len() {
        if let Some((b"segment.", _)) = uses[i].key.as_bytes().split_first_chunk() {
            return true;
        }
        i += 1;
    }
    false
}
