//! Small readings of the grammar: names, and queries inside.

use sqlparser::ast::{Ident, ObjectName, Query, Visit, Visitor};
use std::ops::ControlFlow;

pub(crate) fn lower(ident: &Ident) -> String {
    ident.value.to_lowercase()
}

pub(crate) fn last(name: &ObjectName) -> String {
    let ident = name.0.last().and_then(|part| part.as_ident());
    ident.map(lower).unwrap_or_default()
}

/// The column that says whose a row of a table is.
pub(crate) fn key_of(table: &str) -> &'static str {
    if table == "agency" { "id" } else { "agency_id" }
}

/// The queries inside, without those inside of these.
pub(crate) fn queries_in(node: &impl Visit) -> Vec<Query> {
    struct Outermost(usize, Vec<Query>);
    impl Visitor for Outermost {
        type Break = ();
        fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
            if self.0 == 0 {
                self.1.push(query.clone());
            }
            self.0 += 1;
            ControlFlow::Continue(())
        }
        fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
            self.0 -= 1;
            ControlFlow::Continue(())
        }
    }
    let mut outermost = Outermost(0, Vec::new());
    let _ = node.visit(&mut outermost);
    outermost.1
}

/// Whether a value is an agency by its name, as `agency`, `agency.id` or `job.agency_id`.
pub(crate) fn is_an_agency(value: &str) -> bool {
    let value = value.strip_suffix(".id").unwrap_or(value);
    let name = value.rsplit(['.', ' ', '*', '&']).next().unwrap_or_default();
    name == "agency" || name == "agency_id"
}
