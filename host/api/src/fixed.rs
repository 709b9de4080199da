//! Values that are fixed, as the document lists them: from the types that have them, or else from here.
//!
//! Fields keep the types they have, so that a value that is none of these is refused in the words of its capability.

use posthouse_app::facts::export::Format;
use posthouse_app::loyalty;
use posthouse_app::rules;
use posthouse_app::segments::Sort;
use posthouse_app::team;
use posthouse_app::views;
use posthouse_domain::campaign::effect::TooFew;
use posthouse_domain::catalogue;
use posthouse_domain::clv::Unfit;
use posthouse_domain::identity;
use posthouse_domain::insights::loyal::Indicator;
use posthouse_domain::ledger::Movement::{Commit, Release, Reserve, Return};
use posthouse_domain::promotion::{Mode, ProductKind as Product};
use posthouse_domain::row;
use posthouse_domain::{booking, campaign, complaints, event, ledger, link, preference, profile, webhook};
use posthouse_engine as engine;
use serde_json::Value;
use std::borrow::Cow;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{ComponentsBuilder, RefOr};
use utoipa::{PartialSchema, ToSchema};

macro_rules! fixed {
    ($($(#[doc = $said:literal])+ $name:ident = $values:expr;)+) => {
        $(
            $(#[doc = $said])+
            pub(super) enum $name {}

            impl PartialSchema for $name {
                fn schema() -> RefOr<Schema> {
                    one_of(&[$($said),+], $values)
                }
            }

            impl ToSchema for $name {
                fn name() -> Cow<'static, str> {
                    stringify!($name).into()
                }
            }
        )+

        /// Adds all of them, as what the types of queries name is not gathered with them.
        pub(super) fn add_to(components: ComponentsBuilder) -> ComponentsBuilder {
            components$(.schema($name::name(), $name::schema()))+
        }
    };
}

fixed! {
    /// What a key or a role may do.
    Scope = team::Scope::ALL.map(team::Scope::as_str);
    /// What is kept from a role: how to reach customers, what they spend and bring, when they were born.
    Mask = team::Mask::ALL.map(team::Mask::as_str);
    /// Whose customers a role sees: those the person owns, those that somebody of their branch owns, everybody's.
    RowScope = team::RowScope::ALL.map(team::RowScope::as_str);
    /// Whether somebody can sign in.
    StaffState = team::StaffState::ALL.map(team::StaffState::as_str);
    /// Who did something: a person of the staff, a key, or the server by itself and whoever works on its database with the command line.
    ActorKind = ["staff", "key", "host"];
    /// A list that views are of.
    ViewList = views::ViewList::ALL.map(views::ViewList::as_str);
    /// How customers become members: with their first firm booking, or when somebody enrols them.
    Enrol = [loyalty::Enrol::Automatic, loyalty::Enrol::OnRequest].map(loyalty::Enrol::as_str);
    /// Whether a member takes part.
    MemberState = loyalty::MemberState::ALL.map(loyalty::MemberState::as_str);
    /// Where points are kept: `points` are spent, `status` counts towards tiers.
    Wallet = posthouse_domain::loyalty::Wallet::ALL.map(posthouse_domain::loyalty::Wallet::as_str);
    /// What a line of a statement says: a rule posted it, it became active, it was taken back, what was owed was made good, it is over; somebody
    /// adjusted it, passed it on or got it passed on; it was set aside for an order, spent, free again, came back; its owner left.
    PointsMovement = [
        "earned", "activated", "reversed", "settled", "expired", "adjusted", "sent", "received", "set_aside", "redeemed", "released", "returned",
        "forfeited"
    ];
    /// Where an occasion stands whose rule was not asked with success: it is asked again, or somebody has to look.
    OccasionState = ["waiting", "review"];
    /// Where a preview of a loyalty rule stands.
    PreviewState = ["waiting", "running", "done", "cancelled", "failed"];
    /// Where an adjustment stands.
    AdjustmentState = ["waiting", "approved", "rejected"];
    /// What a reward is. `coupon`: of a campaign; `gift`: sent; `money_off`: off a quote.
    RewardKind = loyalty::RewardKind::ALL.map(loyalty::RewardKind::as_str);
    /// Where an order of a reward stands.
    RedemptionState = ["requested", "fulfilled", "cancelled"];
    /// Where a referral stands: written down, the first trip is over, both sides were asked about, or it is none.
    ReferralState = ["registered", "first_trip", "rewarded", "rejected"];
    /// Why a referral is none: of oneself, of the family, of whoever brought the referrer; beyond
    /// `referrals_per_year`; of a customer who had booked before.
    ReferralObjection = ["oneself", "family", "ring", "over_the_cap", "old_customer"];
    /// What a rule decides.
    ExtensionPoint = engine::Points::default().names().collect::<Vec<_>>();
    /// How a rule is in force.
    BindingMode = ["active"];
    /// What became of an uploaded plugin.
    PluginState = ["verified"];
    /// Why a revision came into force; `breaker`: the host went back by itself because the rule kept failing; `ending`: no rule came into its
    /// place.
    RevisionCause = ["activation", "rollback", "breaker", "ending"];
    /// Why a rule is not asked for a while: it kept failing, or kept taking so much of a quote's time that others were not asked.
    AsideReason = rules::Why::ALL.map(rules::Why::as_str);
    /// Why everyone was classified again.
    RunCause = ["activation", "rollback", "breaker", "request", "midnight"];
    /// On what occasion a rule wrote a line: as of a run, or `change`: a customer's facts changed, or `decision`: a single case.
    LogCause = ["activation", "rollback", "breaker", "request", "midnight", "change", "decision"];
    /// How serious a line is to the plugin, or in the host's words `fault`: how a call ended, and `about`: whose facts or which basket
    /// brought that about.
    LogLevel = ["debug", "info", "warn", "error", "fault", "about"];
    /// How serious a line is to the plugin.
    PluginLogLevel = ["debug", "info", "warn", "error"];
    /// The kind of a fact: a whole number, minor units of the base currency, a fraction, yes or no, days since 1970, a text.
    FactKind = catalogue::FactKind::ALL.map(catalogue::FactKind::as_str);
    /// Whether a fact says what a customer did with the agency, or who the customer is and what they spend.
    Sensitivity = as_json(&catalogue::Sensitivity::ALL);
    /// A kind of identity.
    IdentityKind = identity::IdentityKind::ALL.map(identity::IdentityKind::as_str);
    /// What several customers claim: a kind of identity, a booking or a record.
    ClashKind = identity::IdentityKind::ALL.map(identity::IdentityKind::as_str).into_iter().chain(["booking", "record"]);
    /// How a value came to be known.
    SourceKind = as_json(&profile::SourceKind::ALL);
    /// What a preference is about.
    PreferenceKey = preference::PreferenceKey::ALL.map(preference::PreferenceKey::as_str);
    /// How two customers belong together.
    LinkKind = link::LinkKind::ALL.map(link::LinkKind::as_str);
    /// Whose link it is. `mutual`: each is it to the other; `is`: the other is it to this customer; `of`: this customer is it to the other.
    LinkDirection = ["mutual", "is", "of"];
    /// A type of event that is understood.
    IncomingType = event::TYPES;
    /// A type of event that webhooks are told.
    OutgoingType = webhook::EVENT_TYPES.iter().map(|kind| kind.name);
    /// What the rows of a file are about.
    FileKind = row::FileKind::ALL.map(row::FileKind::as_str);
    /// How a file is written.
    FileFormat = ["csv", "xlsx", "xlsb", "xls", "ods"];
    /// Where an import stands.
    ImportState = ["queued", "running", "done", "failed"];
    /// How an export is written; `arrow` is an IPC stream.
    ExportFormat = Format::ALL.map(Format::as_str);
    /// In which order members are listed: the highest score first, who entered last first, by name, in the order in which they became
    /// customers.
    MemberSort = Sort::ALL.map(Sort::as_str);
    /// A type of campaign.
    CampaignType = campaign::CampaignType::ALL.map(campaign::CampaignType::as_str);
    /// Where a campaign stands between plan and lessons.
    CampaignState = campaign::State::ALL.map(campaign::State::as_str);
    /// What was done with a campaign; `breaker` is the host going back to an earlier rule because the one in force kept failing, `set-aside`
    /// that there was none.
    CampaignAction = campaign::Action::ALL.map(campaign::Action::as_str).into_iter().chain(["create", "amend", "reject-amendment", "rollback", "breaker", "set-aside"]);
    /// What a rehearsed plan would do: `change` is another plan of the campaign of this key, `nothing` that it has this plan already.
    Rehearsed = ["create", "change", "nothing"];
    /// A field of a plan whose figure may be meant as it is written although it is unusual.
    DoubtfulField = campaign::MEANT;
    /// Where a change of a campaign stands.
    AmendmentState = ["proposed", "approved", "rejected"];
    /// Of whom there are too few to say what a campaign brought.
    TooFewOf = TooFew::ALL.map(TooFew::as_str);
    /// What kind of work a campaign's task is.
    CampaignTaskKind = ["training", "materials", "other"];
    /// Which tasks: not done, not done although they were due, done.
    TaskState = ["open", "overdue", "done"];
    /// Where a batch of coupons stands; those that are being made do not count yet.
    CouponBatchState = ["making", "ready", "revoked"];
    /// What a coupon is worth.
    CouponState = ["good", "coupon_revoked", "coupon_expired", "coupon_used_up"];
    /// What became of a use of a coupon: held, redeemed, released from a hold, returned after a use.
    CouponMovement = ["hold", "redeem", "release", "return"];
    /// What became of money of a budget.
    BudgetMovement = [Reserve, Commit, Release, Return].map(ledger::Movement::as_str);
    /// How the campaigns of a group stand to each other.
    StackingMode = Mode::ALL.map(Mode::as_str);
    /// What is sold.
    ProductKind = Product::ALL.map(Product::as_str);
    /// Where a booking stands.
    BookingStatus = booking::BookingStatus::ALL.map(booking::BookingStatus::as_str);
    /// What kind of thing waits for somebody.
    NeedKind = posthouse_app::today::NeedKind::ALL.map(posthouse_app::today::NeedKind::as_str);
    /// Where a quote stands.
    QuoteState = ["open", "confirmed", "released", "expired"];
    /// What became of a coupon code: `held` (confirming redeems it), `not_applied`, or what is wrong with it.
    CodeState = ["held", "not_applied", "coupon_unknown", "coupon_revoked", "coupon_expired", "coupon_of_another_customer", "coupon_used_up", "coupon_needless"];
    /// What became of a campaign in a quote: `applied`, or why not.
    CampaignOutcome = ["applied", "outside_window", "elsewhere", "customer_needed", "not_in_audience", "holdout", "open_complaint", "product_in_crisis", "coupon_needed",
        "no_rule", "set_aside", "not_asked", "rule_failed", "not_running", "no_offer", "outranked", "not_best", "over_budget", "at_floor"];
    /// What somebody has to say.
    CaseKind = complaints::Kind::ALL.iter().map(|one| one.as_str());
    /// What a case is about.
    CaseCause = complaints::Cause::ALL.iter().map(|one| one.as_str());
    /// When in a trip it happened.
    CasePhase = complaints::Phase::ALL.iter().map(|one| one.as_str());
    /// Who is answerable.
    CaseLiability = complaints::Liability::ALL.iter().map(|one| one.as_str());
    /// Where a case stands.
    CaseState = complaints::State::ALL.iter().map(|one| one.as_str());
    /// What can be done with a case.
    CaseStep = complaints::Step::ALL.iter().map(|one| one.as_str());
    /// What happened to a case: a step, or what came by itself.
    CaseEntryKind = complaints::Step::ALL.iter().map(|one| one.as_str())
        .chain(["opened", "routed", "warned", "breached", "file", "compensation", "joined"]);
    /// Who did it: somebody of the staff or a key, whoever complained, the host by itself.
    CaseTeller = ["staff", "customer", "host"];
    /// Why a rule is asked about a case.
    CaseTrigger = complaints::Trigger::ALL.iter().map(|one| one.as_str());
    /// What a clock runs against. Those that the law sets count days; the others working minutes.
    CaseClockKind = complaints::ClockKind::ALL.iter().map(|one| one.as_str());
    /// How a clock stands.
    CaseClockState = ["running", "paused", "met", "breached"];
    /// How cases are listed.
    CaseOrder = ["latest", "due"];
    /// Whom the agency waits for.
    CaseWaitsFor = ["customer", "supplier"];
    /// Why the word of a rule was not followed.
    RoutingObjectionCode = ["too_many_hops", "loop", "not_on_duty", "severity_stands", "cause_stands", "later_than_the_law", "rule_failed", "may_not_see"];
    /// What puts a case right.
    Remedy = complaints::Remedy::ALL.iter().map(|one| one.as_str());
    /// Where a compensation stands.
    CompensationState = ["waiting", "approved", "rejected"];
    /// What kind of crisis.
    CrisisKind = posthouse_app::complaints::CRISIS_KINDS;
    /// Where a crisis stands.
    CrisisState = ["watch", "open", "contained", "repair", "closed"];
    /// What can be done with a crisis.
    CrisisStep = posthouse_app::complaints::CrisisStep::ALL.map(posthouse_app::complaints::CrisisStep::as_str);
    /// What complaints are put together by.
    ComplaintsBy = posthouse_app::complaints::By::ALL.map(posthouse_app::complaints::By::as_str);
    /// Whose public holidays a calendar keeps.
    HolidaysOf = ["none", "china"];
    /// How a day is not as its week has it.
    CalendarExceptionKind = ["closed", "workday", "hours"];
    /// How asking a rule ended: it answered, or what was wrong.
    DecisionOutcome = ["answered", "out_of_fuel", "out_of_time", "deadline", "memory", "trap", "bad_output", "refused", "host"];
    /// The period that is looked at.
    ParetoWindow = ["12m", "24m", "total"];
    /// What customers are ranked by.
    ParetoMeasure = ["spend", "margin"];
    /// Why there are no models.
    ClvUnfit = Unfit::ALL.map(Unfit::as_str);
    /// By what loyal customers are known.
    LoyalIndicator = Indicator::ALL.map(Indicator::as_str);
}

/// Their names in JSON.
fn as_json<T: serde::Serialize>(values: &[T]) -> impl Iterator<Item = Value> {
    values
        .iter()
        .map(|value| serde_json::to_value(value).unwrap_or_default())
}

fn one_of<V: Into<Value>>(said: &[&str], values: impl IntoIterator<Item = V>) -> RefOr<Schema> {
    let said: Vec<_> = said.iter().map(|line| line.trim()).collect();
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(said.join(" ")))
        .enum_values(Some(values))
        .into()
}
