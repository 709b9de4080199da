//! `posthouse agency`: opens the database itself, also beside a running server.

use super::output::Output;
use super::{Failure, Settings, block_on};
use crate::house;
use clap::Subcommand;
use posthouse_app::clock::{SystemClock, SystemEntropy};
use posthouse_app::team::{NewAgency, create_agency};
use posthouse_domain::Clock;
use serde_json::json;

/// Agencies of this installation.
#[derive(Debug, Subcommand)]
pub(super) enum Agency {
    /// Create an agency and print its owner key, this once.
    Create {
        /// Short name: lower-case letters, digits and hyphens.
        slug: String,
        /// Full name.
        #[arg(long)]
        name: String,
        /// IANA name of the zone its days begin in.
        #[arg(long, default_value = "Asia/Shanghai")]
        time_zone: String,
        /// ISO 4217 code of its books.
        #[arg(long, default_value = "CNY")]
        currency: String,
        /// ISO 3166 code; phone numbers without a prefix are of this country.
        #[arg(long, default_value = "CN")]
        country: String,
        #[command(flatten)]
        settings: Settings,
    },
}

impl Agency {
    pub(super) fn run(self, output: Output) -> Result<(), Failure> {
        let Self::Create {
            slug,
            name,
            time_zone,
            currency,
            country,
            settings,
        } = self;
        let config = settings.load()?;
        let (agency, key) = block_on(async {
            let store = house::open_store(&config).await?;
            let new = NewAgency {
                slug,
                name,
                time_zone,
                currency,
                country,
            };
            let made = create_agency(&store, new, SystemClock.now(), &SystemEntropy).await;
            store.close().await;
            Ok(made?)
        })?;
        let document = json!({
            "agency": { "id": agency.id, "slug": agency.slug, "name": agency.name, "time_zone": agency.time_zone, "currency": agency.currency, "country": agency.country },
            "api_key": key,
        });
        output.answer(&document, || {
            format!(
                "Agency {} ({}) is there: days in {}, books in {}, country {}.\n\nIts owner key, shown this once; keep it safe:\n\n  {key}\n\nCommands use it as POSTHOUSE_API_KEY, requests as Authorization: Bearer KEY.",
                agency.name, agency.slug, agency.time_zone, agency.currency, agency.country
            )
        })
    }
}
