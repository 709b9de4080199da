//! The capabilities of the house, each behind its own door: `app.quotes().make(…)`. What one capability asks of another is therefore
//! seen where it is asked; [`App`] itself has only what all of them need.

use crate::App;

macro_rules! capabilities {
    ($($(#[$meaning:meta])* $door:ident: $Capability:ident,)*) => {
        $(
            $(#[$meaning])*
            #[derive(Clone, Copy)]
            pub struct $Capability<'a> {
                pub(crate) app: &'a App,
            }
        )*

        impl App {
            $(
                $(#[$meaning])*
                pub fn $door(&self) -> $Capability<'_> {
                    $Capability { app: self }
                }
            )*
        }
    };
}

capabilities! {
    /// Who may do what: people and their roles, keys and whose they are.
    team: Team,
    /// Answers that are kept, so that a request sent twice is carried out once.
    idempotency: Idempotency,
    /// Who did what, each entry chained to the one before.
    audit: Audit,
    /// Records that come in: events one by one, files as imports.
    intake: Intake,
    /// Made-up customers for an agency that has none yet.
    samples: Samples,
    /// Customers: found, shown, changed by hand, linked to each other.
    profiles: Profiles,
    /// Lists kept under a name.
    views: Views,
    /// What rules may know of customers.
    facts: Facts,
    /// Attributes that an agency defines for itself.
    attributes: Attributes,
    /// Who is in which segment, why and since when.
    segments: Segments,
    /// Views of all customers together.
    insights: Insights,
    /// Uploaded plugins.
    plugins: Plugins,
    /// Which rule is in force where, and what it writes to its log.
    bindings: Bindings,
    /// What rules answered, pinned, and asked again.
    decisions: Decisions,
    /// Campaigns, from the plan to the lessons.
    campaigns: Campaigns,
    /// Changes to campaigns that are in force.
    amendments: Amendments,
    /// What is to be done, by whom, until when.
    tasks: Tasks,
    /// What a day begins with.
    today: Today,
    /// How the offers of several campaigns combine.
    stacking_groups: StackingGroups,
    /// Codes that open a campaign.
    coupons: Coupons,
    /// Members, their points and tiers.
    loyalty: Loyalty,
    /// Complaints: who deals with them and by when, and what puts them right.
    complaints: Complaints,
    /// Prices that are held, confirmed, released and returned.
    quotes: Quotes,
    /// What an agency's own systems are told.
    webhooks: Webhooks,
    /// The turn of the day.
    days: Days,
    /// Work that falls due.
    jobs: Jobs,
    /// One-time work on what earlier builds wrote.
    upkeep: Upkeep,
}
