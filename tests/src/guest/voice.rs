//! A guest of an extension point that the contract does not have: whether somebody who answered is called back. So the tests see what a
//! further point takes.

use super::{Data, Parts, Said, component_with};

/// The interface and the world.
const WIT: &str = "package posthouse:plugin@1.0.0;

interface voice {
    use types.{context, problem};

    /// Whether somebody who gave this score is called back.
    call-back: func(ctx: context, score: s64) -> result<bool, problem>;
}

world voice-plugin {
    import log;
    export descriptor;
    export voice;
}
";

/// The parts. What is not replaced is harmless: nobody is called back.
#[derive(Debug, Clone)]
pub struct VoiceGuest {
    /// Its version.
    pub version: String,
    /// Calls back whoever gave exactly this score.
    pub score: i64,
    /// Instructions before anything else, in `call-back`: `$score` is there.
    pub before: String,
}

impl Default for VoiceGuest {
    fn default() -> Self {
        Self {
            version: "1.0.0".into(),
            score: i64::MIN,
            before: String::new(),
        }
    }
}

impl VoiceGuest {
    /// Instructions for `before` that do `then` only for this score: so a guest can pass the self-test and go wrong later.
    pub fn at_score(score: i64, then: &str) -> String {
        format!("(if (i64.eq (local.get $score) (i64.const {score})) (then {then}))")
    }

    /// The component.
    pub fn build(&self) -> Vec<u8> {
        let mut data = Data::default();
        let said = Said {
            name: "call-back",
            version: &self.version,
            title: ("回电", "Call back"),
            summary: ("给出这个评分的人会接到回电", "Calls back whoever gave one score."),
            facts: &[],
            schema: r#"{"type":"object","additionalProperties":false}"#,
            reasons: &[],
        };
        let description = said.put(&mut data);
        let Self { score, before, .. } = self;
        let rest = format!(
            r#"
  (func (export "posthouse:plugin/voice@1.0.0#call-back")
    (param $now i64) (param $today i32) (param $seed i64) (param $config i32) (param $config_length i32) (param $score i64)
    (result i32) (local $at i32)
    {before}
    (local.set $at (call $alloc (i32.const 20)))
    (i32.store8 (local.get $at) (i32.const 0))
    (i32.store8 offset=4 (local.get $at) (i64.eq (local.get $score) (i64.const {score})))
    (local.get $at))"#
        );
        let parts = Parts {
            data: &data,
            description,
            describe: "",
            validate: "",
            realloc: "(call $alloc (local.get 3))",
            memory: "1",
            imports: "",
            rest: &rest,
        };
        component_with(&parts.wat(), Some(WIT), "voice-plugin")
    }
}
