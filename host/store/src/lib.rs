//! All SQL. Every query is written once and runs on SQLite and PostgreSQL; what differs between them has a name in
//! [`dialect`]. Every function takes a [`Tx`] that has been opened for one agency, and names that agency in its
//! predicate as well; on PostgreSQL row-level security is a second wall behind that.

#[macro_use]
mod macros;

pub mod attributes;
pub mod audit;
mod beside;
mod bookings;
pub mod budgets;
pub mod campaign_changes;
pub mod campaigns;
mod checkpoint;
pub mod clv;
pub mod complaints;
pub mod compressed;
pub mod coupons;
pub mod database;
pub mod decision_logs;
mod decision_rows;
pub mod decision_sets;
pub mod decisions;
mod deliveries;
pub mod dialect;
pub mod effects;
pub mod factors;
mod facts;
pub mod forms;
pub mod fragments;
pub mod frames;
pub mod history;
pub mod idempotency;
pub mod import_mappings;
pub mod import_notes;
pub mod imports;
pub mod installation;
pub mod intake;
pub mod jobs;
pub mod ledger;
mod ledger_accounts;
mod ledger_counters;
mod ledger_entries;
pub mod links;
mod lists;
pub mod loyalty;
mod marks;
pub mod owners;
pub mod plugin_logs;
pub mod plugins;
pub mod preferences;
pub mod profiles;
pub mod providers;
pub mod quotes;
pub mod reviews;
pub mod roles;
pub mod search;
pub mod segments;
pub mod sessions;
pub mod staff;
mod steps;
mod tasks;
pub mod team;
pub mod today;
pub mod unique;
pub mod views;
pub mod webhooks;
pub mod work;

mod error;
mod pool;

pub use error::StoreError;
pub use pool::{Access, Store, Tx};

/// What store functions return.
pub type Result<T> = std::result::Result<T, StoreError>;
