//! The guides, followed word for word in both languages, and the scripts that go the same ways.

use super::demo::Demo;
use posthouse_tests::guide::{Shell, Step, steps};
use posthouse_tests::server::program;
use posthouse_tests::{Database, Options, Server, root};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

on_both_engines!(the_scripts_go_their_way);

/// The moment at which the tour's clock stands still.
const TOUR: Option<&str> = Some("fixed:2026-01-15T10:00:00+08:00");

/// A folder that looks like the root of the repository after `make build`.
fn repository() -> tempfile::TempDir {
    let folder = tempfile::Builder::new().prefix("posthouse-guide-").tempdir().unwrap();
    let link = |from: &Path, to: &str| std::os::unix::fs::symlink(from, folder.path().join(to)).unwrap();
    link(&root().join("docs"), "docs");
    link(&root().join("plugins"), "plugins");
    link(&root().join("posthouse.toml"), "posthouse.toml");
    std::fs::create_dir_all(folder.path().join("target/release")).unwrap();
    link(&program(), "target/release/posthouse");
    folder
}

/// `PATH` with the program under test in front.
fn path(folder: &Path) -> String {
    let before = std::env::var("PATH").unwrap_or_default();
    format!("{}:{before}", folder.join("target/release").display())
}

fn document(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap()
}

/// What was compiled for a project like the one that the tour writes; only its own two crates are left to compile.
fn compiled() -> String {
    root().join("target/test-plugins/sample/target").display().to_string()
}

fn the_scripts_go_their_way(database: Database) {
    let folder = repository();
    let server = Server::start(
        database,
        Options {
            clock: TOUR,
            ..Options::default()
        },
    );
    let owner = server.agency("silk-road");
    let output = Command::new("docs/tour/run.sh")
        .current_dir(folder.path())
        .env("PATH", path(folder.path()))
        .env("POSTHOUSE_URL", &owner.base)
        .env("POSTHOUSE_API_KEY", &owner.key)
        .env("CARGO_TARGET_DIR", compiled())
        .output()
        .expect("a shell");
    let text = String::from_utf8_lossy;
    assert!(
        output.status.success() && text(&output.stdout).ends_with("tour: done\n"),
        "{}\n{}",
        text(&output.stdout),
        text(&output.stderr)
    );
}

/// The locale of whoever reads the document.
fn language(document: &str) -> &'static str {
    if document.contains(".zh-CN.") {
        "zh_CN.UTF-8"
    } else {
        "C.UTF-8"
    }
}

/// Follows the README's tour, from an empty database to overlapping groups.
fn follow_the_tour(readme: &str, heading: &str, until: &str, database: &str) {
    let folder = repository();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let here = format!("127.0.0.1:{port}");
    let places = [("127.0.0.1:7411", here.as_str()), ("sqlite:data/tour.db", database)];
    let (path, compiled) = (path(folder.path()), compiled());
    let env = [
        ("PATH", path.as_str()),
        ("COMPILED", compiled.as_str()),
        ("LANG", language(readme)),
    ];
    let mut shell = Shell::start(folder.path(), &places, &[], &env);
    let text = document(readme);
    let all = steps(&text, Some(heading), Some(until));
    let built = all
        .iter()
        .position(|step| step.commands.contains("plugin new"))
        .unwrap()
        + 1;
    shell.follow(readme, &all[..built]);
    // cargo is spared what it has compiled for the same project elsewhere
    let spared = "cp -al \"$COMPILED\" data/welcome-home/target || cp -a \"$COMPILED\" data/welcome-home/target";
    let spare = Step {
        line: 0,
        commands: spared.into(),
        shown: None,
    };
    shell.follow(readme, &[spare]);
    shell.follow(readme, &all[built..]);
}

#[test]
fn the_readme_is_followed_in_english() {
    let database = posthouse_tests::postgres::database();
    follow_the_tour(
        "README.md",
        "### Start a server and create an agency",
        "## Quote, book with a coupon, cancel",
        &database,
    );
}

#[test]
fn the_readme_is_followed_in_chinese() {
    follow_the_tour(
        "README.zh-CN.md",
        "### 启动服务器，创建旅行社",
        "## 报价、用券下单、取消",
        "sqlite:data/tour.db",
    );
}

/// Follows what is written for somebody who has started the demo.
fn follow_in_the_demo(guides: &[(&str, Option<&str>, Option<&str>)]) {
    let folder = repository();
    let demo = Demo::start_at(folder.path(), "system");
    let here = demo.client.base.strip_prefix("http://").unwrap();
    let path = path(folder.path());
    for (name, from, to) in guides {
        let mut shell = Shell::start(
            folder.path(),
            &[("127.0.0.1:7300", here)],
            &[
                ("POSTHOUSE_API_KEY", demo.client.key.as_str()),
                ("PLANNER", demo.client.key.as_str()),
                ("APPROVER", demo.approver.as_str()),
            ],
            &[
                ("PATH", path.as_str()),
                ("LANG", language(name)),
                ("POSTHOUSE_URL", demo.client.base.as_str()),
                ("POSTHOUSE_API_KEY", demo.client.key.as_str()),
            ],
        );
        shell.follow(name, &steps(&document(name), *from, *to));
    }
}

#[test]
fn guides_for_the_demo_are_followed_in_english() {
    follow_in_the_demo(&[
        (
            "README.md",
            Some("## Quote, book with a coupon, cancel"),
            Some("## What it needs"),
        ),
        ("docs/quotes.md", None, None),
        ("docs/campaigns.md", None, None),
        ("docs/api.md", None, None),
    ]);
}

#[test]
fn guides_for_the_demo_are_followed_in_chinese() {
    follow_in_the_demo(&[
        ("README.zh-CN.md", Some("## 报价、用券下单、取消"), Some("## 所需环境")),
        ("docs/quotes.zh-CN.md", None, None),
        ("docs/campaigns.zh-CN.md", None, None),
        ("docs/api.zh-CN.md", None, None),
    ]);
}
