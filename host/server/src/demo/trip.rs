//! A trip on which somebody saves something: what a newcomer asks for first.

use super::State;
use super::shop::askers;
use crate::config::Config;
use crate::output::Failure;
use posthouse_app::App;
use posthouse_app::quotes::NewQuote;
use posthouse_app::team::Caller;
use posthouse_domain::promotion::{Basket, Line, ProductKind};
use std::path::{Path, PathBuf};

/// Below the data folder: the trip as a file.
const FILE: &str = "demo-trip.toml";
/// How many customers are asked about.
const ASKERS: u32 = 24;
/// In how many days it begins.
const AHEAD: i32 = 75;
/// Price of one place, in fen.
const PRICE: i64 = 2_880_000;

/// A trip that costs somebody less than its list price.
pub(super) struct Trip {
    /// The file with the basket.
    pub(super) file: PathBuf,
    /// Name of the customer.
    pub(super) name: String,
    /// Member number of the customer.
    pub(super) member_no: String,
}

/// Looks for a customer who saves something on the trip, by asking for the price, and writes the basket into a file.
pub(super) async fn find(app: &App, caller: &Caller, state: &State, config: &Config) -> Result<Option<Trip>, Failure> {
    let departs = caller.room.day_of(app.now()) + AHEAD;
    for asker in askers(app, caller, state, 3, ASKERS).await? {
        let (Some(name), Some(member_no)) = (asker.label.name, asker.label.member_no) else {
            continue;
        };
        let line = Line {
            sku: "IS-9".to_owned(),
            kind: ProductKind::Tour,
            destination: Some("Iceland".to_owned()),
            theme: None,
            departs: Some(departs),
            travellers: 2,
            unit_price: PRICE,
            unit_cost: None,
            quantity: 2,
        };
        let new = NewQuote {
            customer: Some(asker.id),
            basket: Basket {
                channel: "web".to_owned(),
                lines: vec![line],
            },
            codes: Vec::new(),
            hold_minutes: 1,
            points: None,
            reward: None,
        };
        let quote = app.quotes().make(caller, new).await?;
        app.quotes().release(caller, quote.id).await?;
        if quote.price < quote.list_price {
            let file = config.in_data(Path::new(FILE));
            write(&file, &member_no)?;
            return Ok(Some(Trip { file, name, member_no }));
        }
    }
    Ok(None)
}

fn write(file: &Path, member_no: &str) -> Result<(), Failure> {
    let text = format!(
        "customer = \"{member_no}\"\nchannel = \"web\"\n\n[[lines]]\nsku = \"IS-9\"\nkind = \"tour\"\ndestination = \"Iceland\"\n\
         departs = \"in {AHEAD} days\"\ntravellers = 2\nquantity = 2\nunit_price = \"28,800.00\"\n"
    );
    let _ = std::fs::remove_file(file);
    super::write_private(file, &text)
}
