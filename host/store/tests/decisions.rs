//! Decisions that were made together are found, one by one and page by page, beside those that are kept by themselves.

mod common;

use posthouse_store::decision_logs;
use posthouse_store::decision_sets::{self, DecisionSet, MOST_LOOKED_AT};
use posthouse_store::decisions::{self, DecisionRow, Filter};
use posthouse_store::{Access, Store, Tx, team};
use uuid::Uuid;

const AGENCY: Uuid = Uuid::from_u128(1);
/// More than are looked at for a page.
const SETS: usize = MOST_LOOKED_AT + 200;

posthouse_tests::on_both_engines!(
    pages_leave_nothing_out_and_say_nothing_twice,
    a_decision_is_read_as_it_was_written,
    what_was_logged_is_forgotten_and_the_decision_stays,
);

fn subject(set: usize) -> Uuid {
    Uuid::from_u128(1_000 + set as u128)
}

fn customer(set: usize) -> Uuid {
    Uuid::from_u128(9_000_000 + set as u128 % 7)
}

fn decision(id: Uuid, set: usize, binding: &str) -> DecisionRow {
    DecisionRow {
        id,
        extension_point: "promotion".into(),
        binding: binding.into(),
        revision: 1,
        digest: "d".into(),
        config_digest: "c".into(),
        customer_id: Some(customer(set)),
        subject_kind: Some("quote".into()),
        subject_id: Some(subject(set)),
        at: set as i64,
        input: format!(r#"{{"basket":"行程 {set}"}}"#),
        output: "{}".into(),
        outcome: if set.is_multiple_of(5) { "trap" } else { "answered" }.into(),
        effect: "{}".into(),
        usage: "{}".into(),
        log: match set % 3 {
            0 => format!(r#"[{{"level":"info","message":"行程 {set} of {binding}"}}]"#),
            _ => "[]".into(),
        },
    }
}

async fn begin(store: &Store) -> Tx {
    let row = team::AgencyRow {
        id: AGENCY,
        slug: "a".into(),
        name: "A".into(),
        time_zone: "Asia/Shanghai".into(),
        currency: "CNY".into(),
        country: "CN".into(),
    };
    let mut tx = store.write(Access::Agency(AGENCY)).await.expect("a transaction");
    team::create_agency(&mut tx, &row, 1).await.expect("an agency");
    tx
}

/// Two decisions a set; of the oldest sets one is of a rule that has decided nothing since. Between sets, some that are kept by themselves.
async fn filled(tx: &mut Tx) -> Vec<DecisionRow> {
    // the revision that decisions name which are kept by themselves
    common::put_rule(tx, AGENCY).await;
    let mut all = Vec::new();
    for set in 0..SETS {
        let ids = decision_sets::ids(|| Uuid::from_u128((set as u128 + 1) << 16));
        let bindings = ["spring", if set < 3 { "rare" } else { "summer" }];
        let rows: Vec<_> = ids
            .zip(bindings)
            .map(|(id, binding)| decision(id, set, binding))
            .collect();
        for made in DecisionSet::of(&rows).expect("sets") {
            decision_sets::insert(tx, AGENCY, &[&made]).await.expect("a set");
        }
        all.extend(rows);
        if set % 50 == 1 {
            let alone = decision(Uuid::from_u128(((set as u128 + 1) << 16) | 0x8000), set, "spring");
            decisions::insert(tx, AGENCY, std::slice::from_ref(&alone))
                .await
                .expect("a decision");
            all.push(alone);
        }
    }
    all
}

/// Every page of a filter, and how many there were.
async fn walk(tx: &mut Tx, filter: &Filter, limit: usize) -> (Vec<DecisionRow>, usize) {
    let (mut found, mut pages, mut before) = (Vec::new(), 0, Some(Uuid::max()));
    while let Some(from) = before {
        let page = decisions::latest(tx, AGENCY, filter, from, limit)
            .await
            .expect("a page");
        assert!(page.rows.len() <= limit && page.next.is_none_or(|next| next < from));
        found.extend(page.rows);
        (pages, before) = (pages + 1, page.next);
    }
    (found, pages)
}

async fn pages_leave_nothing_out_and_say_nothing_twice(store: Store) {
    let mut tx = begin(&store).await;
    let all = filled(&mut tx).await;
    let binding = |name: &str| Filter {
        binding: Some(("promotion".into(), name.into())),
        ..Filter::default()
    };
    let filters = [
        Filter::default(),
        binding("spring"),
        binding("rare"),
        binding("nobody's"),
        Filter {
            customer: Some(customer(3)),
            ..Filter::default()
        },
        Filter {
            subject: Some(("quote".into(), subject(17))),
            ..Filter::default()
        },
        Filter {
            outcome: Some("trap".into()),
            ..binding("summer")
        },
    ];
    for filter in filters {
        let wanted = |row: &&DecisionRow| {
            filter.binding.as_ref().is_none_or(|(_, name)| *name == row.binding)
                && filter.customer.is_none_or(|id| row.customer_id == Some(id))
                && filter
                    .subject
                    .as_ref()
                    .is_none_or(|(_, id)| row.subject_id == Some(*id))
                && filter.outcome.as_ref().is_none_or(|outcome| *outcome == row.outcome)
        };
        let expected: Vec<_> = all.iter().rev().filter(wanted).cloned().collect();
        // an odd limit ends pages inside sets
        for limit in [7, 1_000] {
            let (found, _) = walk(&mut tx, &filter, limit).await;
            assert_eq!(found, expected, "{filter:?}, {limit} to a page");
        }
    }
    let (found, pages) = walk(&mut tx, &binding("rare"), 10).await;
    assert_eq!(
        (found.len(), pages),
        (3, 2),
        "the first page ends before it has found any"
    );
}

async fn a_decision_is_read_as_it_was_written(store: Store) {
    let mut tx = begin(&store).await;
    let all = filled(&mut tx).await;
    // the fifth is kept by itself
    for row in [&all[0], &all[1], &all[4], &all[all.len() - 1]] {
        let found = decisions::decision(&mut tx, AGENCY, row.id).await.expect("a look");
        assert_eq!(found.as_ref(), Some(row));
    }
    for nobody in [(1_u128 << 16), (1 << 16) | 3, 7] {
        let found = decisions::decision(&mut tx, AGENCY, Uuid::from_u128(nobody)).await;
        assert_eq!(found.expect("a look"), None);
    }
}

async fn what_was_logged_is_forgotten_and_the_decision_stays(store: Store) {
    let mut tx = begin(&store).await;
    let mut all = filled(&mut tx).await;
    // every third set, and of those by themselves every third, logged something; an instant here is the number of the set
    let forgotten = decision_logs::forget(&mut tx, AGENCY, 600).await.expect("a look");
    assert_eq!(forgotten, 200 + 4);
    for row in all.iter_mut().filter(|row| row.at < 600) {
        row.log = "[]".into();
    }
    all.reverse();
    assert_eq!(walk(&mut tx, &Filter::default(), 1_000).await.0, all);
    assert_eq!(decision_logs::forget(&mut tx, AGENCY, 600).await.expect("a look"), 0);
}
