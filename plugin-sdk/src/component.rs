//! What the components of all extension points have in common.

use std::marker::PhantomData;

use crate::bindings::exports::posthouse::plugin::descriptor;
use crate::bindings::posthouse::plugin::facts::Value;
use crate::bindings::posthouse::plugin::types;
use crate::description::{FactUse, declares};
use crate::facts::{Facts, Values};
use crate::problems::{Problems, refusal};
use crate::reasons::Reasons;
use crate::rule::Rule;
use crate::settings::Settings;

/// What the host sees of a rule. What it decides is added by its extension point.
#[derive(Debug)]
pub struct Component<P>(PhantomData<P>);

impl<P: Rule> descriptor::Guest for Component<P> {
    /// What the rule says of itself, and what its types say.
    fn describe() -> descriptor::Description {
        let said = P::describe();
        descriptor::Description {
            name: said.name.to_owned(),
            version: said.version.to_owned(),
            title: said.title.into(),
            summary: said.summary.into(),
            facts: P::Facts::USES.iter().map(Into::into).collect(),
            config_schema: P::Settings::schema(),
            reasons: P::Reason::DEFS.iter().map(Into::into).collect(),
        }
    }

    /// What the rule finds wrong with settings that are valid under their schema.
    fn validate(config: String) -> Result<(), Vec<types::Problem>> {
        #[cfg(target_family = "wasm")]
        tell_panics();
        let settings = P::Settings::parse(&config).map_err(|problem| vec![refusal(problem)])?;
        let mut problems = Problems::default();
        P::validate(&settings, &mut problems);
        match problems.is_empty() {
            true => Ok(()),
            false => Err(problems.into_vec().into_iter().map(Into::into).collect()),
        }
    }
}

/// The facts of the one customer that a call is about.
pub(crate) fn customer<F: Facts>(facts: Vec<Value>) -> Result<F, types::Problem> {
    let mut values = Values::new(facts, F::USES).map_err(refusal)?;
    F::values(&mut values).map_err(refusal)
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

/// Makes a rule the component of its crate: what its extension point checks of it at compile time, and what it exports.
#[doc(hidden)]
#[macro_export]
macro_rules! export_rule {
    ($plugin:ty, $check:ident, $export:ident) => {
        const _: () = $crate::private::$check::<$plugin>();

        #[cfg(target_family = "wasm")]
        #[allow(unsafe_code)]
        const _: () = {
            type Component = $crate::private::Component<$plugin>;
    $crate::bindings::$export!(Component with_types_in $crate::bindings);
        };
    };
}
