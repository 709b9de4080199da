//! What is done on a server: push, preview, activate, rollback, end, history, logs, list.

use super::author::warnings;
use super::binding::Binding;
use super::local::pack_project;
use super::points::{POINTS, Previewed};
use super::which::which;
use super::words::{self as answers, text};
use crate::cli::client::Client;
use crate::cli::io_words::io_words;
use crate::cli::trade::House;
use crate::output::Failure;
use crate::output::{Output, shell_word};
use clap::Args;
use posthouse_domain::{Words, words};
use serde_json::{Map, Value, json};
use std::path::Path;
use std::time::Duration;

/// Pause between two questions for how far a preview has come.
const AGAIN: Duration = Duration::from_millis(200);
/// How often that is told.
const TELL_EVERY: Duration = Duration::from_secs(2);

/// A rule: a plugin with its settings, for a binding.
#[derive(Debug, Args)]
pub(in crate::cli) struct RuleArgs {
    /// The binding: the agency's name for the rule.
    binding: Binding,
    /// A packed component or a project's folder written as a path (`.`, `./rule`), which is packed and uploaded first; or a revision's digest or its beginning; or a plugin's name, which means its newest revision.
    plugin: String,
    /// The plugin's settings: a file with a JSON object, or the object itself. Left out, those in force stay; '{}' takes the defaults.
    #[arg(long, value_name = "FILE|JSON", alias = "config")]
    settings: Option<String>,
}

impl RuleArgs {
    /// The settings the plugin is to have. Which they are is said at once, for a call that is refused may be refused for them.
    fn settings(&self, client: &Client, digest: &str, output: Output) -> Result<Map<String, Value>, Failure> {
        let settings = match &self.settings {
            Some(given) => parse(given)?,
            None => return self.kept(client, digest, output),
        };
        output.say(answers::settings(&settings));
        Ok(settings)
    }

    /// The settings in force, if they are of the same plugin in whatever version.
    fn kept(&self, client: &Client, digest: &str, output: Output) -> Result<Map<String, Value>, Failure> {
        let binding = match client.get(&self.binding.path()) {
            Ok(binding) => binding,
            Err(failure) if failure.code == "not_found" => Value::Null,
            Err(failure) => return Err(failure),
        };
        let in_force = binding["config"].as_object().cloned().unwrap_or_default();
        if in_force.is_empty() {
            output.say(answers::settings(&in_force));
            return Ok(in_force);
        }
        let name = |digest: &str| -> Result<String, Failure> {
            let revision = client.get(&format!("/plugins/{digest}"))?;
            Ok(text(&revision, "name").to_owned())
        };
        let before = name(text(&binding, "digest"))?;
        if before == name(digest)? {
            output.say(words!(
                "settings kept: {in_force}; --settings '{{}}' for the defaults",
                "沿用现有设置：{in_force}；要用默认值请写 --settings '{{}}'",
                in_force = Value::Object(in_force.clone())
            ));
            return Ok(in_force);
        }
        output.say(words!(
            "{new}; those in force are for {before} and not kept: {in_force}",
            "{new}；现有设置属于 {before}，未沿用：{in_force}",
            new = answers::settings(&Map::new()),
            in_force = Value::Object(in_force)
        ));
        Ok(Map::new())
    }

    /// Refuses rules that come into force with something else, with what changes them.
    fn check_by_itself(&self) -> Result<(), Failure> {
        match &self.binding.point().apart {
            Some(apart) => Err(Failure::usage((apart.refused)(self.binding.name()))),
            None => Ok(()),
        }
    }

    /// The command that puts this rule into force with these grants.
    fn activation(&self, grant: &str) -> String {
        let mut command = format!(
            "posthouse plugin activate {} {}",
            self.binding,
            shell_word(&self.plugin)
        );
        if let Some(settings) = &self.settings {
            command += &format!(" --settings {}", shell_word(settings));
        }
        match grant.is_empty() {
            true => command,
            false => command + &format!(" --grant {grant}"),
        }
    }

    /// The digest the words mean.
    fn digest(&self, client: &Client, output: Output) -> Result<String, Failure> {
        let file = Path::new(&self.plugin);
        // a bare word is a plugin's name, also where a folder is called so
        let is_path = self.plugin.starts_with('.') || self.plugin.contains(['/', std::path::MAIN_SEPARATOR]);
        if file.is_file() || (is_path && file.is_dir()) {
            let (revision, _) = upload(client, file, output)?;
            output.say(words!(
                "{file} is revision {digest}",
                "{file} 的修订为 {digest}",
                file = file.display(),
                digest = text(&revision, "digest")
            ));
            return Ok(text(&revision, "digest").to_owned());
        }
        let revisions = all(client, "/plugins")?;
        Ok(text(which(&revisions, &self.plugin)?, "digest").to_owned())
    }
}

/// Every item of a list.
fn all(client: &Client, path: &str) -> Result<Vec<Value>, Failure> {
    let mut items = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = client.get(&format!("{path}?limit=1000{cursor}"))?;
        items.extend(page["items"].as_array().cloned().unwrap_or_default());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(items),
        }
    }
}

/// Settings as they are given: an object, or a file with one.
fn parse(given: &str) -> Result<Map<String, Value>, Failure> {
    let text = if given.trim_start().starts_with(['{', '[']) {
        given.to_owned()
    } else {
        let file = given.strip_prefix('@').unwrap_or(given);
        std::fs::read_to_string(file).map_err(|e| {
            Failure::usage(words!(
                "the settings {file} cannot be read: {e}; write a file or a JSON object",
                "设置 {file} 无法读取：{e}；请给出文件或 JSON 对象",
                e = io_words(&e)
            ))
        })?
    };
    serde_json::from_str(&text).map_err(|e| {
        Failure::usage(words!(
            "the settings are not a JSON object: {e}",
            "设置不是 JSON 对象：{e}"
        ))
    })
}

/// The revision that a file is, or a project that is packed first, and whether it is new there.
fn upload(client: &Client, path: &Path, output: Output) -> Result<(Value, bool), Failure> {
    let packed;
    let file = match path.is_dir() {
        true => {
            packed = pack_project(path)?;
            output.say(words!("packed {file}", "已打包 {file}", file = packed.display()));
            packed.as_path()
        }
        false => path,
    };
    let bytes = std::fs::read(file).map_err(|e| {
        let (file, e) = (file.display(), io_words(&e));
        Failure::usage(words!("{file} cannot be read: {e}", "{file} 无法读取：{e}"))
    })?;
    for warning in warnings(file, &bytes) {
        output.say(words!("warning: {warning}", "警告：{warning}"));
    }
    client.send_bytes("/plugins", "application/wasm", &bytes)
}

pub(super) fn push(file: &Path, output: Output) -> Result<(), Failure> {
    let (revision, new) = upload(&Client::from_environment()?, file, output)?;
    output.answer(&revision, || answers::pushed(&revision, new))
}

pub(super) fn preview(rule: &RuleArgs, everyone: bool, days: u32, output: Output) -> Result<(), Failure> {
    rule.check_by_itself()?;
    match rule.binding.point().previewed {
        Previewed::Movers => {}
        Previewed::Past => return played(rule, days, output),
        Previewed::Cases => return rerouted(rule, days, output),
        Previewed::Nothing => {
            return Err(Failure::usage(words!(
                "the rule of {binding} sorts nobody into segments, so there is nobody to show; `posthouse plugin test` shows what it says",
                "{binding} 的规则不划分分群，没有可预览的变动；其结果可用 `posthouse plugin test` 查看",
                binding = rule.binding
            )));
        }
    }
    let client = Client::from_environment()?;
    let digest = rule.digest(&client, output)?;
    let settings = rule.settings(&client, &digest, output)?;
    let body = json!({ "digest": digest, "config": settings, "name": rule.binding.name() });
    let mut preview = client
        .send("POST", "/segmentation/preview", &body)
        .map_err(not_by_itself)?;
    if everyone {
        let id = answers::text(&preview, "id").to_owned();
        preview["sample"] = all(&client, &format!("/segmentation/previews/{id}/moves"))?.into();
    }
    output.answer(&preview, || {
        answers::preview(&preview, rule.binding.name(), |grant| rule.activation(grant))
    })
}

/// Has a rule of loyalty played over past days, and waits until it is.
fn played(rule: &RuleArgs, days: u32, output: Output) -> Result<(), Failure> {
    let client = Client::from_environment()?;
    let digest = rule.digest(&client, output)?;
    let settings = rule.settings(&client, &digest, output)?;
    let body = json!({ "binding": rule.binding.name(), "digest": digest, "config": settings, "days": days });
    let mut preview = client.send("POST", "/loyalty/preview", &body).map_err(not_by_itself)?;
    let path = format!("/loyalty/previews/{}", answers::text(&preview, "id"));
    let mut told = std::time::Instant::now();
    while ["waiting", "running"].contains(&answers::text(&preview, "state")) {
        std::thread::sleep(AGAIN);
        preview = client.get(&path)?;
        if told.elapsed() > TELL_EVERY {
            told = std::time::Instant::now();
            let [done, all] = ["done", "members"].map(|key| preview[key].to_string());
            output.say(words!("{done} of {all} members", "已算 {done} / {all} 位会员"));
        }
    }
    let problem: Words = serde_json::from_value(preview["problem"].clone()).unwrap_or_default();
    match answers::text(&preview, "state") {
        "done" => output.answer(&preview, || {
            answers::played(&preview, rule.binding.name(), |grant| rule.activation(grant))
        }),
        "cancelled" => Err(Failure::coded(
            "preview_cancelled",
            words!("somebody cancelled the preview", "试算已被取消"),
        )),
        _ => Err(Failure::coded("preview_failed", problem)),
    }
}

/// Has a rule of complaint routing played over the cases of past days.
fn rerouted(rule: &RuleArgs, days: u32, output: Output) -> Result<(), Failure> {
    let client = Client::from_environment()?;
    let digest = rule.digest(&client, output)?;
    let settings = rule.settings(&client, &digest, output)?;
    let body = json!({ "digest": digest, "config": settings, "days": days });
    let preview = client
        .send("POST", "/complaints/preview", &body)
        .map_err(not_by_itself)?;
    output.answer(&preview, || {
        answers::rerouted(&preview, rule.binding.name(), |grant| rule.activation(grant))
    })
}

pub(super) fn activate(rule: &RuleArgs, grant: Option<Vec<String>>, output: Output) -> Result<(), Failure> {
    rule.check_by_itself()?;
    let client = Client::from_environment()?;
    let digest = rule.digest(&client, output)?;
    let settings = rule.settings(&client, &digest, output)?;
    let mut body = json!({ "digest": digest, "config": settings });
    if let Some(grant) = grant {
        body["grant"] = json!(grant);
    }
    let binding = client
        .send("PUT", &rule.binding.path(), &body)
        .map_err(|failure| match failure.code.as_str() {
            "grant_needed" => failure.with_hint(words!(
                "Here that is --grant FACT,FACT; `posthouse plugin preview` prints the command with the facts that are missing",
                "命令行中为 --grant FACT,FACT；`posthouse plugin preview` 会给出带所缺事实的命令"
            )),
            "grant_not_allowed" => failure.with_hint(words!(
                "`posthouse agency key SLUG --name NAME --scope rules,grants` creates such a key",
                "`posthouse agency key SLUG --name NAME --scope rules,grants` 可生成这样的密钥"
            )),
            _ => not_by_itself(failure),
        })?;
    output.answer(&binding, || answers::in_force(&binding))
}

/// A refusal of a plugin that does not come into force by itself, with what it is for.
fn not_by_itself(failure: Failure) -> Failure {
    match failure.code.as_str() {
        "wrong_extension_point" => {
            let hints = POINTS.iter().filter_map(|point| Some((point.apart.as_ref()?.hint)()));
            failure.with_hint(Words::join(&hints.collect::<Vec<_>>(), &words!(". ", "。")))
        }
        _ => failure,
    }
}

/// A refusal about a binding, with the command that helps.
fn about(binding: &Binding) -> impl Fn(Failure) -> Failure {
    move |failure| match failure.code.as_str() {
        "not_found" => failure.with_hint(words!(
            "Check the name {binding}: `posthouse plugin list` shows every binding",
            "请核对名称 {binding}：`posthouse plugin list` 列出全部绑定"
        )),
        "nothing_to_restore" => failure.with_hint(words!(
            "`posthouse plugin history {binding}` lists its revisions, --to REVISION names one",
            "`posthouse plugin history {binding}` 列出其修订，用 --to REVISION 指定"
        )),
        _ => failure,
    }
}

pub(super) fn rollback(name: &Binding, to: Option<i64>, output: Output) -> Result<(), Failure> {
    let client = Client::from_environment()?;
    let body = to.map_or_else(|| json!({}), |to| json!({ "to": to }));
    let path = name.path();
    let binding = client
        .send("POST", &format!("{path}/rollback"), &body)
        .map_err(about(name))?;
    // its history knows which revision that was; somebody else may have gone on since
    let after = binding["revision"].as_i64().unwrap_or(0).saturating_add(1);
    let history = client.get(&format!("{path}/history?limit=1&cursor={after}"))?;
    output.answer(&binding, || {
        answers::brought_back(&binding, &history["items"][0]["restores"])
    })
}

pub(super) fn end(name: &Binding, output: Output) -> Result<(), Failure> {
    let client = Client::from_environment()?;
    let binding = client.delete(&name.path()).map_err(about(name))?;
    output.answer(&binding, || answers::ended(&binding))
}

pub(super) fn ask_again(name: &Binding, output: Output) -> Result<(), Failure> {
    let client = Client::from_environment()?;
    let binding = client
        .send("POST", &format!("{}/ask-again", name.path()), &json!({}))
        .map_err(about(name))?;
    output.answer(&binding, || {
        words!(
            "The rule of {name} is asked from the next quote on.",
            "{name} 的规则从下一次报价起恢复询问。"
        )
        .to_string()
    })
}

pub(super) fn history(binding: &Binding, revisions: u16, output: Output) -> Result<(), Failure> {
    let client = Client::from_environment()?;
    let page = client
        .get(&format!("{}/history?limit={revisions}", binding.path()))
        .map_err(about(binding))?;
    let house = House::ask(&client)?;
    output.answer(&page, || answers::history(&page, &house))
}

pub(super) fn logs(binding: &Binding, lines: u16, output: Output) -> Result<(), Failure> {
    let client = Client::from_environment()?;
    let page = client
        .get(&format!("{}/logs?limit={lines}", binding.path()))
        .map_err(about(binding))?;
    let mut items = page["items"].as_array().cloned().unwrap_or_default();
    // as one reads: the last line is the newest
    items.reverse();
    let house = House::ask(&client)?;
    let stands = client.get(&binding.path()).map_err(about(binding))?;
    output.answer(&json!({ "items": items, "binding": stands }), || {
        answers::logs(&items, &binding.to_string(), &house) + &answers::troubles(&stands, &house)
    })
}

pub(super) fn list(output: Output) -> Result<(), Failure> {
    let client = Client::from_environment()?;
    let (revisions, bindings) = (all(&client, "/plugins")?, client.get("/bindings")?);
    let bindings = bindings["items"].as_array().cloned().unwrap_or_default();
    let house = House::ask(&client)?;
    output.answer(&json!({ "plugins": revisions, "bindings": bindings }), || {
        answers::list(&revisions, &bindings, &house)
    })
}

pub(super) fn delete(digest: &str, output: Output) -> Result<(), Failure> {
    let client = Client::from_environment()?;
    let revisions = all(&client, "/plugins")?;
    let revision = which(&revisions, digest)?;
    // a name means the newest of several, which is no way to say what is to go
    if !text(revision, "digest").starts_with(&digest.to_ascii_lowercase()) {
        return Err(Failure::usage(words!(
            "{digest} is a plugin's name; to delete its newest revision write {found}",
            "{digest} 是插件名；要删除它最新的修订，请写 {found}",
            found = text(revision, "digest")
        )));
    }
    let deleted = client.delete(&format!("/plugins/{}", text(revision, "digest")))?;
    output.answer(&deleted, || {
        words!(
            "{name} {version} is deleted",
            "已删除 {name} {version}",
            name = text(revision, "name"),
            version = text(revision, "version")
        )
        .to_string()
    })
}
