//! Statements that leave their agency, and how it is found; and ways of sending them that would go unseen.

use crate::predicate::faults;
use crate::sources::{Sources, read_file};

/// What is wrong with a statement that is given its agency and two other values.
fn wrong(sql: &str) -> Vec<String> {
    faults(sql, &["agency".into(), "customer".into(), "row.agency_id".into()])
}

fn assert_refused(sql: &str) {
    assert_ne!(wrong(sql), [""; 0], "{sql}");
}

fn assert_taken(sql: &str) {
    assert_eq!(wrong(sql), [""; 0], "{sql}");
}

#[test]
fn what_leaves_its_agency_is_found() {
    for sql in [
        // nothing, or only the word
        "SELECT name FROM customer",
        "SELECT name FROM customer WHERE id = $2 -- agency_id = $1",
        "SELECT name FROM customer /* WHERE agency_id = $1 */ WHERE id = $2",
        "SELECT name FROM customer WHERE id = $2 AND note = 'agency_id = $1'",
        "SELECT agency_id FROM customer WHERE id = $2",
        "SELECT name FROM customer WHERE id = $2 ORDER BY agency_id = $1",
        // not for every row
        "SELECT name FROM customer WHERE agency_id = $1 OR id = $2",
        "SELECT name FROM customer WHERE id = $2 OR (agency_id = $1 AND id = $2)",
        "SELECT name FROM customer WHERE NOT (agency_id = $1)",
        "SELECT name FROM customer WHERE agency_id <> $1",
        "SELECT name FROM customer WHERE agency_id >= $1",
        "SELECT name FROM customer WHERE (agency_id = $1) = (id = $2)",
        "SELECT name FROM customer WHERE CASE WHEN id = $2 THEN agency_id = $1 ELSE TRUE END",
        "SELECT name FROM customer WHERE agency_id = COALESCE($1, agency_id)",
        // with something else
        "SELECT name FROM customer WHERE agency_id = $2",
        "SELECT name FROM customer WHERE id = $1",
        "SELECT name FROM customer WHERE agency_id = agency_id",
        "SELECT name FROM customer WHERE agency_id = id",
        "SELECT name FROM customer WHERE agency_id = $4",
        // one of two tables
        "SELECT c.name FROM customer c JOIN booking b ON b.customer_id = c.id WHERE c.agency_id = $1",
        "SELECT c.name FROM customer c, booking b WHERE c.agency_id = $1 AND b.customer_id = c.id",
        "SELECT name FROM customer c JOIN booking b ON b.customer_id = c.id WHERE agency_id = $1",
        "SELECT c.name FROM customer c JOIN booking b ON b.agency_id = c.agency_id WHERE c.id = $2",
        "SELECT c.name FROM customer c JOIN booking b ON b.agency_id = c.id WHERE c.agency_id = $1",
        "SELECT c.name FROM customer c JOIN booking b ON b.customer_id = c.agency_id WHERE c.agency_id = $1",
        "SELECT c.name FROM customer c JOIN booking b ON b.agency_id = b.agency_id WHERE c.agency_id = $1",
        "SELECT c.name FROM customer c JOIN booking b ON b.agency_id = c.agency_id OR b.id = c.id WHERE c.agency_id = $1",
        "SELECT c.name FROM customer c JOIN booking b USING (agency_id) WHERE c.id = $2",
        "SELECT name FROM customer NATURAL JOIN booking WHERE agency_id = $1",
        // an outer join keeps the rows of its first table, whatever its condition says of them
        "SELECT c.name FROM customer c LEFT JOIN booking b ON c.agency_id = $1 AND b.agency_id = $1",
        "SELECT c.name FROM customer c LEFT JOIN booking b ON b.agency_id = $1 AND b.agency_id = c.agency_id",
        "SELECT c.name FROM customer c RIGHT JOIN booking b ON b.agency_id = $1 AND c.agency_id = $1",
        // inner queries
        "SELECT name FROM customer WHERE agency_id = $1 AND id IN (SELECT customer_id FROM booking)",
        "SELECT name FROM customer WHERE id IN (SELECT customer_id FROM booking WHERE agency_id = $1)",
        "SELECT name FROM customer c WHERE agency_id = $1 AND EXISTS (SELECT 1 FROM booking b WHERE b.customer_id = c.id)",
        "SELECT name FROM customer c WHERE EXISTS (SELECT 1 FROM booking c WHERE c.agency_id = $1)",
        "SELECT name, (SELECT COUNT(*) FROM booking b WHERE b.customer_id = c.id) FROM customer c WHERE agency_id = $1",
        "SELECT name FROM customer WHERE agency_id = $1 ORDER BY (SELECT MAX(id) FROM booking)",
        "SELECT name FROM customer WHERE agency_id = $1 LIMIT (SELECT COUNT(*) FROM booking)",
        "SELECT name FROM customer c JOIN booking b ON b.agency_id = $1 AND b.id = (SELECT MAX(id) FROM booking) WHERE c.agency_id = $1",
        "SELECT name FROM (SELECT name FROM customer) AS everyone",
        "SELECT name FROM (SELECT name, agency_id FROM customer) AS everyone WHERE agency_id = $1",
        // `exists` of an outer table that is not bound
        "SELECT name FROM customer c WHERE EXISTS (SELECT 1 FROM booking b WHERE b.agency_id = c.agency_id)",
        // several queries
        "SELECT name FROM customer WHERE agency_id = $1 UNION ALL SELECT name FROM customer",
        "WITH all_of_them AS (SELECT id FROM customer) SELECT id FROM all_of_them",
        "WITH found AS (SELECT agency_id FROM customer WHERE agency_id = $1 UNION SELECT agency_id FROM booking)
         SELECT c.name FROM customer c JOIN found f ON f.agency_id = c.agency_id",
        "WITH found (id, agency_id) AS (SELECT agency_id, id FROM customer WHERE agency_id = $1)
         SELECT c.name FROM customer c JOIN found f ON f.agency_id = c.agency_id",
        "WITH found (agency_id) AS (SELECT *, $1 FROM customer WHERE agency_id = $1)
         SELECT c.name FROM customer c JOIN found f ON f.agency_id = c.agency_id",
        "WITH found AS (SELECT id AS agency_id FROM customer WHERE agency_id = $1)
         SELECT c.name FROM customer c JOIN found f ON f.agency_id = c.agency_id",
        // what is written
        "INSERT INTO customer (id, name) VALUES ($1, $2)",
        "INSERT INTO customer VALUES ($1, $2)",
        "INSERT INTO customer (id, agency_id) VALUES ($1, $2)",
        "INSERT INTO customer (agency_id, id) VALUES ($1, $2), ($2, $1)",
        "INSERT INTO customer (agency_id, id) SELECT id, agency_id FROM booking WHERE agency_id = $1",
        "INSERT INTO customer (agency_id, id) SELECT $1, id FROM booking",
        "INSERT INTO customer (agency_id, id) SELECT * FROM booking WHERE agency_id = $1",
        "INSERT INTO customer (agency_id, id) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING",
        "INSERT INTO customer (agency_id, id) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET name = 'x'",
        "INSERT INTO customer (agency_id, id) VALUES ($1, $2) ON CONFLICT DO UPDATE SET name = 'x'",
        "INSERT INTO customer (agency_id, id) VALUES ($1, $2) ON CONFLICT (agency_id, id) DO UPDATE SET agency_id = $3",
        "INSERT INTO customer (agency_id, id) VALUES ($1, $2) ON CONFLICT (agency_id, id) DO UPDATE SET n = (SELECT 1 FROM booking)",
        "INSERT INTO customer (agency_id, id) VALUES ($1, (SELECT MAX(id) FROM customer))",
        "INSERT INTO customer (agency_id, id) VALUES ($1, $2) RETURNING (SELECT MAX(id) FROM customer)",
        "UPDATE customer SET agency_id = $1 WHERE id = $2",
        "UPDATE customer SET agency_id = $3 WHERE agency_id = $1",
        "UPDATE customer SET name = $2",
        "UPDATE customer SET name = (SELECT MAX(id) FROM booking) WHERE agency_id = $1",
        "UPDATE customer SET name = b.id FROM booking b WHERE customer.agency_id = $1 AND b.customer_id = customer.id",
        "UPDATE customer SET name = b.id FROM booking b WHERE b.agency_id = $1 AND b.customer_id = customer.id",
        "DELETE FROM customer WHERE id = $2",
        "DELETE FROM customer WHERE id IN (SELECT id FROM customer WHERE agency_id = $1)",
        "DELETE FROM customer WHERE agency_id = $1 AND id IN (SELECT customer_id FROM booking)",
        "DELETE FROM customer USING booking b WHERE customer.agency_id = $1 AND b.customer_id = customer.id",
        // an agency is known by its id, and only it
        "SELECT name FROM agency",
        "SELECT name FROM agency WHERE slug = $2",
        "SELECT name FROM agency a JOIN customer c ON c.id = a.id WHERE a.id = $1",
        "SELECT name FROM agency a, customer c WHERE id = $1 AND c.agency_id = $1",
        // a recursion binds nothing by its own rows
        "WITH RECURSIVE deep AS (SELECT agency_id, id FROM customer UNION ALL SELECT agency_id, id FROM deep) SELECT id FROM deep",
        "WITH RECURSIVE deep (id) AS (SELECT $2 UNION ALL SELECT c.id FROM deep JOIN customer c ON c.referred_by = deep.id) SELECT id FROM deep",
        "WITH RECURSIVE deep AS (SELECT agency_id, id FROM customer WHERE agency_id = $1
           UNION ALL SELECT c.agency_id, c.id FROM deep JOIN customer c ON c.agency_id = deep.agency_id) SELECT id FROM deep",
        "WITH RECURSIVE deep AS (SELECT id FROM customer WHERE agency_id = $1) SELECT id FROM customer",
        // what is not understood
        "SELECT FROM WHERE",
        "TRUNCATE customer",
        "DROP TABLE customer",
        "SELECT 1; DELETE FROM customer",
        "SELECT name FROM customer FULL JOIN booking ON customer.agency_id = $1 AND booking.agency_id = $1",
    ] {
        assert_refused(sql);
    }
}

#[test]
fn what_stays_in_its_agency_is_taken() {
    for sql in [
        "SELECT name FROM customer WHERE agency_id = $1 AND id = $2",
        "SELECT name FROM customer WHERE id = $2 AND ((($3 = agency_id)) AND name = 'x')",
        "SELECT name FROM CUSTOMER WHERE Agency_ID = $1",
        "WITH RECURSIVE deep AS (SELECT id FROM customer WHERE agency_id = $1) SELECT id FROM deep",
        "WITH RECURSIVE deep (id) AS (SELECT $2 UNION ALL
           SELECT c.id FROM deep JOIN customer c ON c.agency_id = $1 AND c.referred_by = deep.id) SELECT id FROM deep",
        "SELECT name FROM customer WHERE agency_id = $1 AND (id = $2 OR name = 'x')",
        "SELECT c.name FROM customer c JOIN booking b ON b.agency_id = c.agency_id AND b.customer_id = c.id WHERE c.agency_id = $1",
        "SELECT c.name FROM customer c JOIN booking b ON b.agency_id = c.agency_id WHERE b.agency_id = $1",
        "SELECT c.name FROM customer c JOIN booking b ON b.id = c.id AND b.agency_id = $1 AND c.agency_id = $1",
        "SELECT c.name FROM customer c LEFT JOIN booking b ON b.agency_id = c.agency_id WHERE c.agency_id = $1",
        "SELECT c.name FROM customer c LEFT JOIN booking b ON b.agency_id = $1
         JOIN identity i ON i.agency_id = c.agency_id AND i.agency_id = $1",
        "SELECT name FROM customer c WHERE agency_id = $1 AND EXISTS (SELECT 1 FROM booking b WHERE b.agency_id = c.agency_id)",
        "SELECT name FROM customer WHERE agency_id = $1 AND id IN (SELECT customer_id FROM booking WHERE agency_id = $1)",
        "SELECT name FROM (SELECT name FROM customer WHERE agency_id = $1) AS ours WHERE name = 'x'",
        "SELECT c.name FROM (SELECT agency_id, id FROM booking WHERE agency_id = $1) AS b
         JOIN customer c ON c.agency_id = b.agency_id",
        "WITH found (place, agency_id) AS (VALUES ($2, $1))
         SELECT c.name FROM customer c JOIN found f ON f.agency_id = c.agency_id",
        "WITH found AS (SELECT agency_id, id FROM customer WHERE agency_id = $1)
         UPDATE customer SET name = 'x' WHERE agency_id = $1 AND id IN (SELECT id FROM found)",
        "SELECT name FROM customer WHERE agency_id = $1 UNION ALL SELECT name FROM customer WHERE agency_id = $1",
        "INSERT INTO customer (agency_id, id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        "INSERT INTO customer (id, agency_id) VALUES ($2, $1) ON CONFLICT (agency_id, id) DO UPDATE SET name = excluded.name
         WHERE customer.name <> excluded.name",
        "INSERT INTO customer (agency_id, id) SELECT $1, id FROM booking WHERE agency_id = $1",
        "INSERT INTO customer (agency_id, id) SELECT b.agency_id, b.id FROM booking b WHERE b.agency_id = $1",
        "UPDATE customer SET name = $2 WHERE agency_id = $1 RETURNING name",
        "UPDATE customer SET name = b.id FROM booking b WHERE customer.agency_id = $1 AND b.agency_id = customer.agency_id",
        "DELETE FROM customer WHERE agency_id = $1 AND id = $2",
        "SELECT name FROM agency WHERE id = $1",
        "SELECT a.name FROM agency a JOIN customer c ON c.agency_id = a.id WHERE c.agency_id = $1",
        "SELECT name FROM customer WHERE agency_id = $1 AND (kind, value) IN (VALUES ($2, $3))",
        "SELECT 1",
        "SELECT pg_notify('posthouse', $1)",
    ] {
        assert_taken(sql);
    }
}

fn sources(text: &str) -> Sources {
    let mut sources = Sources::default();
    read_file("made_up.rs", text, &mut sources);
    sources
}

fn texts(text: &str) -> Vec<(String, Vec<String>)> {
    let statements = sources(text).statements.into_iter();
    let mut texts: Vec<_> = statements.map(|statement| (statement.text, statement.given)).collect();
    texts.sort();
    texts
}

fn pairs(expected: &[(&str, &[&str])]) -> Vec<(String, Vec<String>)> {
    let owned = |given: &[&str]| given.iter().map(|value| (*value).to_owned()).collect();
    let mut pairs: Vec<_> = expected
        .iter()
        .map(|(text, given)| ((*text).to_owned(), owned(given)))
        .collect();
    pairs.sort();
    pairs
}

#[test]
fn texts_are_read_as_the_compiler_reads_them() {
    let source = r#"
        const ALL: &str = "SELECT a FROM t";
        macro_rules! columns { () => { "a, \
            b" }; }
        async fn f() {
            macro_rules! found { ($more:literal $(, $bind:expr)*) => {
                fetch_all!(tx, (i64, i64), concat!("SELECT ", columns!(), " FROM t WHERE agency_id = $1 ", $more), agency $(, $bind)*)
            }; }
            execute!(&mut *tx, "UPDATE t SET a = \"x\" WHERE agency_id = $1", row.agency_id, &row.a,)?;
            match x { 1 => found!(""), _ => found!("AND b = $2", b + 1) }
            sqlx::query_as(ALL).fetch_all(&mut c).await?;
            let query = sqlx::query_scalar("SELECT b FROM t WHERE agency_id = $1").bind(agency);
        }
        #[cfg(test)]
        mod tests { fn f() { execute!(tx, "DELETE FROM t") } }
    "#;
    assert_eq!(
        texts(source),
        pairs(&[
            (
                "UPDATE t SET a = \"x\" WHERE agency_id = $1",
                &["row.agency_id", "& row.a"]
            ),
            ("SELECT a, b FROM t WHERE agency_id = $1 ", &["agency"]),
            (
                "SELECT a, b FROM t WHERE agency_id = $1 AND b = $2",
                &["agency", "b + 1"]
            ),
            ("SELECT a FROM t", &[]),
            ("SELECT b FROM t WHERE agency_id = $1", &["agency"]),
        ])
    );
    assert_eq!(sources(source).unread, [""; 0]);
}

#[test]
fn lists_are_put_together() {
    let source = r#"
        write_rows!(tx, rows, 2, "INSERT INTO t (agency_id, a)", |b, (x, y)| { let z = 1; b.push_bind(agency).push_bind(&x.a) },
            "ON CONFLICT DO NOTHING");
        fetch_listed!(tx, (A, B), "SELECT a FROM t WHERE agency_id = $1 AND (a, b) IN", [agency], keys, 2,
            |b, (x, y)| b.push_bind(x).push_bind(*y), "ORDER BY a");
        fetch_listed!(tx, A, "SELECT a FROM t WHERE agency_id = $1 AND a IN", [agency], keys, 1, |b, x| b.push_bind(x), "");
    "#;
    assert_eq!(
        texts(source),
        pairs(&[
            (
                "INSERT INTO t (agency_id, a) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                &["agency", "& x.a"]
            ),
            (
                "SELECT a FROM t WHERE agency_id = $1 AND (a, b) IN (VALUES ($2, $3)) ORDER BY a",
                &["agency", "x", "* y"]
            ),
            ("SELECT a FROM t WHERE agency_id = $1 AND a IN ($2) ", &["agency", "x"]),
        ])
    );
}

#[test]
fn every_way_through_a_statement_is_gone() {
    let source = r#"
        fetch_built!(tx, Row, |q| {
            q.push("SELECT a FROM t WHERE TRUE");
            if ours { q.push(" AND agency_id = ").push_bind(agency); }
            if let Some(list) = list {
                q.push(" AND a IN (");
                let mut ids = q.separated(", ");
                for id in list { ids.push_bind(*id); }
                q.push(")");
            } else { q.push(" AND b = ").push(number); }
        })
    "#;
    let found = texts(source);
    let list = " AND a IN ($2, $3)";
    let expected = pairs(&[
        ("SELECT a FROM t WHERE TRUE AND a IN ($1, $2)", &["* id", "* id"]),
        ("SELECT a FROM t WHERE TRUE AND agency_id = $1 AND b = 1", &["agency"]),
        (
            &format!("SELECT a FROM t WHERE TRUE AND agency_id = $1{list}"),
            &["agency", "* id", "* id"],
        ),
        ("SELECT a FROM t WHERE TRUE AND b = 1", &[]),
    ]);
    assert_eq!(found, expected);
    let faulty = found.iter().filter(|(text, given)| !faults(text, given).is_empty());
    assert_eq!(faulty.count(), 2, "the ways that leave the agency out");
    assert_eq!(Vec::from_iter(sources(source).hidden), ["made_up.rs push number"]);
    // a list of rows
    let rows = r#"execute_built!(tx, 1, |q| {
        q.push("INSERT INTO t (agency_id, a) ");
        q.push_values(rows, |mut b, row| { b.push_bind(agency).push_bind(row.a); });
    })"#;
    assert_eq!(
        texts(rows),
        pairs(&[("INSERT INTO t (agency_id, a) VALUES ($1, $2)", &["agency", "row.a"])])
    );
}

#[test]
fn what_is_sent_in_another_way_is_noticed() {
    let unread = |text: &str| sources(text).unread.len();
    assert_eq!(unread(r#"let text = "SELECT a FROM t"; send(text)"#), 1);
    assert_eq!(unread(r#"send(format!("DELETE FROM {table}"))"#), 1);
    assert_eq!(
        unread(r#"macro_rules! unused { () => { execute!(tx, "UPDATE t SET a = 1") }; }"#),
        1
    );
    let hidden = |text: &str| Vec::from_iter(sources(text).hidden);
    assert_eq!(hidden("sqlx::query(text).execute(c)"), ["made_up.rs query text"]);
    assert_eq!(hidden("sqlx::raw_sql(&text).execute(c)"), ["made_up.rs raw_sql & text"]);
    assert_eq!(
        hidden("let mut q = sqlx::QueryBuilder::<sqlx::Sqlite>::new(text);"),
        ["made_up.rs QueryBuilder"]
    );
}
