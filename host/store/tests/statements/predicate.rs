//! Whether a statement stays inside its agency, read from its grammar.
//!
//! A table is *bound* if every row that the statement takes of it has to be the agency's: its `agency_id` has to equal the agency that is
//! given, or the `agency_id` of a bound table. Only what has to be true of every row counts: a term of the `AND`s of a `WHERE`, or of the
//! `ON` of a join that drops what does not fit. An `OR`, a `NOT`, a comment or a string binds nothing. In doubt a table is not bound.

use crate::grammar::{is_an_agency, key_of, last, lower, queries_in};
use sqlparser::ast::{
    BinaryOperator, Expr, JoinConstraint, JoinOperator, Query, Select, SelectItem, SetExpr, Statement, TableFactor,
    TableWithJoins, Value, Visit, visit_relations,
};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;
use std::ops::ControlFlow;

/// What is wrong with a statement; `given` names the values that are given for `$1`, `$2` and so on.
pub(crate) fn faults(sql: &str, given: &[String]) -> Vec<String> {
    let parsed = match Parser::parse_sql(&PostgreSqlDialect {}, sql) {
        Ok(parsed) => parsed,
        Err(error) => return vec![format!("it is not understood: {error}")],
    };
    let mut check = Check {
        given,
        named: Vec::new(),
        looked_at: 0,
        faults: Vec::new(),
    };
    let mut tables = 0;
    for statement in &parsed {
        check.statement(statement, &[]);
        let _ = visit_relations(statement, |_| {
            tables += 1;
            ControlFlow::<()>::Continue(())
        });
    }
    if check.looked_at != tables {
        check.faults.push(format!(
            "it names {tables} tables, and {} were looked at",
            check.looked_at
        ));
    }
    check.faults
}

/// A table of a `FROM`, or what stands there for one.
#[derive(Debug, Clone)]
pub(crate) struct Relation {
    pub(crate) alias: String,
    /// The column that says whose a row is, if there is one.
    pub(crate) key: Option<&'static str>,
    pub(crate) bound: bool,
}

pub(crate) type Scope = Vec<Relation>;

/// A column of what a query finds: its name, and whether it is sure to be the agency.
pub(crate) type Column = (Option<String>, bool);

/// What a query finds.
pub(crate) struct Columns {
    pub(crate) list: Vec<Column>,
    /// Whether there are more, behind a `*`.
    pub(crate) more: bool,
}

impl Columns {
    /// Whether it has a column `agency_id`, and then whether that is sure to be the agency.
    fn agency(&self) -> Option<bool> {
        let named = |(name, _): &&Column| name.as_deref() == Some("agency_id");
        self.list.iter().find(named).map(|(_, sure)| *sure)
    }
}

/// A condition that has to be true, and which tables of the scope it can bind: not those whose rows an outer join keeps all the same.
pub(crate) struct Term {
    expression: Expr,
    binds: std::ops::Range<usize>,
}

enum Side {
    /// The agency that is given.
    Given,
    /// The key of a table of the innermost scope.
    Here(usize),
    /// The key of a table around it, which is bound.
    Around,
}

pub(crate) struct Check<'g> {
    given: &'g [String],
    /// What `WITH` names, and what [`Columns::agency`] says of it.
    named: Vec<(String, Option<bool>)>,
    pub(crate) looked_at: usize,
    pub(crate) faults: Vec<String>,
}

/// The terms of the `AND`s.
fn terms(expression: &Expr, binds: &std::ops::Range<usize>, into: &mut Vec<Term>) {
    match expression {
        Expr::Nested(inner) => terms(inner, binds, into),
        Expr::BinaryOp {
            left,
            op: BinaryOperator::And,
            right,
        } => {
            terms(left, binds, into);
            terms(right, binds, into);
        }
        other => into.push(Term {
            expression: other.clone(),
            binds: binds.clone(),
        }),
    }
}

impl Check<'_> {
    pub(crate) fn fault(&mut self, fault: impl Into<String>) {
        self.faults.push(fault.into());
    }

    fn statement(&mut self, statement: &Statement, around: &[Scope]) {
        match statement {
            Statement::Query(query) => drop(self.query(query, around)),
            Statement::Insert(insert) => self.insert(insert, around),
            Statement::Update(update) => self.update(update, around),
            Statement::Delete(delete) => self.delete(delete, around),
            other => self.fault(format!("nobody knows what this does to agencies: {other}")),
        }
    }

    pub(crate) fn inner(&mut self, node: &impl Visit, around: &[Scope]) {
        for query in queries_in(node) {
            self.query(&query, around);
        }
    }

    pub(crate) fn query(&mut self, query: &Query, around: &[Scope]) -> Columns {
        let before = self.named.len();
        if let Some(with) = &query.with {
            for cte in &with.cte_tables {
                let known = self.named.len();
                if with.recursive {
                    // its own rows are what it says of others, so they bind nothing: whatever it joins has to be bound without it
                    self.named.push((lower(&cte.alias.name), None));
                }
                let mut columns = self.query(&cte.query, around);
                self.named.truncate(known);
                if columns.more && !cte.alias.columns.is_empty() {
                    self.fault("which columns of a WITH are named is not understood");
                }
                for (column, named) in columns.list.iter_mut().zip(&cte.alias.columns) {
                    column.0 = Some(lower(&named.name));
                }
                self.named.push((lower(&cte.alias.name), columns.agency()));
            }
        }
        let columns = self.body(&query.body, around);
        self.inner(&query.order_by, around);
        self.inner(&query.limit_clause, around);
        self.inner(&query.fetch, around);
        self.named.truncate(before);
        columns
    }

    fn body(&mut self, body: &SetExpr, around: &[Scope]) -> Columns {
        let nothing = Columns {
            list: Vec::new(),
            more: false,
        };
        match body {
            SetExpr::Select(select) => self.select(select, around),
            SetExpr::Query(query) => self.query(query, around),
            SetExpr::SetOperation { left, right, .. } => {
                let (left, right) = (self.body(left, around), self.body(right, around));
                let both = |((name, one), (_, other)): (Column, Column)| (name, one && other);
                Columns {
                    list: left.list.into_iter().zip(right.list).map(both).collect(),
                    more: left.more || right.more,
                }
            }
            SetExpr::Values(values) => {
                self.inner(values, around);
                let mut columns = nothing;
                let rows = values.rows.iter().map(|row| &row.content);
                for (number, row) in rows.enumerate() {
                    for (place, value) in row.iter().enumerate() {
                        let sure = matches!(self.side(value, &Scope::new(), around), Some(Side::Given));
                        match columns.list.get_mut(place) {
                            Some(column) => column.1 &= sure,
                            None => columns.list.push((None, sure && number == 0)),
                        }
                    }
                }
                columns
            }
            SetExpr::Insert(statement) | SetExpr::Update(statement) | SetExpr::Delete(statement) => {
                self.statement(statement, around);
                nothing
            }
            other => {
                self.fault(format!("nobody knows what this does to agencies: {other}"));
                nothing
            }
        }
    }

    fn select(&mut self, select: &Select, around: &[Scope]) -> Columns {
        let (mut scope, mut conditions) = (Scope::new(), Vec::new());
        for tables in &select.from {
            self.tables(tables, &mut scope, &mut conditions, around);
        }
        let inner = Select {
            from: Vec::new(),
            ..select.clone()
        };
        let scopes = self.bind(scope, conditions, select.selection.as_ref(), around);
        self.inner(&inner, &scopes);
        let mut columns = Columns {
            list: Vec::new(),
            more: false,
        };
        let (scope, around) = scopes.split_last().expect("the one that was added");
        for item in &select.projection {
            match item {
                SelectItem::UnnamedExpr(expression) => {
                    let name = match expression {
                        Expr::Identifier(name) => Some(lower(name)),
                        Expr::CompoundIdentifier(names) => names.last().map(lower),
                        _ => None,
                    };
                    columns.list.push((name, self.is_sure(expression, scope, around)));
                }
                SelectItem::ExprWithAlias { expr, alias } => {
                    let sure = self.is_sure(expr, scope, around);
                    columns.list.push((Some(lower(alias)), sure));
                }
                _ => columns.more = true,
            }
        }
        columns
    }

    /// Reads a `FROM`: its tables, and the conditions of its joins.
    pub(crate) fn tables(
        &mut self,
        tables: &TableWithJoins,
        scope: &mut Scope,
        conditions: &mut Vec<Term>,
        around: &[Scope],
    ) {
        let first = scope.len();
        self.table(&tables.relation, scope, conditions, around);
        for join in &tables.joins {
            let right = scope.len();
            self.table(&join.relation, scope, conditions, around);
            let (constraint, binds) = match &join.join_operator {
                JoinOperator::Join(on) | JoinOperator::Inner(on) | JoinOperator::CrossJoin(on) => {
                    (on, first..scope.len())
                }
                JoinOperator::Left(on) | JoinOperator::LeftOuter(on) => (on, right..scope.len()),
                JoinOperator::Right(on) | JoinOperator::RightOuter(on) => (on, first..right),
                JoinOperator::FullOuter(on) => (on, first..first),
                other => {
                    self.fault(format!("a join that is not understood: {other:?}"));
                    continue;
                }
            };
            if let JoinConstraint::On(condition) = constraint {
                terms(condition, &binds, conditions);
            }
        }
    }

    fn table(&mut self, table: &TableFactor, scope: &mut Scope, conditions: &mut Vec<Term>, around: &[Scope]) {
        let relation = match table {
            TableFactor::Table { name, alias, args, .. } => {
                self.looked_at += 1;
                let table = last(name);
                let named = self.named.iter().rev().find(|(known, _)| *known == table);
                let (key, bound) = match named {
                    _ if args.is_some() => (None, true),
                    Some((_, agency)) => (agency.map(|_| "agency_id"), agency.unwrap_or(true)),
                    None => (Some(key_of(&table)), false),
                };
                Relation {
                    alias: alias.as_ref().map_or(table, |alias| lower(&alias.name)),
                    key,
                    bound,
                }
            }
            TableFactor::Derived { subquery, alias, .. } => {
                let agency = self.query(subquery, around).agency();
                Relation {
                    alias: alias.as_ref().map(|alias| lower(&alias.name)).unwrap_or_default(),
                    key: agency.map(|_| "agency_id"),
                    bound: agency.unwrap_or(true),
                }
            }
            TableFactor::UNNEST { alias, .. } => Relation {
                alias: alias.as_ref().map(|alias| lower(&alias.name)).unwrap_or_default(),
                key: None,
                bound: true,
            },
            TableFactor::NestedJoin { table_with_joins, .. } => {
                return self.tables(table_with_joins, scope, conditions, around);
            }
            other => return self.fault(format!("a table that is not understood: {other}")),
        };
        scope.push(relation);
    }

    /// Binds what the conditions bind, complains of the rest, and adds the scope to those around it.
    pub(crate) fn bind(
        &mut self,
        mut scope: Scope,
        mut conditions: Vec<Term>,
        filter: Option<&Expr>,
        around: &[Scope],
    ) -> Vec<Scope> {
        // whatever a join asks of inner queries is asked inside this scope
        let asked: Vec<Expr> = conditions.iter().map(|term| term.expression.clone()).collect();
        if let Some(filter) = filter {
            terms(filter, &(0..scope.len()), &mut conditions);
        }
        loop {
            let mut binds = Vec::new();
            for term in &conditions {
                let Expr::BinaryOp {
                    left,
                    op: BinaryOperator::Eq,
                    right,
                } = &term.expression
                else {
                    continue;
                };
                let sides = (self.side(left, &scope, around), self.side(right, &scope, around));
                match sides {
                    (Some(Side::Here(table)), Some(Side::Given | Side::Around))
                    | (Some(Side::Given | Side::Around), Some(Side::Here(table))) => binds.push((table, term)),
                    (Some(Side::Here(one)), Some(Side::Here(other))) if scope[one].bound != scope[other].bound => {
                        binds.push((if scope[one].bound { other } else { one }, term));
                    }
                    _ => {}
                }
            }
            binds.retain(|(table, term)| !scope[*table].bound && term.binds.contains(table));
            if binds.is_empty() {
                break;
            }
            for (table, _) in binds {
                scope[table].bound = true;
            }
        }
        for open in scope.iter().filter(|table| table.key.is_some() && !table.bound) {
            let fault = format!("nothing says that rows of `{}` have to be the agency's", open.alias);
            self.faults.push(fault);
        }
        let mut scopes = around.to_vec();
        scopes.push(scope);
        self.inner(&asked, &scopes);
        scopes
    }

    /// Whether an expression is sure to be the agency.
    fn is_sure(&self, expression: &Expr, scope: &Scope, around: &[Scope]) -> bool {
        match self.side(expression, scope, around) {
            Some(Side::Given | Side::Around) => true,
            Some(Side::Here(table)) => scope[table].bound,
            None => false,
        }
    }

    fn side(&self, expression: &Expr, scope: &Scope, around: &[Scope]) -> Option<Side> {
        match expression {
            Expr::Nested(inner) => self.side(inner, scope, around),
            Expr::Value(value) => match &value.value {
                Value::Placeholder(name) => {
                    let number: usize = name.strip_prefix('$')?.parse().ok()?;
                    let given = self.given.get(number.checked_sub(1)?)?;
                    is_an_agency(given).then_some(Side::Given)
                }
                _ => None,
            },
            Expr::Identifier(column) => {
                let column = lower(column);
                for (depth, tables) in std::iter::once(scope).chain(around.iter().rev()).enumerate() {
                    // every table may have a column `id`; all but one have `agency_id`
                    let others = column != "agency_id" && tables.len() > 1;
                    let mut having = (0..tables.len()).filter(|table| tables[*table].key == Some(&column));
                    match (having.next(), having.next()) {
                        (Some(table), None) if !others => return side_of(depth, table, tables),
                        (None, _) if column == "agency_id" => {}
                        _ => return None,
                    }
                }
                None
            }
            Expr::CompoundIdentifier(names) => {
                let [table, column] = names.as_slice() else {
                    return None;
                };
                let (alias, column) = (lower(table), lower(column));
                for (depth, tables) in std::iter::once(scope).chain(around.iter().rev()).enumerate() {
                    if let Some(table) = tables.iter().position(|table| table.alias == alias) {
                        let is_key = tables[table].key == Some(&column);
                        return is_key.then(|| side_of(depth, table, tables)).flatten();
                    }
                }
                None
            }
            _ => None,
        }
    }
}

fn side_of(depth: usize, table: usize, tables: &Scope) -> Option<Side> {
    match depth {
        0 => Some(Side::Here(table)),
        _ => tables[table].bound.then_some(Side::Around),
    }
}
