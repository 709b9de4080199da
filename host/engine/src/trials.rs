//! What every rule that is asked one case at a time goes through before a customer does: the self-test, golden cases, the measuring of its
//! cost. Hostile subjects do not break it, the same call gives the same answer, and the largest one fits into its fuel.

use crate::bench::{self, Bench, Size, measure};
use crate::cases::{self, Case, Failed, Ran};
use crate::columns::Value;
use crate::decider::{Decided, Decider};
use crate::description::FactUse;
use crate::extension_point::ExtensionPoint;
use crate::front::Front;
use crate::identity::Identity;
use crate::made_up::{Random, TEXTS, TODAY, context, extreme, mixed, sample, unknown};
use crate::point::Point;
use crate::refusal::Refusal;
use crate::self_test::{Trial, day, faulted, moment};
use crate::shown;
use crate::units::SelfTest;
use posthouse_domain::catalogue::FactKind;
use posthouse_domain::{Words, words};
use std::sync::Arc;
use std::time::Duration;

/// Made-up subjects with made-up customers.
const SAMPLED: usize = 64;
/// Parts of a made-up subject at most, as in life.
const USUAL: usize = 8;

impl ExtensionPoint {
    /// The extension point `P`.
    pub const fn of<P: Point>() -> Self {
        Self::new::<P::Case>(P::UNITS, |linked, digest| {
            Ok(Arc::new(Decider::<P>::load(linked, digest)?))
        })
    }
}

impl<P: Point> Front for Decider<P> {
    fn identity(&self) -> &Identity {
        self.identity()
    }

    fn self_test(&self, trial: &Trial) -> Result<SelfTest, Refusal> {
        self_test(self, trial)
    }

    fn golden(&self, case: &Case) -> Result<Ran, Failed> {
        golden(self, case.form()?)
    }

    fn bench(&self, seed: u64, patience: Duration) -> Result<Bench, bench::Failed> {
        bench(self, seed, patience)
    }
}

fn largest<P: Point>() -> usize {
    P::SIZES.iter().copied().max().unwrap_or(1)
}

/// Runs everything but the golden cases, which have run; the first thing that fails is the refusal.
fn self_test<P: Point>(plugin: &Decider<P>, trial: &Trial) -> Result<SelfTest, Refusal> {
    let called = P::subjects();
    let facts =
        |value: &dyn Fn(&FactUse) -> Value| -> Vec<Value> { plugin.description().facts.iter().map(value).collect() };
    let zero = facts(&|fact| Value::zero(fact.kind));
    let mut test = Test {
        plugin,
        trial,
        random: trial.random(),
        settings: "{}",
        today: 0,
        tried: 0,
    };
    let mut cost = None;
    for settings in trial.rounds() {
        test.settings = settings;
        test.today = day(&mut test.random);
        let one = test.decide(&called.plain, &P::plain(), &zero)?.usage;
        test.hostile(&zero)?;
        let largest = largest::<P>();
        for customer in mixed(plugin.description(), SAMPLED, test.today, &mut test.random) {
            let size = 1 + test.random.below(USUAL.min(largest) as u64) as usize;
            let subject = P::made_up(size, test.today, &mut test.random);
            test.decide(&called.made_up, &subject, &customer)?;
        }
        let subject = P::made_up(largest, test.today, &mut test.random);
        let full = test.decide(&called.largest, &subject, &zero)?.usage;
        // those of the defaults, which come first
        cost.get_or_insert((one, full));
    }
    let (one, full) = cost.unwrap_or_default();
    Ok(SelfTest {
        units: P::UNITS,
        golden_cases: trial.golden_cases,
        tried: test.tried,
        fuel_per_call: one.fuel,
        fuel_per_part: full.fuel.saturating_sub(one.fuel) / (largest::<P>() as u64 - 1).max(1),
        full,
    })
}

struct Test<'a, P> {
    plugin: &'a Decider<P>,
    trial: &'a Trial,
    random: Random,
    /// Those of this round.
    settings: &'a str,
    /// The day of this round.
    today: i32,
    tried: usize,
}

impl<P: Point> Test<'_, P> {
    /// Asks about everything at the edges of what there can be.
    fn hostile(&mut self, zero: &[Value]) -> Result<(), Refusal> {
        let declared = &self.plugin.description().facts;
        let facts = |value: &dyn Fn(&FactUse) -> Value| -> Vec<Value> { declared.iter().map(value).collect() };
        for (what, subject) in P::hostile(self.today) {
            self.decide(&what, &subject, zero)?;
            self.decide(
                &words!("{what}, everything unknown", "{what}，一切未知"),
                &subject,
                &facts(&unknown),
            )?;
        }
        for (what, facts) in [
            (
                words!("the smallest facts", "最小的事实值"),
                facts(&|fact| extreme(fact.kind, false)),
            ),
            (
                words!("the largest facts", "最大的事实值"),
                facts(&|fact| extreme(fact.kind, true)),
            ),
        ] {
            self.decide(&what, &P::plain(), &facts)?;
        }
        for text in TEXTS.map(str::to_owned).into_iter().chain(["长".repeat(20_000)]) {
            let facts = facts(&|fact| match fact.kind {
                FactKind::Text => Value::Text(text.clone()),
                kind => Value::zero(kind),
            });
            self.decide(&words!("unusual texts", "特殊文本"), &P::plain(), &facts)?;
        }
        Ok(())
    }

    fn decide(&mut self, what: &Words, subject: &P::Subject, facts: &[Value]) -> Result<Decided<P::Answer>, Refusal> {
        self.tried += 1;
        let context = moment(&mut self.random, self.settings, self.today);
        let call = || {
            let answer = self.plugin.decide(&context, subject, facts);
            answer.map_err(|fault| faulted(what, &fault, Some(&asked(self.plugin, subject, facts))))
        };
        let twice = || {
            let (first, second) = (call()?, call()?);
            same(what, &first, &second)?;
            Ok(first)
        };
        twice().map_err(|refusal| self.trial.refused(&context, refusal))
    }
}

/// What a rule was asked, in the words of a golden case.
fn asked<P: Point>(plugin: &Decider<P>, subject: &P::Subject, facts: &[Value]) -> Words {
    shown::question(&P::shown(subject), Some((plugin.description(), facts)))
}

/// Nothing survives a call and nothing but its arguments comes in, so a difference is a defect of the sandbox; it must be seen here
/// and not in a decision that cannot be replayed.
fn same<A: PartialEq>(what: &Words, first: &Decided<A>, second: &Decided<A>) -> Result<(), Refusal> {
    if first.answer == second.answer && first.usage.fuel == second.usage.fuel {
        return Ok(());
    }
    let detail = words!(
        "self-test with {what}: the same call gives another answer the second time",
        "自检（{what}）：同一调用第二次给出了不同的结果"
    );
    Err(Refusal::new("not_deterministic", detail))
}

fn golden<P: Point>(plugin: &Decider<P>, case: &P::Case) -> Result<Ran, Failed> {
    let description = plugin.description();
    let question = P::question(case, &cases::rule(description))?;
    let context = cases::context(
        description,
        (question.today, question.now, question.seed),
        &question.config,
        |config| plugin.validate(config),
    )?;
    let subject = question.subject;
    P::check_subject(&subject)?;
    let facts = cases::values(question.facts);
    let decided = plugin
        .decide(&context, &subject, &facts)
        .map_err(|fault| Failed::Fault(Box::new(fault), Some(asked(plugin, &subject, &facts))))?;
    Ok(Ran {
        config: context.config,
        mismatches: P::compare(case, &decided.answer, description),
        usage: decided.usage,
        log: decided.log,
    })
}

fn bench<P: Point>(plugin: &Decider<P>, seed: u64, patience: Duration) -> Result<Bench, bench::Failed> {
    let description = plugin.description();
    let context = context(description, &[]);
    let customer = sample(description, 1, TODAY, &mut Random(seed))
        .pop()
        .unwrap_or_default();
    let mut random = Random(seed);
    let mut sizes = Vec::new();
    for &parts in P::SIZES {
        let subject = P::made_up(parts, TODAY, &mut random);
        let call = || Ok(plugin.decide(&context, &subject, &customer)?.usage);
        let times = measure(patience, call).map_err(|fault| bench::Failed {
            asked: Some(asked(plugin, &subject, &customer)),
            fault: Box::new(fault),
        })?;
        sizes.push(Size {
            units: P::UNITS,
            parts,
            times,
            per_part: None,
        });
    }
    Ok(Bench {
        seed,
        units: P::UNITS,
        empty: None,
        sizes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Usage;

    #[test]
    fn another_answer_the_second_time_is_noticed() {
        let answer = |answer: u32, fuel| Decided {
            answer,
            usage: Usage {
                fuel,
                ..Usage::default()
            },
            log: Vec::new(),
        };
        let later = Decided {
            usage: Usage {
                micros: 9,
                ..answer(1, 1).usage
            },
            ..answer(1, 1)
        };
        assert_eq!(same(&Words::same("x"), &answer(1, 1), &later), Ok(()));
        for other in [answer(2, 1), answer(1, 2)] {
            let refused = same(&Words::same("x"), &answer(1, 1), &other).expect_err("it differs");
            assert_eq!(refused.code, "not_deterministic");
        }
    }
}
