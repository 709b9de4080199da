//! An author's mistakes are compile errors at the author's line, in sentences that help.

#![allow(clippy::unwrap_used)]

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

const RIGHT: &str = r#"
use posthouse_sdk::prelude::*;
#[derive(Facts)]
struct Guest {
    age: Option<i32>,
    trips_24m: i32,
}
#[derive(Quantiles)]
#[quantiles(of = Guest, buckets = 5, among = trips_24m)]
struct Fifths {
    age: Quantile<i32>,
}
#[derive(Segments)]
enum Segment {
    #[segment(zh = "甲", en = "A", policy_zh = "做甲", policy_en = "Do A")]
    Young,
}
#[derive(Reasons)]
enum Reason {
    #[reason(zh = "{age}", en = "{age}")]
    Age,
}
#[derive(Rule)]
#[rule(facts = Guest, settings = NoSettings, reasons = Reason)]
#[rule(zh = "规则", summary_zh = "规则", en = "Rule", summary_en = "Rule")]
struct Guests;
impl Segmentation for Guests {
    type Quantiles = Fifths;
    type Segment = Segment;
    fn classify(guest: Guest, ctx: &Context<NoSettings, Fifths>) -> Class<Segment, Reason> {
        let _ = guest.trips_24m + ctx.quantiles.age.score(guest.age.unwrap_or_default());
        Class::of(Segment::Young).because(Reason::Age)
    }
}
posthouse_sdk::export_segmentation!(Guests);
"#;

const RIGHT_PROMOTION: &str = r#"
use posthouse_sdk::prelude::*;
#[derive(Facts)]
struct Guest {
    recency_days: Option<i32>,
    #[fact("segment.lifecycle")]
    stage: Option<Text>,
}
#[derive(Reasons)]
enum Reason {
    #[reason(zh = "{recency-days} {segment.lifecycle}", en = "{recency-days} {segment.lifecycle}")]
    Back,
}
#[settings]
struct Settings {
    #[setting(zh = "档位", en = "Steps", default = Vec::new())]
    steps: Vec<Step>,
}
impl Settings {
    fn validate(&self, _: &mut Problems) {}
}
#[settings(part)]
struct Step {
    #[setting(zh = "天数", en = "Days", range(min = 1))]
    days: i32,
    rate: Rate,
}
#[derive(Rule)]
#[rule(facts = Guest, settings = Settings, validate = Settings::validate, reasons = Reason)]
#[rule(name = "win-back", zh = "召回", summary_zh = "召回", en = "Win back", summary_en = "Win back")]
struct WinBack;
impl Promotion for WinBack {
    fn evaluate(basket: &Basket, guest: Guest, ctx: &Context<Settings>) -> Offers<Reason> {
        let mut offers = Offers::new();
        for (line, step) in basket.lines.iter().zip(&ctx.settings.steps) {
            if guest.stage.is_some() && guest.recency_days.is_some_and(|days| days >= step.days) {
                offers.rate(line, step.rate, Reason::Back);
            }
        }
        offers
    }
}
posthouse_sdk::export_promotion!(WinBack);
"#;

/// The SDK this test was linked with: the newest in the folder of the test itself.
fn sdk() -> PathBuf {
    let folder = std::env::current_exe().unwrap().parent().unwrap().to_owned();
    let libraries = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let name = path.file_name().unwrap().to_string_lossy();
            name.starts_with("libposthouse_sdk-") && name.ends_with(".rlib")
        });
    libraries
        .max_by_key(|path| path.metadata().unwrap().modified().unwrap())
        .expect("the SDK is built")
}

/// What the compiler says of a source, and the lines it points at.
fn compile(name: &str, source: &str) -> (String, Vec<usize>) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join(format!("{name}.rs"));
    std::fs::write(&file, source).unwrap();
    let sdk = sdk();
    let output = Command::new("rustc")
        .args([
            "--edition",
            "2024",
            "--crate-type",
            "lib",
            "--emit",
            "metadata",
            "--error-format",
            "human",
        ])
        .arg("--out-dir")
        .arg(&folder)
        .arg("--extern")
        .arg(format!("posthouse_sdk={}", sdk.display()))
        .arg("-L")
        .arg(format!("dependency={}", sdk.parent().unwrap().display()))
        .arg(&file)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let errors = &said[said.find("error").unwrap_or(said.len())..];
    let mark = format!("{name}.rs:");
    let places = errors.split(&mark).skip(1);
    let lines = places
        .filter_map(|place| place.split(':').next()?.parse().ok())
        .collect();
    (errors.to_owned(), lines)
}

/// Makes one mistake in the segmentation and expects the sentence, and an error at a line of the source that contains `at`.
fn mistake(from: &str, to: &str, sentence: &str, at: &str) {
    mistake_in(RIGHT, from, to, sentence, at);
}

fn mistake_in(right: &str, from: &str, to: &str, sentence: &str, at: &str) {
    let source = right.replacen(from, to, 1);
    assert_ne!(source, right, "`{from}` is not in the source");
    // tests run side by side, each mistake in a file of its own
    static MADE: AtomicUsize = AtomicUsize::new(0);
    let name = format!("mistake_{}", MADE.fetch_add(1, Ordering::Relaxed));
    let (said, places) = compile(&name, &source);
    assert!(said.contains(sentence), "expected `{sentence}` in\n{said}");
    let mut lines = places.iter().filter_map(|place| source.lines().nth(place - 1));
    assert!(
        lines.any(|line| line.contains(at)),
        "expected a line with `{at}` in\n{said}"
    );
}

#[test]
fn a_rule_without_mistakes_compiles() {
    assert_eq!(compile("right", RIGHT), (String::new(), Vec::new()));
    assert_eq!(compile("right_promotion", RIGHT_PROMOTION), (String::new(), Vec::new()));
}

#[test]
fn facts() {
    mistake(
        "age: Option<i32>",
        "age: Option<String>",
        "`Option<String>` cannot hold a fact",
        "age: Option<String>",
    );
    let key = "`Age` is not a key: write lower-case words joined by hyphens";
    mistake("    age: O", "    #[fact(\"Age\")] age: O", key, "#[fact(\"Age\")]");
    let twice = "    #[fact(\"trips-24m\")]\n    age: O";
    mistake("    age: O", twice, "`trips-24m` stands here twice", "trips_24m: i32");
}

#[test]
fn quantiles() {
    mistake(
        "    age: Q",
        "    years: Q",
        "no field `years` on type `&Guest`",
        "years: Quantile",
    );
    let types = "the quantile and its fact are of different types";
    mistake("Quantile<i32>", "Quantile<Money>", types, "age: Quantile<Money>");
    mistake(
        "among = trips_24m",
        "among = trips",
        "no field `trips` on type `&Guest`",
        "among = trips",
    );
    mistake(
        "of = Guest, ",
        "",
        "say of which facts these are quantiles",
        "struct Fifths",
    );
    mistake("buckets = 5", "buckets = 1", "between 2 and 1000 parts", "buckets = 1");
    mistake("buckets = 5, ", "", "say into how many parts", "age: Quantile");
    let room = "more buckets than the quantile has room for";
    mistake("buckets = 5", "buckets = 10", room, "age: Quantile<i32>");
}

#[test]
fn segments_and_reasons() {
    let title = "`Young` lacks the title in English: add `en = \"…\"` to `#[segment(…)]`";
    mistake(", en = \"A\"", "", title, "Young,");
    let policy = "`Young` lacks what the agency does for these customers, in English";
    mistake(", policy_en = \"Do A\"", "", policy, "Young,");
    mistake(
        "en = \"{age}\"",
        "english = \"{age}\"",
        "not known here; there are `code`, `zh`, `en`",
        "#[reason(",
    );
    mistake(
        "en = \"{age}\"",
        "en = \"{age\"",
        "a brace without its partner",
        "#[reason(",
    );
    let unread = "names {years}, but the rule does not read the fact `years`";
    mistake("en = \"{age}\"", "en = \"{years}\"", unread, "export_segmentation!");
    mistake(
        "    Age,\n",
        "    Age(i32),\n",
        "what a reason tells has a name: write `Age { days: i32 }`",
        "Age(i32)",
    );
    let fields = "the reasons of a segmentation rule have no fields";
    mistake("    Age,\n", "    Age { days: i32 },\n", fields, "export_segmentation!");
}

#[test]
fn what_a_rule_says_of_itself() {
    let summary = "`Guests` lacks what it is good for, in English: add `summary_en = \"…\"` to `#[rule(…)]`";
    mistake(", summary_en = \"Rule\"", "", summary, "struct Guests;");
    mistake("en = \"Rule\"", "en = \" \"", "`en` is empty", "en = \" \"");
    mistake(
        "zh = \"规则\"",
        "cn = \"规则\"",
        "not known here; there are `facts`",
        "cn = ",
    );
    mistake(
        "zh = \"规则\"",
        "zh = \"甲\", zh = \"乙\"",
        "this is said twice",
        "zh = \"甲\"",
    );
    mistake("settings = NoSettings", "name = \"A b\"", "`A b` is not a key", "A b");
    let settings = "`Guests` cannot be the settings of a plugin";
    mistake(
        "settings = NoSettings",
        "settings = Guests",
        settings,
        "settings = Guests",
    );
    let rule = "`Guest` is not a segmentation rule";
    mistake(
        "export_segmentation!(Guests)",
        "export_segmentation!(Guest)",
        rule,
        "export_segmentation!(Guest)",
    );
    let base = "`Guests` is not a rule";
    let derived = "#[derive(Rule)]\n#[rule(facts = Guest, settings = NoSettings, reasons = Reason)]\n#[rule(zh = \"规则\", summary_zh = \"规则\", en = \"Rule\", summary_en = \"Rule\")]\n";
    mistake(derived, "", base, "impl Segmentation for Guests");
    mistake_in(
        RIGHT_PROMOTION,
        "validate = Settings::validate",
        "validate = Settings::check",
        "no function or associated item named `check`",
        "Settings::check",
    );
}

#[test]
fn settings() {
    let wrong = |from: &str, to: &str, sentence: &str, at: &str| mistake_in(RIGHT_PROMOTION, from, to, sentence, at);
    wrong(
        ", en = \"Days\"",
        "",
        "the setting lacks the title in English: add `en = \"…\"`",
        "zh = \"天数\"",
    );
    wrong(
        "zh = \"天数\"",
        "about_zh = \"提前几天\"",
        "the setting lacks the title in Chinese",
        "about_zh",
    );
    wrong("zh = \"天数\"", "zh = 7", "a text is needed here", "zh = 7");
    wrong(
        "zh = \"天数\"",
        "zh = \"甲\", zh = \"乙\"",
        "this is said twice",
        "zh = \"乙\"",
    );
    wrong(
        "range(min = 1)",
        "range(min = 1), default = 7",
        "a part has no defaults",
        "default = 7",
    );
    wrong(
        "range(min = 1)",
        "rage(min = 1)",
        "unknown schemars attribute `rage`",
        "rage(min = 1)",
    );
    wrong("default = Vec::new()", "default = 7", "mismatched types", "default = 7");
}

#[test]
fn segments_of_other_rules() {
    let other = "    #[fact(\"segment.lifecycle\")] age: Option<Text>,";
    let refused = "a segmentation rule cannot read the segments of other rules";
    let rule = RIGHT
        .replace("Quantiles = Fifths", "Quantiles = ()")
        .replace(", Fifths>", ">");
    let rule = rule.replace("ctx.quantiles.age.score(guest.age.unwrap_or_default())", "ctx.today.0");
    let rule = rule
        .replace("#[derive(Quantiles)]", "")
        .replace("#[quantiles(of = Guest, buckets = 5, among = trips_24m)]", "");
    let rule = rule.replace("{age}", "{trips-24m}");
    mistake_in(&rule, "    age: Option<i32>,", other, refused, "export_segmentation!");
    let kind = "`Option<i32>` cannot hold the segment of another rule";
    mistake_in(
        RIGHT_PROMOTION,
        "stage: Option<Text>",
        "stage: Option<i32>",
        kind,
        "stage: Option<i32>",
    );
    let known = "`posthouse_sdk::Text` cannot hold the segment of another rule";
    mistake_in(
        RIGHT_PROMOTION,
        "stage: Option<Text>",
        "stage: Text",
        known,
        "stage: Text",
    );
    let binding = "`segment.` needs a binding's name behind it";
    mistake_in(
        RIGHT_PROMOTION,
        "(\"segment.lifecycle\")",
        "(\"segment.\")",
        binding,
        "segment.",
    );
    mistake_in(
        RIGHT_PROMOTION,
        "(\"segment.lifecycle\")",
        "(\"segment.A b\")",
        binding,
        "segment.A b",
    );
}

#[test]
fn promotions() {
    let unread = "names {spend-24m}, but the rule does not read the fact `spend-24m`";
    mistake_in(
        RIGHT_PROMOTION,
        "en = \"{recency-days}",
        "en = \"{spend-24m}",
        unread,
        "export_promotion!",
    );
    let reason = "a promotion needs at least one reason, because every offer has one";
    let silent = RIGHT_PROMOTION.replace("Offers<Reason>", "Offers<NoReason>");
    let silent = silent.replace(
        "offers.rate(line, step.rate, Reason::Back);",
        "let _ = (line, step.rate);",
    );
    mistake_in(
        &silent,
        "reasons = Reason",
        "reasons = NoReason",
        reason,
        "export_promotion!",
    );
    let rule = "`Guest` is not a promotion";
    mistake_in(
        RIGHT_PROMOTION,
        "export_promotion!(WinBack)",
        "export_promotion!(Guest)",
        rule,
        "export_promotion!(Guest)",
    );
    let nothing = "a promotion that reads nothing of the customer leaves `facts` out of its `#[rule(…)]`";
    let fields = "    recency_days: Option<i32>,\n    #[fact(\"segment.lifecycle\")]\n    stage: Option<Text>,\n";
    mistake_in(RIGHT_PROMOTION, fields, "", nothing, "struct Guest");
    let part = "`#[settings(part)]` above a type that stands in them";
    mistake_in(
        RIGHT_PROMOTION,
        "#[settings(part)]",
        "#[settings(nested)]",
        part,
        "#[settings(nested)]",
    );
    mistake_in(
        RIGHT_PROMOTION,
        "step.rate, Reason",
        "800, Reason",
        "expected `Rate`, found integer",
        "800, Reason",
    );
}
