//! What the intake of records, a customer's page and a search read and write.

use crate::{STORED, an_agency, counted, customer, opened, put_customers};
use posthouse_store::segments::TransitionRow;
use posthouse_store::{Access, Store, forms, intake, links, preferences, profiles, search, segments};
use uuid::Uuid;

async fn filled(store: &Store) -> Uuid {
    let agency = an_agency(store, 1).await;
    let mut tx = store.write(Access::Agency(agency)).await.expect("a transaction");
    let identities: Vec<_> = (0..STORED)
        .map(|number| intake::NewIdentity {
            kind: "member_no",
            value: format!("M{number}"),
            customer_id: customer(number),
            sealed: None,
            written: None,
        })
        .collect();
    let events: Vec<_> = (0..STORED)
        .map(|number| intake::EventRow {
            source: "s".into(),
            external_id: format!("e{number}"),
            customer_id: customer(number),
            kind: "contact.made".into(),
            occurred_at: 1,
            received_at: 1,
            data: "{}".into(),
        })
        .collect();
    let unassigned: Vec<_> = (0..STORED)
        .map(|number| intake::UnassignedRow {
            source: "s".into(),
            external_id: format!("u{number}"),
            kind: "contact.made".into(),
            code: "c".into(),
            detail: "d".into(),
            record: "{}".into(),
        })
        .collect();
    let moves: Vec<_> = (0..STORED as i64)
        .map(|number| TransitionRow {
            transition: number + 1,
            ordinal: number,
            origin: None,
            target: Some("new".into()),
            at: 1,
            change: 1,
            revision: 1,
        })
        .collect();
    put_customers(&mut tx, agency).await;
    intake::insert_identities(&mut tx, agency, &identities, 1)
        .await
        .expect("identities");
    intake::insert_events(&mut tx, agency, &events).await.expect("events");
    intake::put_unassigned(&mut tx, agency, &unassigned, 1)
        .await
        .expect("records");
    segments::insert_transitions(&mut tx, agency, "b", &moves)
        .await
        .expect("moves");
    let terms: Vec<_> = (0..STORED as i64)
        .flat_map(|ordinal| {
            let term = |term: String| search::TermRow {
                ordinal,
                term,
                inside: false,
            };
            [term(format!("m{ordinal}")), term(format!("{ordinal}x"))]
        })
        .collect();
    let entries: Vec<_> = (0..STORED as i64)
        .map(|ordinal| search::EntryRow {
            ordinal,
            terms: format!("m{ordinal}\n{ordinal}x"),
        })
        .collect();
    let values: Vec<_> = (0..STORED)
        .flat_map(|number| {
            ["seat", "diet"].map(|key| intake::AttributeRow {
                customer_id: customer(number),
                key: key.into(),
                at: 1,
                source: "s".into(),
                source_kind: "declared".into(),
                value: "x".into(),
                received: 1,
            })
        })
        .collect();
    intake::put_attributes(&mut tx, agency, &values).await.expect("values");
    search::put_terms(&mut tx, agency, &terms).await.expect("terms");
    search::put_entries(&mut tx, agency, &entries).await.expect("entries");
    tx.commit().await.expect("a commit");
    agency
}

#[tokio::test]
async fn a_batch_costs_the_same_however_much_is_stored() {
    let (store, _folder) = opened().await;
    let agency = filled(&store).await;
    let mut tx = store.write(Access::Agency(agency)).await.expect("a transaction");
    let steps = counted(&mut tx).await;
    let numbers: Vec<u128> = (0..10).map(|number| number * 1_999).collect();
    let texts = |letter: &str| -> Vec<String> { numbers.iter().map(|number| format!("{letter}{number}")).collect() };
    let (members, events, unassigned) = (texts("M"), texts("e"), texts("u"));
    let ids: Vec<Uuid> = numbers.iter().map(|number| customer(*number)).collect();
    let ordinals: Vec<i64> = numbers.iter().map(|number| *number as i64).collect();

    let pairs: Vec<_> = members.iter().map(|value| ("member_no", value.as_str())).collect();
    assert_eq!(
        cheap!(steps, "owners", intake::owners(&mut tx, agency, &pairs)).len(),
        10
    );
    let pairs: Vec<_> = events.iter().map(|id| ("s", id.as_str())).collect();
    assert_eq!(
        cheap!(steps, "known_events", intake::known_events(&mut tx, agency, &pairs)).len(),
        10
    );
    let numbers = cheap!(
        steps,
        "member_numbers",
        profiles::member_numbers(&mut tx, agency, 100, 110)
    );
    assert_eq!(numbers[0], (100, customer(100), Some("M100".to_owned())));
    assert_eq!(numbers.len(), 10);
    let owned = cheap!(steps, "identities_of", intake::identities_of(&mut tx, agency, &ids));
    assert!(owned.len() == 10 && owned.is_sorted_by_key(|row| row.value.clone()));
    let found = cheap!(steps, "customers", intake::customers(&mut tx, agency, &ids));
    assert_eq!(found.iter().map(|row| row.ordinal).collect::<Vec<_>>(), ordinals);
    assert_eq!(
        cheap!(
            steps,
            "customers_at",
            profiles::customers_at(&mut tx, agency, &ordinals)
        )
        .len(),
        10
    );
    let moves = cheap!(
        steps,
        "transitions_of",
        segments::transitions_of(&mut tx, agency, "b", &ordinals)
    );
    assert!(moves.len() == 10 && moves.is_sorted_by_key(|row| -row.transition));
    let values = cheap!(steps, "attributes_of", intake::attributes_of(&mut tx, agency, &ids));
    assert_eq!(values.len(), 20);
    cheap!(
        steps,
        "put_attributes",
        intake::put_attributes(&mut tx, agency, &values[..10])
    );
    cheap!(steps, "bookings_of", intake::bookings_of(&mut tx, agency, &ids));
    cheap!(steps, "activity_of", intake::activity_of(&mut tx, agency, &ids, 0));
    cheap!(steps, "bookings", intake::bookings(&mut tx, agency, &["b1", "b2"]));
    let pairs: Vec<_> = unassigned.iter().map(|id| ("s", id.as_str())).collect();
    cheap!(
        steps,
        "forget_unassigned",
        intake::forget_unassigned(&mut tx, agency, &pairs)
    );
    // what a customer's page and a search read, and what a changed name writes
    let wanted = search::Wanted {
        identities: &["M7".into()],
        whole: &["m1999".into()],
        words: &[],
    };
    let (found, total) = cheap!(
        steps,
        "find",
        search::find(&mut tx, agency, STORED as i64, &wanted, (0, 0), 20)
    );
    // the identity, the word, and the ten words that begin so and are longer
    assert_eq!(found[..3], [(0, 7), (1, 1_999), (2, 19_990)]);
    assert_eq!((found.len(), total), (12, 12));
    // several words: who has both, each of the words of eleven customers
    let both = search::Wanted {
        identities: &[],
        whole: &["m1999 1999".into()],
        words: &[vec!["m1999".into()], vec!["1999".into()]],
    };
    let (found, _) = cheap!(
        steps,
        "find_words",
        search::find(&mut tx, agency, STORED as i64, &both, (0, 0), 20)
    );
    assert_eq!(found.len(), 11);
    assert_eq!(
        found[0],
        (6, 1_999),
        "the first word is the whole term, the second begins one"
    );
    let neither = search::Wanted {
        identities: &[],
        whole: &[],
        words: &[vec!["m1999".into()], vec!["7x".into()]],
    };
    let found = search::find(&mut tx, agency, STORED as i64, &neither, (0, 0), 20).await;
    assert_eq!(found.expect("nobody"), (Vec::new(), 0));
    cheap!(
        steps,
        "clashes",
        forms::clashes(&mut tx, agency, &[("member_no", "m7"), ("booking", "b1")])
    );
    assert_eq!(
        cheap!(steps, "entries", search::entries(&mut tx, agency, &ordinals)).len(),
        10
    );
    let gone: Vec<_> = ordinals
        .iter()
        .map(|ordinal| (*ordinal, format!("m{ordinal}")))
        .collect();
    cheap!(steps, "delete_terms", search::delete_terms(&mut tx, agency, &gone));
    let found = search::find(&mut tx, agency, STORED as i64, &wanted, (1, 0), 20).await;
    assert_eq!(found.expect("the others").0.first(), Some(&(2, 19_990)));
    let before = (i64::MAX, i64::MAX, "", "");
    let touches = cheap!(
        steps,
        "timeline",
        profiles::timeline(&mut tx, agency, ids[1], before, 50)
    );
    assert_eq!(touches.len(), 1);
    cheap!(
        steps,
        "preferences_of",
        preferences::preferences_of(&mut tx, agency, ids[1])
    );
    cheap!(steps, "links_of", links::links_of(&mut tx, agency, ids[1]));
}
