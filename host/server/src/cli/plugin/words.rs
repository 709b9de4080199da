//! What a server's answers about rules say to people.

use super::binding::spelled;
use crate::cli::output::{counted, table};
use serde_json::{Map, Value};

/// A text of a document; nothing if it is not there.
pub(super) fn text<'a>(document: &'a Value, key: &str) -> &'a str {
    document[key].as_str().unwrap_or("")
}

fn items<'a>(document: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    document[key].as_array().into_iter().flatten()
}

fn number(document: &Value, key: &str) -> u64 {
    document[key].as_u64().unwrap_or(0)
}

fn segment(key: &Value) -> &str {
    key.as_str().unwrap_or("none")
}

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).to_vec()
}

/// The beginning of a digest, enough to name it.
fn start(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

/// Settings a call is made with.
pub(super) fn settings(settings: &Map<String, Value>) -> String {
    if settings.is_empty() {
        "settings: {}, the defaults".to_owned()
    } else {
        format!("settings: {}", Value::Object(settings.clone()))
    }
}

/// Whether a plugin or a binding makes offers.
fn is_promotion(document: &Value) -> bool {
    text(document, "extension_point") == "promotion"
}

/// An uploaded component.
pub(super) fn pushed(revision: &Value, new: bool) -> String {
    let (test, digest) = (&revision["self_test"], start(text(revision, "digest")));
    let promotion = is_promotion(revision);
    let (tried, cost) = if promotion {
        (
            counted(number(test, "baskets_tried"), "basket"),
            format!("{} fuel a call", number(test, "fuel_per_call")),
        )
    } else {
        (
            counted(number(test, "rows_tried"), "row"),
            format!("{} fuel a row", number(test, "fuel_per_row")),
        )
    };
    let next = if promotion {
        format!(
            "\n\nThe plan of a campaign names it:\n\n  \"rule\": {{\"digest\": \"{}\", \"config\": {{}}}}\n\nPOST /api/v1/campaigns writes a \
             campaign down; one that runs takes it by POST /api/v1/campaigns/KEY/amendments. docs/campaigns.md goes through both.",
            text(revision, "digest")
        )
    } else {
        format!(
            "\n\n  posthouse plugin preview BINDING {digest}\n  posthouse plugin activate BINDING {digest}\n\nBINDING is your name for the \
             rule at work: one that `posthouse plugin list` shows, or a new one."
        )
    };
    format!(
        "{} {} is revision {}, {}.\nSelf-test: {}, {tried}, {cost}.{next}",
        text(revision, "name"),
        text(revision, "version"),
        text(revision, "digest"),
        if new {
            "new on this server"
        } else {
            "which the server has already"
        },
        counted(number(test, "golden_cases"), "golden case"),
    )
}

/// Why the rule of a campaign is neither previewed nor activated by itself.
pub(super) fn of_campaign(key: &str) -> String {
    format!(
        "the rule of a campaign comes into force with it. Before its start the plan names another rule (PATCH /api/v1/campaigns/{key}); in \
         force it takes one by an amendment, which is previewed on its latest quotes and approved by another key (POST \
         /api/v1/campaigns/{key}/amendments). `posthouse plugin push FILE` uploads the component that both name by its digest"
    )
}

/// Lines of a log, the newest last.
pub(super) fn logs(items: &[Value], binding: &str) -> String {
    if items.is_empty() {
        return format!("The rules of {binding} have logged nothing, and none has failed.");
    }
    let rows = items.iter().map(|line| {
        row([
            text(line, "at"),
            text(line, "level"),
            text(line, "cause"),
            start(text(line, "digest")),
            text(line, "message"),
        ])
    });
    table(&rows.collect::<Vec<_>>())
}

/// Who would move, and what has to be known before. `activation` is the command that grants what is named to it.
pub(super) fn preview(preview: &Value, binding: &str, activation: impl FnOnce(&str) -> String) -> String {
    let mut words = String::new();
    let stale = preview["stale"] == true;
    if stale {
        words += &format!(
            "{binding} is stale: its rule in force fails, and `now` is what it said last. `posthouse plugin list` says how it fails.\n\n"
        );
    }
    words += &diff(preview);
    words += &if stale || number(preview, "drift") == 0 {
        format!("\nTook {} ms.\n", preview["duration_ms"])
    } else {
        format!(
            "\nTime alone would move {}. Took {} ms.\n",
            preview["drift"], preview["duration_ms"]
        )
    };
    words += &sample(preview);
    let needed: Vec<&str> = items(preview, "grant_needed").filter_map(Value::as_str).collect();
    if !needed.is_empty() {
        words += &format!(
            "\nNot granted to {binding} yet: the new rule reads {}. Its activation has to grant {}:\n\n  {}\n",
            needed.join(", "),
            if needed.len() == 1 { "it" } else { "them" },
            activation(&needed.join(","))
        );
    }
    words
}

/// Some of those who would move, called what they are: some, or all.
fn sample(preview: &Value) -> String {
    let movers: Vec<Vec<String>> = items(preview, "sample")
        .map(|mover| {
            let way = format!("{} → {}", segment(&mover["from"]), segment(&mover["to"]));
            row(["", text(mover, "label"), &way, text(mover, "customer_id")])
        })
        .collect();
    let (shown, changed) = (movers.len() as u64, number(preview, "changed"));
    match shown {
        0 if changed > 0 => format!(
            "\n{}; who they are is shown to a key with the scope read.\n",
            counted(changed, "mover")
        ),
        0 => String::new(),
        _ if shown < changed => format!(
            "\nA sample of {shown} of {}; --all lists everyone:\n{}",
            counted(changed, "mover"),
            table(&movers)
        ),
        _ => format!("\n{}:\n{}", counted(changed, "mover"), table(&movers)),
    }
}

/// A rule that has come into force, with what it moved.
pub(super) fn in_force(binding: &Value) -> String {
    format!("{}\n{}", head(binding), diff(&binding["diff"]))
}

/// A binding's name as the commands take it.
fn bound(binding: &Value) -> String {
    spelled(text(binding, "extension_point"), text(binding, "name"))
}

fn head(binding: &Value) -> String {
    format!(
        "{} is at revision {}: {} is in force.\n",
        bound(binding),
        binding["revision"],
        start(text(binding, "digest"))
    )
}

/// A rule that a rollback has brought back into force.
pub(super) fn brought_back(binding: &Value, restored: &Value) -> String {
    let effect = if is_promotion(binding) {
        "Quotes from now on get what it offers; those that are open keep their price.".to_owned()
    } else {
        diff(&binding["diff"])
    };
    format!(
        "{}That brings back revision {restored}, with the settings {}.\n\n{effect}",
        head(binding),
        binding["config"],
    )
}

/// The revisions of a binding, the newest first.
pub(super) fn history(page: &Value) -> String {
    let mut rows = vec![row(["revision", "since", "cause", "digest", "settings", "note"])];
    for revision in items(page, "items") {
        let cause = text(revision, "cause");
        let cause = match revision["restores"].as_i64() {
            Some(restored) => format!("{cause} to {restored}"),
            None => cause.to_owned(),
        };
        rows.push(row([
            &revision["revision"].to_string(),
            text(revision, "activated_at"),
            &cause,
            start(text(revision, "digest")),
            &revision["config"].to_string(),
            text(revision, "note"),
        ]));
    }
    let mut words = table(&rows);
    if !page["next"].is_null() {
        words += "\nThere are older ones; --revisions lists more.\n";
    }
    words
}

/// Every revision, and where it is in force.
pub(super) fn list(revisions: &[Value], bindings: &[Value]) -> String {
    if revisions.is_empty() {
        return "No plugins yet. `posthouse plugin push FILE` uploads one.".to_owned();
    }
    let mut rows = vec![row(["plugin", "version", "digest", "uploaded", "in force as"])];
    for revision in revisions {
        let bound: Vec<String> = bindings
            .iter()
            .filter(|binding| binding["digest"] == revision["digest"])
            .map(|binding| {
                let stale = if binding["stale_since"].is_null() {
                    ""
                } else {
                    ", stale"
                };
                format!("{} (revision {}{stale})", bound(binding), binding["revision"])
            })
            .collect();
        rows.push(row([
            text(revision, "name"),
            text(revision, "version"),
            start(text(revision, "digest")),
            text(revision, "created_at"),
            &bound.join(", "),
        ]));
    }
    let mut words = table(&rows);
    for binding in bindings.iter().filter(|binding| !binding["stale_since"].is_null()) {
        let meanwhile = if is_promotion(binding) {
            "its campaign offers nothing"
        } else {
            "its last memberships stand"
        };
        words += &format!(
            "\n{} is stale since {}: its rule fails, and {meanwhile}. {}\n",
            bound(binding),
            text(binding, "stale_since"),
            text(binding, "stale_reason")
        );
    }
    words
}

fn diff(diff: &Value) -> String {
    let mut rows = vec![row(["segment", "now", "then", "entering", "leaving"])];
    for change in items(diff, "segments") {
        let [now, then, entering, leaving] = ["now", "then", "entering", "leaving"].map(|key| change[key].to_string());
        rows.push(vec![text(change, "key").to_owned(), now, then, entering, leaving]);
    }
    let changed = number(diff, "changed");
    let mut words = table(&rows);
    words += &format!(
        "\n{changed} of {} {}.\n",
        counted(number(diff, "customers"), "customer"),
        if changed == 1 { "moves" } else { "move" }
    );
    for moved in items(diff, "moves") {
        words += &format!(
            "  {:>8}  {} → {}\n",
            number(moved, "count"),
            segment(&moved["from"]),
            segment(&moved["to"])
        );
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answer(changed: u64) -> Value {
        let mover = |label: &str| json!({"customer_id": "019b", "label": label, "from": null, "to": "calls"});
        json!({
            "id": "p1", "customers": 5, "changed": changed, "drift": 0, "stale": false, "duration_ms": 1, "segments": [],
            "moves": [{"from": null, "to": "calls", "count": changed}], "sample": [mover("王小明"), mover("M007")], "grant_needed": [],
        })
    }

    #[test]
    fn a_sample_is_called_one() {
        let words = preview(&answer(4), "calls", |_| String::new());
        assert!(words.contains("A sample of 2 of 4 movers"), "{words}");
        assert!(words.contains("王小明") && words.contains("M007"), "{words}");
        let all = preview(&answer(2), "calls", |_| String::new());
        assert!(!all.contains("sample") && all.contains("2 movers:"), "{all}");
    }

    #[test]
    fn missing_grants_come_with_the_command_that_gives_them() {
        let mut answer = answer(2);
        assert!(!preview(&answer, "calls", |_| unreachable!()).contains("granted"));
        answer["grant_needed"] = json!(["birth-date", "age"]);
        let words = preview(&answer, "calls", |grant| format!("activate --grant {grant}"));
        assert!(
            words.contains("Not granted to calls yet: the new rule reads birth-date, age."),
            "{words}"
        );
        assert!(words.ends_with("  activate --grant birth-date,age\n"), "{words}");
    }

    #[test]
    fn stale_rules_are_called_so() {
        let mut answer = answer(2);
        answer["stale"] = json!(true);
        let words = preview(&answer, "calls", |_| String::new());
        assert!(
            words.starts_with("calls is stale") && !words.contains("Time alone"),
            "{words}"
        );
        let revisions = [json!({"name": "rfm", "version": "1.0.0", "digest": "0123456789abcdef"})];
        let mut binding = json!({"extension_point": "segmentation", "name": "calls", "revision": 2, "digest": "0123456789abcdef", "stale_since": null, "stale_reason": null});
        assert!(!list(&revisions, std::slice::from_ref(&binding)).contains("stale"));
        binding["stale_since"] = json!("2026-01-15T02:00:00Z");
        binding["stale_reason"] = json!("it burnt its fuel");
        let words = list(&revisions, std::slice::from_ref(&binding));
        binding["extension_point"] = json!("promotion");
        let offers = list(&revisions, &[binding]);
        assert!(
            offers.contains("promotion/calls (revision 2, stale)") && offers.contains("its campaign offers nothing"),
            "{offers}"
        );
        for part in [
            "calls (revision 2, stale)",
            "stale since 2026-01-15T02:00:00Z",
            "it burnt its fuel",
        ] {
            assert!(words.contains(part), "{words}");
        }
    }

    #[test]
    fn time_is_told_when_it_moves_somebody() {
        let mut answer = answer(2);
        assert!(!preview(&answer, "calls", |_| String::new()).contains("Time alone"));
        answer["drift"] = json!(1);
        assert!(preview(&answer, "calls", |_| String::new()).contains("\nTime alone would move 1. Took 1 ms.\n"));
    }

    #[test]
    fn the_way_of_a_binding_can_be_read() {
        let revision = |revision: u64, cause: &str, restores: Value, note: Value| {
            json!({"revision": revision, "digest": "0123456789abcdef",
            "config": {"edge": revision}, "restores": restores, "cause": cause, "note": note, "activated_at": "2026-01-15T02:00:00.000Z"})
        };
        let page = json!({"next": null, "items": [
            revision(2, "breaker", json!(1), json!("it burnt its fuel")), revision(1, "activation", Value::Null, Value::Null)]});
        let words = history(&page);
        let lines: Vec<&str> = words.lines().collect();
        assert_eq!(
            lines[1..],
            [
                "2         2026-01-15T02:00:00.000Z  breaker to 1  0123456789ab  {\"edge\":2}  it burnt its fuel",
                "1         2026-01-15T02:00:00.000Z  activation    0123456789ab  {\"edge\":1}",
            ]
        );
    }

    #[test]
    fn one_customer_moves_and_two_move() {
        let mut answer = answer(1);
        answer["customers"] = json!(1);
        assert!(preview(&answer, "calls", |_| String::new()).contains("\n1 of 1 customer moves.\n"));
    }
}
