//! Statements about many rows are cut into a few sizes. However many there are, each is written once and found once, on both engines.

use posthouse_store::{Access, Store, intake, search, team};
use uuid::Uuid;

/// Around the sizes into which lists are cut.
const COUNTS: [usize; 9] = [0, 1, 2, 3, 64, 127, 128, 129, 300];

async fn stores() -> Vec<(tempfile::TempDir, Store)> {
    let mut stores = Vec::new();
    for postgres in [false, true] {
        let folder = tempfile::tempdir().expect("a folder");
        let address = if postgres {
            posthouse_tests::postgres::database()
        } else {
            format!("sqlite:{}", folder.path().join("lists.db").display())
        };
        stores.push((folder, Store::open(&address).await.expect("the database opens")));
    }
    stores
}

fn customer(number: usize, profile: &str) -> intake::CustomerRow {
    intake::CustomerRow {
        id: Uuid::from_u128(1_000 + number as u128),
        ordinal: number as i64,
        profile: profile.into(),
        since_on: 7,
        created_at: 1,
        updated_at: 1,
        version: 1,
    }
}

#[tokio::test]
async fn as_many_rows_are_written_and_found_as_there_are() {
    for (_folder, store) in stores().await {
        let engine = store.engine();
        for (place, count) in COUNTS.into_iter().enumerate() {
            let agency = Uuid::from_u128(1 + place as u128);
            let mut tx = store.write(Access::Agency(agency)).await.expect("a transaction");
            let row = team::AgencyRow {
                id: agency,
                slug: format!("a{place}"),
                name: "A".into(),
                time_zone: "Asia/Shanghai".into(),
                currency: "CNY".into(),
                country: "CN".into(),
            };
            team::create_agency(&mut tx, &row, 1).await.expect("a new slug");
            let rows: Vec<_> = (0..count).map(|number| customer(number, "{}")).collect();
            intake::put_customers(&mut tx, agency, &rows).await.expect("customers");
            // the same again: each is changed, none doubled
            let rows: Vec<_> = (0..count).map(|number| customer(number, "{\"name\":\"王\"}")).collect();
            intake::put_customers(&mut tx, agency, &rows).await.expect("customers");
            let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
            let strangers = [Uuid::from_u128(5), Uuid::from_u128(6)];
            let asked: Vec<Uuid> = ids.iter().chain(&strangers).copied().collect();
            let found = intake::customers(&mut tx, agency, &asked).await.expect("customers");
            let found: Vec<_> = found.iter().map(|row| (row.id, row.ordinal, row.version)).collect();
            let expected: Vec<_> = rows.iter().map(|row| (row.id, row.ordinal, 2)).collect();
            assert_eq!(found, expected, "{engine}: {count} customers");

            let events: Vec<_> = (0..count)
                .map(|number| intake::EventRow {
                    source: format!("s{}", number % 3),
                    external_id: format!("e{number}"),
                    customer_id: ids[number],
                    kind: "contact.made".into(),
                    occurred_at: 1,
                    received_at: 1,
                    data: "{}".into(),
                })
                .collect();
            intake::insert_events(&mut tx, agency, &events).await.expect("events");
            // a pair is known as a pair, not by its halves
            let texts: Vec<(String, String)> = (0..count + 1)
                .flat_map(|number| [(number, number), (number, number + 1)])
                .map(|(source, id)| (format!("s{}", source % 3), format!("e{id}")))
                .collect();
            let pairs: Vec<(&str, &str)> = texts.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
            let known = intake::known_events(&mut tx, agency, &pairs).await.expect("events");
            assert_eq!(known.len(), count, "{engine}: {count} events");

            let terms: Vec<_> = (0..count as i64)
                .map(|ordinal| search::TermRow {
                    ordinal,
                    term: format!("tt{ordinal}"),
                    inside: ordinal % 2 == 0,
                })
                .collect();
            search::put_terms(&mut tx, agency, &terms).await.expect("terms");
            let gone: Vec<_> = terms
                .iter()
                .skip(1)
                .map(|row| (row.ordinal, row.term.clone()))
                .collect();
            search::delete_terms(&mut tx, agency, &gone).await.expect("terms");
            let wanted = search::Wanted {
                identities: &[],
                whole: &["tt".into()],
                words: &[],
            };
            let left = search::find(&mut tx, agency, count as i64, &wanted, (0, 0), 1_000).await;
            assert_eq!(left.expect("terms").0.len(), count.min(1), "{engine}: {count} terms");
            tx.commit().await.expect("a commit");
        }
    }
}
