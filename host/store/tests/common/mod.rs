//! Rows that several tests begin with.
#![allow(dead_code, reason = "each of them takes what it needs")]

use posthouse_store::Tx;
use posthouse_store::plugins::{self, BindingRevisionRow, BindingRow, PluginRow};
use uuid::Uuid;

/// The extension point and name of the binding.
pub(crate) const BINDING: (&str, &str) = ("promotion", "spring");

/// Keeps a plugin, and brings the first revision of a binding into force with it.
pub(crate) async fn put_rule(tx: &mut Tx, agency: Uuid) {
    let plugin = PluginRow {
        digest: "d".into(),
        name: "rule".into(),
        version: "1.0.0".into(),
        extension_point: BINDING.0.into(),
        description: "{}".into(),
        segments: "[]".into(),
        self_test: "{}".into(),
        size: 1,
        created_at: 1,
        bound: false,
        unopened: None,
    };
    plugins::insert(tx, agency, &plugin, b"x").await.expect("a plugin");
    put_revision(tx, agency, 1).await;
}

/// Brings the next revision of the binding into force.
pub(crate) async fn put_revision(tx: &mut Tx, agency: Uuid, revision: i64) {
    let (point, name) = BINDING;
    let binding = BindingRow {
        extension_point: point.into(),
        name: name.into(),
        revision,
        run: 0,
        transition: 0,
        applied_change: 0,
        stale_since: None,
        stale_reason: None,
        digest: "d".into(),
        config: "{}".into(),
        config_digest: "c".into(),
        activated_at: 1,
        set_aside_until: None,
        set_aside_why: None,
        set_asides: 0,
        unopened: None,
        cause: "activation".into(),
    };
    let put = plugins::put_binding(tx, agency, revision - 1, &binding).await;
    assert!(put.expect("a binding"), "revision {revision} is not the next");
    let row = BindingRevisionRow {
        revision,
        digest: "d".into(),
        config: "{}".into(),
        config_digest: "c".into(),
        restores: None,
        diff: "{}".into(),
        cause: "activation".into(),
        note: None,
        activated_by: None,
        activated_at: 1,
    };
    plugins::insert_revision(tx, agency, point, name, &row)
        .await
        .expect("a revision");
}
