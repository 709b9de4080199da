//! One text, two engines: each macro expands a query once for SQLite and once for PostgreSQL.

/// Runs a statement and returns how many rows it changed.
macro_rules! execute {
    ($tx:expr, $sql:expr $(, $bind:expr)* $(,)?) => {
        match $tx {
            $crate::Tx::Sqlite(c) => sqlx::query($sql)$(.bind($bind))*.execute(&mut **c).await.map(|done| done.rows_affected()),
            $crate::Tx::Postgres(c) => sqlx::query($sql)$(.bind($bind))*.execute(&mut **c).await.map(|done| done.rows_affected()),
        }.map_err($crate::StoreError::from)
    };
}

/// All rows of a query.
macro_rules! fetch_all {
    ($tx:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        match $tx {
            $crate::Tx::Sqlite(c) => sqlx::query_as::<_, $row>($sql)$(.bind($bind))*.fetch_all(&mut **c).await,
            $crate::Tx::Postgres(c) => sqlx::query_as::<_, $row>($sql)$(.bind($bind))*.fetch_all(&mut **c).await,
        }.map_err($crate::StoreError::from)
    };
}

/// The only row of a query, if there is one.
macro_rules! fetch_optional {
    ($tx:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        match $tx {
            $crate::Tx::Sqlite(c) => sqlx::query_as::<_, $row>($sql)$(.bind($bind))*.fetch_optional(&mut **c).await,
            $crate::Tx::Postgres(c) => sqlx::query_as::<_, $row>($sql)$(.bind($bind))*.fetch_optional(&mut **c).await,
        }.map_err($crate::StoreError::from)
    };
}

/// The only row of a query that always has one.
macro_rules! fetch_one {
    ($tx:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        match $tx {
            $crate::Tx::Sqlite(c) => sqlx::query_as::<_, $row>($sql)$(.bind($bind))*.fetch_one(&mut **c).await,
            $crate::Tx::Postgres(c) => sqlx::query_as::<_, $row>($sql)$(.bind($bind))*.fetch_one(&mut **c).await,
        }.map_err($crate::StoreError::from)
    };
}

/// All rows of a query that is built piece by piece, for lists of any length.
macro_rules! fetch_built {
    ($tx:expr, $row:ty, |$q:ident| $build:block) => {
        match $tx {
            $crate::Tx::Sqlite(c) => {
                let mut $q = sqlx::QueryBuilder::<sqlx::Sqlite>::new("");
                $build
                $q.build_query_as::<$row>().persistent(false).fetch_all(&mut **c).await
            }
            $crate::Tx::Postgres(c) => {
                let mut $q = sqlx::QueryBuilder::<sqlx::Postgres>::new("");
                $build
                $q.build_query_as::<$row>().persistent(false).fetch_all(&mut **c).await
            }
        }.map_err($crate::StoreError::from)
    };
}

/// Runs a statement that is built piece by piece for so many rows and returns how many it changed. It stays prepared if it is not longer than
/// those of lists.
macro_rules! execute_built {
    ($tx:expr, $rows:expr, |$q:ident| $build:block) => {
        match $tx {
            $crate::Tx::Sqlite(c) => {
                let mut $q = sqlx::QueryBuilder::<sqlx::Sqlite>::new("");
                $build
                $q.build().persistent($rows <= $crate::dialect::MOST_ROWS).execute(&mut **c).await.map(|done| done.rows_affected())
            }
            $crate::Tx::Postgres(c) => {
                let mut $q = sqlx::QueryBuilder::<sqlx::Postgres>::new("");
                $build
                $q.build().persistent($rows <= $crate::dialect::MOST_ROWS).execute(&mut **c).await.map(|done| done.rows_affected())
            }
        }.map_err($crate::StoreError::from)
    };
}

/// Writes many rows with few statements: `head VALUES (…), (…) tail` with so many columns.
macro_rules! write_rows {
    ($tx:expr, $rows:expr, $columns:literal, $head:literal, |$b:ident, $row:pat_param| $push:expr, $tail:literal) => {
        $crate::lists::write(&mut *$tx, ($head, $columns, $tail), &$rows[..], |$b, $row| {
            $push;
        })
        .await
    };
}

/// All rows of a query about a list: `head ($list) tail`, the head with the parameters that come before.
macro_rules! fetch_listed {
    ($tx:expr, $row:ty, $head:expr, [$($bind:expr),* $(,)?], $keys:expr, $width:literal, |$b:ident, $key:pat_param| $push:expr, $tail:literal) => {
        $crate::lists::fetch::<$row, _>(
            &mut *$tx,
            ($head, $tail),
            &[$($crate::lists::Cell::from($bind)),*],
            &$keys[..],
            $width,
            |$b, $key| {
                $push;
            },
        )
        .await
    };
}
