//! An extension point that the host does not have, in all that the engine has to know of one. The app's toy capability decides by it too.

use posthouse_domain::{Words, words};
use posthouse_engine::golden::{Form, Mismatch, Rule, Said, Shape};
use posthouse_engine::{
    Answered, Context, Description, Export, Limits, Linked, Point, Question, Random, Refusal, Subjects, Units, Value,
    context_of,
};
use serde::Deserialize;

/// Whether somebody who answered is called back.
#[derive(Debug)]
pub(crate) struct Voice {
    call_back: Export,
}

/// A score, and whether whoever gave it is called back.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VoiceCase {
    name: String,
    score: i64,
    expect: bool,
}

impl Form for VoiceCase {
    const SHAPE: Shape = Shape {
        point: "voice",
        zh: "回电",
        mark: "score",
        holds: "the `score` of an answer",
        holds_zh: "答复的 `score`",
    };

    fn name(&self) -> &str {
        &self.name
    }
}

impl Point for Voice {
    const UNITS: &'static Units = &Units {
        part: "score",
        parts: "scores",
        tried: "scores_tried",
        full: "largest_call",
        each: || words!("score", "评分"),
        heading: || words!("scores", "评分"),
        tested: |test| {
            let (tried, fuel) = (test.tried, test.fuel_per_call);
            [
                words!("{tried} scores tried", "试过 {tried} 个评分"),
                words!("{fuel} fuel a call", "每次调用耗燃料 {fuel}"),
            ]
        },
        drawn: |seed| words!("Scores are made up from seed {seed}", "评分由种子 {seed} 生成"),
    };
    const SIZES: &'static [usize] = &[1];
    type Subject = i64;
    type Answer = bool;
    type Case = VoiceCase;

    fn link(linked: &Linked) -> Result<Self, Refusal> {
        let call_back = linked.export(Self::NAME, "call-back")?;
        Ok(Self { call_back })
    }

    fn call(&self, linked: &Linked, context: &Context, score: &i64, _: &[Value]) -> Answered<bool> {
        let (fuel, bytes) = (linked.limits().decision_fuel, size_of::<i64>());
        linked.call(
            &self.call_back,
            (fuel, bytes),
            (context_of(context), *score),
            |said: bool| (said, 1),
        )
    }

    fn check_subject(score: &i64) -> Result<(), Words> {
        match score {
            -100..=100 => Ok(()),
            _ => Err(words!("{score} is no score", "{score} 不是评分")),
        }
    }

    fn check_answer(_: &mut bool, _: &i64, _: &Description, _: &Limits) -> Result<(), (String, Words)> {
        Ok(())
    }

    fn subjects() -> Subjects {
        Subjects {
            plain: words!("a score", "一个评分"),
            made_up: words!("a made-up score", "生成的评分"),
            largest: words!("one more score", "又一个评分"),
        }
    }

    fn plain() -> i64 {
        0
    }

    fn hostile(_: i32) -> Vec<(Words, i64)> {
        vec![
            (words!("the lowest score", "最低的评分"), -100),
            (words!("the highest score", "最高的评分"), 100),
        ]
    }

    fn made_up(_: usize, _: i32, random: &mut Random) -> i64 {
        random.below(90) as i64 + 10
    }

    fn shown(score: &i64) -> Words {
        words!("\"score\": {score}", "\"score\": {score}")
    }

    fn question(case: &VoiceCase, _: &Rule) -> Result<Question<i64>, Said> {
        Ok(Question {
            today: 20_468,
            now: 0,
            seed: 0,
            config: serde_json::json!({}),
            subject: case.score,
            facts: Vec::new(),
        })
    }

    fn compare(case: &VoiceCase, answer: &bool, _: &Description) -> Vec<Mismatch> {
        let differs = (case.expect != *answer).then(|| Mismatch {
            place: None,
            field: "call_back",
            expected: case.expect.to_string(),
            got: answer.to_string(),
        });
        differs.into_iter().collect()
    }
}
