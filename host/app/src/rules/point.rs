//! The one path of a decision: what a rule is told, the call, what it said, all of it pinned in canonical bytes.

use super::call::Moment;
use crate::error::{AppError, Result};
use posthouse_domain::attribute::{self, AttributeDef};
use posthouse_domain::{Words, canonical, words};
use posthouse_engine::{Argument, Context, Decided, Decider, Description, Fault, LogLine, Usage};
use posthouse_store::decisions::DecisionRow;
use posthouse_store::plugins::{BindingRevisionRow, BindingRow};
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// An extension point whose rules are asked one case at a time, as a capability decides by it: what is pinned of a question and of its
/// answer. What the point is to the sandbox, the engine says.
pub(crate) trait Point {
    /// The point in the engine.
    type Engine: posthouse_engine::Point;
    /// Its name in paths and tables.
    const NAME: &'static str = <Self::Engine as posthouse_engine::Point>::NAME;
    /// What a rule is asked.
    type Request: Send + Sync;

    /// What the rule is asked about, and the facts it is told, in the order of its description.
    fn asked(request: &Self::Request) -> (&Asked<Self>, &[posthouse_engine::Value]);
    /// The request as it is pinned, as canonical JSON.
    fn write(request: &Self::Request, description: &Description) -> String;
    /// The reverse of [`Point::write`]; the problem if that is not what it wrote.
    fn read(written: &Value, description: &Description) -> std::result::Result<Self::Request, Words>;
    /// The answer as it is pinned.
    fn pin(answer: &Answer<Self>, description: &Description) -> Value;
}

/// What rules of a point are asked about.
pub(crate) type Asked<P> = <<P as Point>::Engine as posthouse_engine::Point>::Subject;
/// What they say, checked.
pub(crate) type Answer<P> = <<P as Point>::Engine as posthouse_engine::Point>::Answer;

/// A rule ready to be asked: a revision of a binding, opened.
#[derive(Debug)]
pub(crate) struct Rule<P: Point> {
    pub(crate) plugin: Decider<P::Engine>,
    pub(crate) binding: String,
    pub(crate) revision: i64,
    pub(crate) digest: String,
    /// Settings as canonical JSON.
    pub(crate) config: String,
    pub(crate) config_digest: String,
    pub(crate) seed: u64,
}

/// A rule by what names it, before it is opened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RuleName<'n> {
    pub(crate) binding: &'n str,
    pub(crate) revision: i64,
    pub(crate) digest: &'n str,
    /// Settings as canonical JSON.
    pub(crate) config: &'n str,
}

impl<'n> RuleName<'n> {
    /// A revision of a binding.
    pub(crate) fn revision(binding: &'n str, row: &'n BindingRevisionRow) -> Self {
        Self {
            binding,
            revision: row.revision,
            digest: &row.digest,
            config: &row.config,
        }
    }

    /// The revision of a binding that is in force.
    pub(crate) fn in_force(row: &'n BindingRow) -> Self {
        Self {
            binding: &row.name,
            revision: row.revision,
            digest: &row.digest,
            config: &row.config,
        }
    }
}

impl<P: Point> Rule<P> {
    /// The rule of this name, whose plugin was opened.
    pub(crate) fn new(agency: Uuid, plugin: Decider<P::Engine>, named: RuleName<'_>) -> Self {
        Self {
            plugin,
            binding: named.binding.to_owned(),
            revision: named.revision,
            digest: named.digest.to_owned(),
            config: named.config.to_owned(),
            config_digest: canonical::digest(named.config),
            seed: seed(agency, &format!("{}/{}", P::NAME, named.binding)),
        }
    }
}

/// A decision: the answer, and all that pins it but what the host makes of it.
pub(crate) struct Made<A> {
    pub(crate) answer: std::result::Result<A, Fault>,
    /// What the rule wrote, or wrote before it failed.
    pub(crate) log: Vec<LogLine>,
    input: String,
    output: String,
    usage: Usage,
}

/// The outcome of a decision whose rule answered.
pub(crate) const ANSWERED: &str = "answered";

/// The seed of a binding: the same through all its revisions, so that every one of them draws the same lots.
pub(crate) fn seed(agency: Uuid, binding: &str) -> u64 {
    let digest = canonical::digest([agency.as_bytes(), binding.as_bytes()].concat());
    u64::from_str_radix(&digest[..16], 16).unwrap_or_default()
}

/// Holds the facts of its own that a plugin reads against those the agency has.
///
/// # Errors
/// `unknown_fact` for an attribute the agency has not defined, `wrong_fact_kind` for one it has defined as another kind.
pub(crate) fn check_attributes(description: &Description, attributes: &[AttributeDef]) -> Result<()> {
    for fact in &description.facts {
        let Some(key) = fact.key.strip_prefix(attribute::PREFIX) else {
            continue;
        };
        let Some(definition) = attributes.iter().find(|definition| definition.key == key) else {
            let detail = words!(
                "the plugin reads {key}, which is not a fact of this agency; GET /api/v1/facts lists them",
                "插件要读取 {key}，它不是本旅行社的事实；可用 GET /api/v1/facts 查看",
                key = fact.key
            );
            return Err(AppError::invalid("unknown_fact", detail));
        };
        if definition.kind != fact.kind {
            let detail = words!(
                "the plugin reads {key} as a {kind}, the agency has defined it as a {kind2}",
                "插件把 {key} 当作 {kind} 读取，而旅行社定义的类型是 {kind2}",
                key = fact.key,
                kind = fact.kind.as_str(),
                kind2 = definition.kind.as_str()
            );
            return Err(AppError::invalid("wrong_fact_kind", detail));
        }
    }
    Ok(())
}

/// Asks a rule.
pub(crate) fn decide<P: Point>(rule: &Rule<P>, moment: Moment, request: &P::Request) -> Made<Answer<P>> {
    let description = rule.plugin.description();
    let (Moment { now, today }, seed) = (moment, rule.seed);
    // canonical as it stands: keys in their order, numbers that a JSON number keeps, the seed a text because it may be beyond that
    let input = format!(
        r#"{{"context":{{"now":{now},"seed":"{seed}","today":{today}}},"request":{}}}"#,
        P::write(request, description)
    );
    debug_assert!(
        serde_json::from_str(&input).is_ok_and(|value: Value| canonical_text(&value) == input),
        "not canonical: {input}"
    );
    ask(rule, moment, request, input)
}

fn ask<P: Point>(rule: &Rule<P>, moment: Moment, request: &P::Request, input: String) -> Made<Answer<P>> {
    let context = Context {
        now: moment.now,
        today: moment.today,
        seed: rule.seed,
        config: rule.config.clone(),
        quantiles: Vec::new(),
    };
    let (subject, facts) = P::asked(request);
    match rule.plugin.decide(&context, subject, facts) {
        Ok(Decided { answer, usage, log }) => Made {
            output: canonical_text(&P::pin(&answer, rule.plugin.description())),
            answer: Ok(answer),
            log,
            input,
            usage,
        },
        Err(fault) => Made {
            output: canonical_text(&json!({"fault": fault.code()})),
            usage: fault.receipt.usage,
            log: fault.receipt.log.clone(),
            answer: Err(fault),
            input,
        },
    }
}

/// Asks again what was asked before; returns what the rule says now, as it is pinned.
///
/// # Errors
/// What cannot be read in the pinned input.
pub(crate) fn ask_again<P: Point>(rule: &Rule<P>, input: &str) -> std::result::Result<Made<Answer<P>>, Words> {
    let pinned: Value = serde_json::from_str(input).map_err(|e| Words::same(e.to_string()))?;
    let context = &pinned["context"];
    let (Some(now), Some(today)) = (
        context["now"].as_i64(),
        context["today"].as_i64().and_then(|day| i32::try_from(day).ok()),
    ) else {
        return Err(words!("it has no moment", "其中没有时刻"));
    };
    if context["seed"].as_str() != Some(rule.seed.to_string().as_str()) {
        return Err(words!("it was drawn under another seed", "它用的是另一个种子"));
    }
    let request = P::read(&pinned["request"], rule.plugin.description())?;
    Ok(ask(rule, Moment { now, today }, &request, input.to_owned()))
}

/// Canonical JSON. Everything pinned came from JSON or is made of whole numbers and texts, which all have such a form.
pub(crate) fn canonical_text(value: &Value) -> String {
    canonical::to_string(value).unwrap_or_else(|_| value.to_string())
}

impl<A> Made<A> {
    pub(crate) fn output(&self) -> &str {
        &self.output
    }

    pub(crate) fn usage(&self) -> Usage {
        self.usage
    }

    /// The row that keeps it.
    pub(crate) fn row<P: Point>(&self, id: Uuid, rule: &Rule<P>, about: About, effect: &Value) -> DecisionRow {
        DecisionRow {
            id,
            extension_point: P::NAME.to_owned(),
            binding: rule.binding.clone(),
            revision: rule.revision,
            digest: rule.digest.clone(),
            config_digest: rule.config_digest.clone(),
            customer_id: about.customer,
            subject_kind: about.subject.map(|subject| subject.kind.to_owned()),
            subject_id: about.subject.map(|subject| subject.id),
            at: about.at,
            input: self.input.clone(),
            output: self.output.clone(),
            outcome: match &self.answer {
                Ok(_) => ANSWERED.to_owned(),
                Err(fault) => fault.code().to_owned(),
            },
            effect: effect.to_string(),
            usage: serde_json::to_string(&self.usage).unwrap_or_default(),
            log: serde_json::to_string(kept_lines(&self.log)).unwrap_or_default(),
        }
    }
}

/// Bytes of log lines that are kept with a decision, for as long as the decision: the log of its binding has all of them for a while, and
/// to make the decision again writes them again.
const LOG_BYTES: usize = 4 << 10;

/// The first lines, as many as are kept.
fn kept_lines(log: &[LogLine]) -> &[LogLine] {
    let mut bytes = 0;
    let fits = |line: &&LogLine| {
        bytes += line.message.len();
        bytes <= LOG_BYTES
    };
    &log[..log.iter().take_while(fits).count()]
}

/// What a decision is on: a quote, a case, or whatever else a capability has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Subject {
    pub(crate) kind: &'static str,
    pub(crate) id: Uuid,
}

/// What a decision is about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About {
    pub(crate) customer: Option<Uuid>,
    pub(crate) subject: Option<Subject>,
    pub(crate) at: i64,
}

/// Whole numbers that every reader of JSON keeps exactly.
const EXACT: i64 = 1 << 53;

/// Facts by their keys, as they are pinned: whole numbers that a JSON number cannot keep as texts.
pub(crate) fn write_facts(facts: &[posthouse_engine::Value], description: &Description) -> Value {
    write(description.facts.iter().map(|fact| &fact.key), facts)
}

/// The arguments of a reason by their names, as facts are pinned.
pub(crate) fn write_arguments(arguments: &[posthouse_engine::Value], declared: &[Argument]) -> Value {
    write(declared.iter().map(|argument| &argument.name), arguments)
}

fn write<'n>(names: impl Iterator<Item = &'n String>, values: &[posthouse_engine::Value]) -> Value {
    use posthouse_engine::Value as Fact;
    let value = |fact: &Fact| match fact {
        Fact::Null => Value::Null,
        Fact::Int(n) if (-EXACT..=EXACT).contains(n) => (*n).into(),
        Fact::Int(n) => n.to_string().into(),
        Fact::Number(n) => (*n).into(),
        Fact::Flag(flag) => (*flag).into(),
        Fact::Text(text) => text.as_str().into(),
    };
    let pairs = names.zip(values).map(|(name, fact)| (name.clone(), value(fact)));
    Value::Object(pairs.collect::<Map<_, _>>())
}

/// The reverse of [`write_facts`], in the order of the description.
pub(crate) fn read_facts(
    written: &Value,
    description: &Description,
) -> std::result::Result<Vec<posthouse_engine::Value>, Words> {
    use posthouse_domain::catalogue::FactKind;
    use posthouse_engine::Value as Fact;
    let read = |fact: &posthouse_engine::FactUse| {
        let value = &written[&fact.key];
        let found = match (fact.kind, value) {
            (_, Value::Null) => Some(Fact::Null),
            (FactKind::Count | FactKind::Day | FactKind::Money, Value::String(text)) => {
                text.parse().ok().map(Fact::Int)
            }
            (FactKind::Count | FactKind::Day | FactKind::Money, value) => value.as_i64().map(Fact::Int),
            (FactKind::Number, value) => value.as_f64().map(Fact::Number),
            (FactKind::Flag, value) => value.as_bool().map(Fact::Flag),
            (FactKind::Text, value) => value.as_str().map(|text| Fact::Text(text.to_owned())),
        };
        found.ok_or_else(|| {
            words!(
                "the fact {key} is not a {kind}",
                "事实 {key} 不是 {kind} 类型",
                key = fact.key,
                kind = fact.kind.as_str()
            )
        })
    };
    description.facts.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use posthouse_engine::LogLevel;

    #[test]
    fn a_decision_keeps_the_first_of_many_lines() {
        let line = |length: usize| LogLine {
            level: LogLevel::Info,
            message: "x".repeat(length),
        };
        let kept =
            |lengths: &[usize]| kept_lines(&lengths.iter().map(|length| line(*length)).collect::<Vec<_>>()).len();
        assert_eq!([kept(&[]), kept(&[1_024; 3]), kept(&[1_024; 32])], [0, 3, 4]);
        assert_eq!(kept(&[LOG_BYTES, 1]), 1);
        assert_eq!(
            kept(&[LOG_BYTES + 1, 1]),
            0,
            "no line stands for one that is missing before it"
        );
    }
}
