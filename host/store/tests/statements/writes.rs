//! Whether what is written stays inside its agency.

use crate::grammar::{key_of, last, lower};
use crate::predicate::{Check, Relation, Scope};
use sqlparser::ast::{
    AssignmentTarget, ConflictTarget, Delete, FromTable, Insert, OnConflictAction, OnInsert, TableObject, Update,
    UpdateTableFromKind,
};

impl Check<'_> {
    pub(crate) fn insert(&mut self, insert: &Insert, around: &[Scope]) {
        let TableObject::TableName(name) = &insert.table else {
            return self.fault("it inserts into what is no table");
        };
        self.looked_at += 1;
        let table = last(name);
        let key = key_of(&table);
        let place = insert.columns.iter().position(|column| last(column) == key);
        let columns = insert.source.as_ref().map(|source| self.query(source, around));
        let sure = place
            .zip(columns)
            .is_some_and(|(place, columns)| !columns.more && columns.list.get(place).is_some_and(|(_, sure)| *sure));
        if !sure {
            self.fault(format!("the rows that `{table}` gets are not sure to be the agency's"));
        }
        // the row that is in the way has the same agency, or the statement is refused below
        let mut scopes = around.to_vec();
        let alias = insert.table_alias.as_ref().map(|alias| lower(&alias.alias));
        scopes.push(vec![Relation {
            alias: alias.unwrap_or_else(|| table.clone()),
            key: Some(key),
            bound: true,
        }]);
        self.inner(&insert.returning, &scopes);
        match &insert.on {
            None => {}
            Some(OnInsert::OnConflict(conflict)) => {
                let target = match &conflict.conflict_target {
                    Some(ConflictTarget::Columns { columns, .. }) => columns.iter().any(|column| lower(column) == key),
                    Some(ConflictTarget::OnConstraint(_)) => false,
                    // every unique key contains the agency, as `schema.rs` says
                    None => matches!(conflict.action, OnConflictAction::DoNothing),
                };
                if !target {
                    self.fault(format!("what is in the way in `{table}` may be another agency's"));
                }
                if let OnConflictAction::DoUpdate(update) = &conflict.action {
                    let targets = update.assignments.iter().map(|assignment| &assignment.target);
                    self.keeps_its_agency(targets, key);
                }
                self.inner(conflict, &scopes);
            }
            Some(other) => self.fault(format!("a conflict that is not understood: {other}")),
        }
    }

    fn keeps_its_agency<'a>(&mut self, targets: impl Iterator<Item = &'a AssignmentTarget>, key: &str) {
        for target in targets {
            let moves = match target {
                AssignmentTarget::ColumnName(name) => last(name) == key,
                AssignmentTarget::Tuple(names) => names.iter().any(|name| last(name) == key),
            };
            if moves {
                self.fault("it gives rows to another agency");
            }
        }
    }

    pub(crate) fn update(&mut self, update: &Update, around: &[Scope]) {
        let (mut scope, mut conditions) = (Scope::new(), Vec::new());
        self.tables(&update.table, &mut scope, &mut conditions, around);
        let key = scope.first().and_then(|table| table.key).unwrap_or("agency_id");
        if let Some(UpdateTableFromKind::BeforeSet(from) | UpdateTableFromKind::AfterSet(from)) = &update.from {
            for tables in from {
                self.tables(tables, &mut scope, &mut conditions, around);
            }
        }
        self.keeps_its_agency(update.assignments.iter().map(|assignment| &assignment.target), key);
        let scopes = self.bind(scope, conditions, update.selection.as_ref(), around);
        self.inner(&update.assignments, &scopes);
        self.inner(&update.selection, &scopes);
        self.inner(&update.returning, &scopes);
    }

    pub(crate) fn delete(&mut self, delete: &Delete, around: &[Scope]) {
        let (mut scope, mut conditions) = (Scope::new(), Vec::new());
        let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
        for tables in from.iter().chain(delete.using.iter().flatten()) {
            self.tables(tables, &mut scope, &mut conditions, around);
        }
        let scopes = self.bind(scope, conditions, delete.selection.as_ref(), around);
        self.inner(&delete.selection, &scopes);
        self.inner(&delete.returning, &scopes);
    }
}
