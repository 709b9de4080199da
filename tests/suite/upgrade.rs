//! An author brings a project over that was made with the SDK of 23 November 2026, by following the guide.

use super::author::{cargo_project, plugin};
use super::command_line::text;
use std::path::Path;
use std::process::Command;

/// A project as `plugin new` wrote it then, with a rule that looks at its settings as the guide said then.
fn project(folder: &Path, name: &str, rule: &str, cases: &str) {
    let sample = posthouse_tests::root().join("target/test-plugins/sample");
    let write = |path: &str, text: &str| {
        let file = folder.join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    };
    for file in ["Cargo.toml", "Cargo.lock"] {
        let text = std::fs::read_to_string(sample.join(file)).expect("`make test-build` makes the sample project");
        write(file, &text.replace("name = \"sample\"", &format!("name = \"{name}\"")));
    }
    write("src/lib.rs", rule);
    write("golden.json", cases);
    // of the SDK of then nothing stays
    write(
        "sdk/Cargo.toml",
        "[package]\nname = \"posthouse-sdk\"\nversion = \"0.1.0\"\n",
    );
    write("sdk/src/lib.rs", "pub mod prelude {}\n");
    write("sdk/src/harness/columns.rs", "");
}

/// The author's own steps: what the guide says is left to them.
fn by_hand(folder: &Path, changes: &[(&str, &str)]) {
    let file = folder.join("src/lib.rs");
    let mut rule = std::fs::read_to_string(&file).unwrap();
    for (from, to) in changes {
        assert!(rule.contains(from), "{from} is not in\n{rule}");
        rule = rule.replace(from, to);
    }
    std::fs::write(file, rule).unwrap();
}

fn said(folder: &Path, words: &[&str]) -> String {
    let output = cargo_project(folder, words);
    let said = text(&output.stdout) + &text(&output.stderr);
    assert!(output.status.success(), "{words:?}: {said}");
    said
}

#[test]
fn a_segmentation_of_a_week_ago_is_brought_over() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (rule, cases) = (
        include_str!("upgrade/segmentation.rs.txt"),
        include_str!("upgrade/segmentation.json"),
    );
    project(folder, "greeting", rule, cases);
    let told = text(&plugin(folder, &["upgrade"]).stdout);
    assert!(
        told.contains("src/lib.rs: what every rule has is now in an `impl Rule`"),
        "{told}"
    );
    let check = told
        .lines()
        .find(|line| line.contains("write `validate` instead of `check`"));
    let line = check.and_then(|line| line.split(':').nth(1)?.parse::<usize>().ok());
    let now = std::fs::read_to_string(folder.join("src/lib.rs")).unwrap();
    assert!(
        now.lines().nth(line.unwrap() - 1).unwrap().contains("fn check("),
        "{told}"
    );
    by_hand(
        folder,
        &[
            (
                "    fn check(ctx: &Context<Settings>) -> Result<(), String> {\n        if ctx.settings.within_days > 60 {\n            return Err(\"who came home two months ago is not just back\".to_owned());\n        }\n        Ok(())\n    }\n\n",
                "",
            ),
            (
                "impl Rule for Plugin {\n",
                "impl Rule for Plugin {\n    fn validate(settings: &Settings, problems: &mut Problems) {\n        if settings.within_days > 60 {\n            problems.at(\"/within_days\", \"回来两个月已不算刚回来\", \"who came home two months ago is not just back\");\n        }\n    }\n\n",
            ),
            (
                "(ctx.settings.within_days - days) as f32",
                "ctx.settings.within_days.saturating_sub(days) as f32",
            ),
        ],
    );
    let packed = said(folder, &["pack"]);
    assert!(
        packed.contains("greeting 0.1.0 would be accepted as a segmentation"),
        "{packed}"
    );
    assert!(!packed.contains("plugin upgrade"), "{packed}");
    let output = Command::new("cargo")
        .args(["test", "--offline"])
        .current_dir(folder)
        .env(
            "CARGO_TARGET_DIR",
            posthouse_tests::root().join("target/test-plugins/sample/target"),
        )
        .output()
        .expect("cargo runs");
    let tested = text(&output.stdout) + &text(&output.stderr);
    assert!(output.status.success() && tested.contains("2 passed"), "{tested}");
    // nothing is left to bring over
    let told = text(&plugin(folder, &["upgrade"]).stdout);
    assert_eq!(told, ".: sdk/ is already up to date.\n");
}

#[test]
fn a_promotion_of_a_week_ago_is_brought_over_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (rule, cases) = (
        include_str!("upgrade/promotion.rs.txt"),
        include_str!("upgrade/promotion.json"),
    );
    project(folder, "thanks", rule, cases);
    // whoever builds it as it is hears what to do
    std::fs::remove_file(folder.join("Cargo.lock")).unwrap();
    let output = cargo_project(folder, &["build"]);
    let told = text(&output.stderr);
    assert!(!output.status.success() && told.contains("does not compile"), "{told}");
    let hint = "sdk is not the SDK of this posthouse (";
    let end = " differ); `posthouse plugin upgrade .` brings the project over\n";
    assert!(told.contains(hint) && told.contains(end), "{told}");
    project(folder, "thanks", rule, cases);
    let told = text(&plugin(folder, &["upgrade"]).stdout);
    assert!(
        told.contains("sdk/ is up to date now") && !told.contains("`check`"),
        "{told}"
    );
    let now = std::fs::read_to_string(folder.join("src/lib.rs")).unwrap();
    assert!(
        !now.contains("promotion_harness") && now.contains("harness::<Plugin>()"),
        "{now}"
    );
    let packed = said(folder, &["pack"]);
    assert!(
        packed.contains("thanks 0.1.0 would be accepted as a promotion"),
        "{packed}"
    );
}
