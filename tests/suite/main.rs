//! The suite: every test drives the real binary, most of them on both engines.

#![allow(clippy::unwrap_used, reason = "a test says what it expected by failing")]

/// Runs a test on SQLite and on PostgreSQL.
macro_rules! on_both_engines {
    ($($test:ident),+ $(,)?) => {
        mod sqlite {
            $(#[test] fn $test() { super::$test(posthouse_tests::Database::Sqlite) })+
        }
        mod postgres {
            $(#[test] fn $test() { super::$test(posthouse_tests::Database::Postgres) })+
        }
    };
}

mod agencies;
mod attributes;
mod audit;
mod author;
mod bad_input;
mod blame;
mod browser;
mod campaign_changes;
mod campaigns;
mod cdnow;
mod clock;
mod command_line;
mod complaints;
mod console;
mod costly;
mod coupons;
mod crash;
mod days;
mod demo;
mod documents;
mod doors;
mod effect;
mod endings;
mod exactly_once;
mod expected;
mod extension_points;
mod failing_offers;
mod faults;
mod file_habits;
mod files;
mod frames;
mod full_disk;
mod history;
mod hostile_cells;
mod hostile_guests;
mod hostile_workbooks;
mod hosts;
mod identity;
mod import_turns;
mod insights;
mod intake;
mod isolation;
mod languages;
mod lifetime;
mod lists;
mod looks;
mod lots;
mod masks;
mod members;
mod million;
mod newcomers;
mod once;
mod people;
mod prices;
mod profile;
mod quotas;
mod quotes;
mod races;
mod replay;
mod rules;
mod rules_alone;
mod search;
mod second_factor;
mod segments;
mod several_hosts;
mod siege;
mod swaps;
mod tasks;
mod terminal;
mod today;
mod torture;
mod tour;
mod trade;
mod two_hosts;
mod upgrade;
mod versions;
mod views;
mod warnings;
mod webhooks;
mod words;
mod workbooks;
