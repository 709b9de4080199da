//! Which revision is meant by a digest, its beginning, or a plugin's name.

use super::words::text;
use crate::output::Failure;
use posthouse_domain::words;
use serde_json::Value;

/// Shortest beginning of a digest that names a revision.
const SHORTEST: usize = 6;
/// Most revisions that a message names.
const NAMED: usize = 8;

/// The revision that `wanted` means among `revisions`, which are in the order in which they came. Of a name it is the newest.
///
/// # Errors
/// That it means none or several, with those it could mean.
pub(super) fn which<'r>(revisions: &'r [Value], wanted: &str) -> Result<&'r Value, Failure> {
    let lower = wanted.to_ascii_lowercase();
    let digest_like = !lower.is_empty() && lower.bytes().all(|b| b.is_ascii_hexdigit());
    let begins = |revision: &&Value| digest_like && text(revision, "digest").starts_with(&lower);
    let candidates: Vec<&Value> = revisions.iter().filter(begins).collect();
    let named = revisions.iter().rfind(|revision| text(revision, "name") == wanted);
    match (&candidates[..], named) {
        ([one], _) if lower.len() >= SHORTEST => Ok(one),
        (_, Some(newest)) => Ok(newest),
        ([], None) => Err(Failure::usage(unknown(revisions, wanted, digest_like))),
        ([one], None) => Err(Failure::usage(words!(
            "{wanted} is too short for a digest; write at least {SHORTEST} digits of {one}",
            "{wanted} 作为摘要太短；请至少写出 {one} 的前 {SHORTEST} 位",
            one = shown(one)
        ))),
        (several, None) => Err(Failure::usage(words!(
            "{count} revisions begin with {wanted}; write more of the digest:\n{list}",
            "有 {count} 个修订以 {wanted} 开头；请多写几位摘要：\n{list}",
            count = several.len(),
            list = list(several.iter().rev().copied())
        ))),
    }
}

fn unknown(revisions: &[Value], wanted: &str, digest_like: bool) -> posthouse_domain::Words {
    if revisions.is_empty() {
        return words!(
            "there is no file {wanted}, and no plugin was uploaded yet; `posthouse plugin push FILE` uploads one",
            "没有文件 {wanted}，也还没有上传过插件；可用 `posthouse plugin push FILE` 上传"
        );
    }
    let list = list(revisions.iter().rev());
    if digest_like && wanted.len() >= SHORTEST {
        return words!(
            "no revision's digest begins with {wanted}; the newest are\n{list}",
            "没有摘要以 {wanted} 开头的修订；最新的有\n{list}"
        );
    }
    let near = revisions
        .iter()
        .map(|revision| text(revision, "name"))
        .map(|name| (strsim::jaro_winkler(name, wanted), name))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|one, other| one.0.total_cmp(&other.0));
    match near {
        Some((_, name)) => words!(
            "{wanted} is not a file, digest or plugin's name; did you mean {name}? The newest are\n{list}",
            "{wanted} 不是文件、摘要或插件名；是否指 {name}？最新的有\n{list}"
        ),
        None => words!(
            "{wanted} is not a file, digest or plugin's name; the newest are\n{list}",
            "{wanted} 不是文件、摘要或插件名；最新的有\n{list}"
        ),
    }
}

fn shown(revision: &Value) -> String {
    let (name, version) = (text(revision, "name"), text(revision, "version"));
    format!("{name} {version} {}", text(revision, "digest"))
}

fn list<'r>(revisions: impl Iterator<Item = &'r Value>) -> String {
    let lines = revisions.take(NAMED).map(|revision| format!("  {}", shown(revision)));
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn revisions() -> Vec<Value> {
        [
            ("rfm", "1.0.0", "aaaaaa1"),
            ("rfm", "1.1.0", "aaaaaa2"),
            ("welcome-home", "0.1.0", "bbbbbb3"),
        ]
        .map(|(name, version, digest)| json!({"name": name, "version": version, "digest": digest}))
        .to_vec()
    }

    fn refused(wanted: &str) -> String {
        which(&revisions(), wanted).expect_err("refused").message
    }

    #[test]
    fn a_digest_or_a_name_means_one_revision() {
        let all = revisions();
        let found = |wanted: &str| text(which(&all, wanted).expect(wanted), "digest").to_owned();
        assert_eq!(found("bbbbbb"), "bbbbbb3");
        assert_eq!(found("BBBBBB3"), "bbbbbb3");
        assert_eq!(found("aaaaaa1"), "aaaaaa1");
        assert_eq!(found("rfm"), "aaaaaa2", "the newest");
    }

    #[test]
    fn what_means_several_or_none_is_answered_with_what_it_could_mean() {
        let several = refused("aaaaaa");
        assert!(several.starts_with("2 revisions begin with aaaaaa;"), "{several}");
        let part = "\n  rfm 1.1.0 aaaaaa2\n  rfm 1.0.0 aaaaaa1";
        assert!(several.contains(part), "{several}");
        assert!(!several.contains("bbbbbb3"), "{several}");
        assert!(refused("bbb").contains("at least 6 digits of welcome-home 0.1.0 bbbbbb3"));
        let unknown = refused("cccccc");
        assert!(
            unknown.contains("begins with cccccc; the newest are\n  welcome-home"),
            "{unknown}"
        );
        assert!(refused("welcom-home").contains("did you mean welcome-home?"));
        assert!(refused("nothing").contains("the newest are"));
        assert!(
            which(&[], "rfm")
                .expect_err("none")
                .message
                .contains("posthouse plugin push")
        );
    }
}
