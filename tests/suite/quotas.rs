//! What one agency may keep, and how it makes room.

use super::segments::bind;
use posthouse_tests::guest::{Guest, PromotionGuest};
use posthouse_tests::{Campaigns, Client, Database, Options, Server};
use serde_json::json;
use std::process::Output;

on_both_engines!(plugins_have_a_most_and_can_be_deleted);

fn component(name: &str) -> Vec<u8> {
    Guest {
        name: name.into(),
        ..Guest::default()
    }
    .build()
}

fn run(server: &Server, client: &Client, language: &str, words: &[&str]) -> Output {
    server
        .command(words)
        .env("POSTHOUSE_URL", &server.base)
        .env("POSTHOUSE_API_KEY", &client.key)
        .env("LANG", language)
        .output()
        .unwrap()
}

fn plugins_have_a_most_and_can_be_deleted(database: Database) {
    let options = Options {
        env: vec![("POSTHOUSE_PLUGINS__REVISIONS", "4".into())],
        ..Options::default()
    };
    let server = Server::start(database, options);
    let (client, other) = (server.agency("full"), server.agency("other"));
    let compiled = |digest: &str| {
        let files = std::fs::read_dir(server.folder.path().join("data/cache")).unwrap();
        let mut names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        names.any(|name| name.starts_with(digest))
    };
    let delete = |client: &Client, digest: &str| client.send("DELETE", &format!("/api/v1/plugins/{digest}"), "", &[]);

    let unused = client.admit(&component("unused"));
    bind(&client, "kept", &component("replaced"), json!({}));
    let bound = bind(&client, "kept", &component("bound"), json!({}));
    let shop = Campaigns::new(&client);
    shop.group("season", "stackable");
    let plan = shop.plan(&PromotionGuest::default().build(), 1, json!({}));
    let planned = plan["rule"]["digest"].as_str().unwrap().to_owned();
    shop.draft("spring", &plan);

    let further = client.upload(&component("further"));
    assert_eq!(further.problem(409), "too_many_plugins", "{}", further.text);
    // what is known takes no room, and others have room of their own
    assert_eq!(client.upload(&component("unused")).status, 200);
    other.admit(&component("unused"));

    let listed = client.all("/api/v1/plugins");
    for plugin in &listed {
        let is_bound = ["bound", "replaced"].contains(&plugin["name"].as_str().unwrap());
        assert_eq!(plugin["bound"], is_bound, "{plugin}");
        assert!(plugin["size"].as_i64().unwrap() > 0);
    }
    let digest_of = |name: &str| {
        let plugin = listed.iter().find(|plugin| plugin["name"] == name).unwrap();
        plugin["digest"].as_str().unwrap().to_owned()
    };
    assert_eq!(digest_of("bound"), bound["digest"]);
    // what is in force, what was, and what is planned stay
    for (digest, named) in [
        (digest_of("bound"), "revision 2 of the binding segmentation/kept"),
        (digest_of("replaced"), "revision 1 of the binding segmentation/kept"),
        (planned, "the plan of the campaign spring"),
    ] {
        let refused = delete(&client, &digest);
        assert_eq!(refused.problem(409), "plugin_in_use");
        assert!(refused.text.contains(named), "{}", refused.text);
    }

    assert!(compiled(&unused));
    let gone = run(&server, &client, "C", &["plugin", "delete", &unused[..12]]);
    assert_eq!(String::from_utf8_lossy(&gone.stdout), "unused 1.2.3 is deleted\n");
    assert!(!compiled(&unused));
    assert_eq!(delete(&client, &unused).problem(404), "not_found");
    client.admit(&component("further"));
    // a name is not enough to say what is to go
    let named = run(&server, &client, "zh_CN.UTF-8", &["plugin", "delete", "further"]);
    assert!(!named.status.success());
    let said = String::from_utf8_lossy(&named.stderr).into_owned();
    assert!(said.contains("further 是插件名"), "{said}");

    // the other agency still has it, and takes it into force although its machine code is gone
    bind(&other, "kept", &component("unused"), json!({}));
    let entries = client.all("/api/v1/audit");
    let deleted: Vec<_> = entries
        .iter()
        .filter(|entry| entry["action"] == "plugin.delete")
        .collect();
    assert_eq!(deleted.len(), 1);
    assert_eq!(deleted[0]["subject"], format!("plugin/{unused}"));
}
