//! What every component must show before it is let in: its defaults fit together, its golden cases pass, hostile input does not break it,
//! it answers for nothing but what it is asked, and the largest call fits into its fuel.

use crate::draws::Draws;
use crate::golden;
use crate::limits::Limits;
use crate::plugin::Plugin;
use crate::points::Points;
use crate::problem::Problem;
use crate::refusal::Refusal;
use crate::self_test::{Trial, faulted};
use crate::units::SelfTest;
use posthouse_domain::words;

/// Runs everything; the first thing that fails is the refusal.
pub(crate) fn test(
    plugin: &Plugin,
    bytes: &[u8],
    limits: &Limits,
    points: &Points,
    draws: &Draws,
) -> Result<SelfTest, Refusal> {
    defaults(plugin)?;
    let passed = golden::pass(plugin, bytes, limits, points)?;
    // of its bytes: whoever knows the seed of one component knows nothing of the next
    let seed = draws.seed(&[b"self-test", plugin.digest().as_bytes()]);
    let fits = |config: &str| plugin.validate(config).is_ok_and(|problems| problems.is_empty());
    let trial = Trial::new(seed, passed.cases, passed.settings, plugin.description(), fits);
    plugin.self_test(&trial)
}

/// Passes a plugin whose defaults fit together: an agency that sets nothing has them.
fn defaults(plugin: &Plugin) -> Result<(), Refusal> {
    let what = words!("the default settings", "默认设置");
    let problems = plugin.validate("{}").map_err(|fault| faulted(&what, &fault, None))?;
    if problems.is_empty() {
        return Ok(());
    }
    let told = Problem::join(&problems);
    Err(Refusal::new(
        "bad_descriptor",
        words!(
            "the plugin refuses its own defaults, `{{}}`: {told}",
            "插件拒绝了自己的默认设置 `{{}}`：{told}"
        ),
    ))
}
