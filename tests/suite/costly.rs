//! Uploads that would cost the server dear: they are refused, nobody else waits for them, and what they took is given back.

use super::files::memory;
use super::quotes::rule;
use super::segments::CLOCK;
use posthouse_tests::guest::{Guest, Saving, costly};
use posthouse_tests::{Campaigns, Database, Options, Server};
use serde_json::json;
use std::thread;
use std::time::{Duration, Instant};

on_both_engines!(nobody_waits_for_what_is_costly);

/// Far more than a quote takes on a machine that is busy with the suite, and less than anything here compiles.
const SOON: Duration = Duration::from_millis(1500);

fn nobody_waits_for_what_is_costly(database: Database) {
    let options = Options {
        clock: CLOCK,
        env: vec![("POSTHOUSE_PLUGINS__COMPILE_CPU_SECONDS", "3".to_owned())],
    };
    let server = Server::start(database, options);
    let shop = Campaigns::new(&server.agency("shop"));
    shop.group("season", "stackable");
    shop.run("spring", &shop.plan(&rule(Saving::Amount(100)), 1, json!({})));
    let greedy = server.agency("greedy");
    shop.quote(None, 5_000, &[]);
    let before = memory(&server, "VmRSS");

    thread::scope(|scope| {
        let (greedy, began) = (&greedy, Instant::now());
        let attacks: Vec<_> = (0..2)
            .map(|more| scope.spawn(move || greedy.upload(&costly::nested_loops(200 + more, 1_000, 250))))
            .collect();
        let mut quotes = 0;
        while !attacks.iter().all(|attack| attack.is_finished()) {
            let asked = Instant::now();
            assert_eq!(shop.quote(None, 5_000, &[])["price"], 4_900);
            assert!(asked.elapsed() < SOON, "a quote waited for {:?}", asked.elapsed());
            quotes += 1;
            if quotes == 5 {
                shop.client.admit(&rule(Saving::Amount(200)));
                assert!(
                    !attacks.iter().all(|attack| attack.is_finished()),
                    "the upload waited for them"
                );
            }
            thread::sleep(Duration::from_millis(20));
        }
        assert!(
            began.elapsed() > Duration::from_secs(6),
            "an agency's uploads are compiled one after the other"
        );
        for attack in attacks {
            assert_eq!(attack.join().unwrap().problem(422), "too_costly_to_compile");
        }
    });

    let refused = |component: &[u8]| greedy.upload(component).problem(422);
    assert_eq!(refused(&costly::text_between_components()), "does_not_compile");
    assert_eq!(
        refused(&costly::written_out_tables(20, 20_000)),
        "too_costly_to_compile"
    );
    assert_eq!(refused(&costly::long_function(150_000)), "too_costly_to_compile");
    let schema = costly::schema_of_patterns(300);
    let guest = Guest {
        schema,
        ..Guest::default()
    };
    assert_eq!(refused(&guest.build()), "bad_config_schema");
    let golden = costly::with_golden(&costly::golden_of_rows(95_000));
    assert_eq!(refused(&golden), "golden_case_failed");

    let kept = memory(&server, "VmRSS").saturating_sub(before);
    assert!(kept < 96 << 20, "{} MiB are kept", kept >> 20);
    greedy.admit(&Guest::default().build());
}
