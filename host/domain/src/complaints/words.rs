//! The words of cases, each by the name that JSON, tables and the contract have.

use serde::{Deserialize, Serialize};

macro_rules! named {
    ($($(#[$about:meta])* $Name:ident { $($(#[$means:meta])* $Variant:ident = $name:literal),+ $(,)? })+) => {
        $(
            $(#[$about])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
            pub enum $Name {
                $($(#[$means])* #[serde(rename = $name)] $Variant,)+
            }

            impl $Name {
                /// Each of them.
                pub const ALL: &'static [Self] = &[$(Self::$Variant),+];

                /// The name used in JSON and tables.
                pub fn as_str(self) -> &'static str {
                    match self {
                        $(Self::$Variant => $name,)+
                    }
                }

                /// The one of this name.
                pub fn parse(name: &str) -> Option<Self> {
                    Self::ALL.iter().copied().find(|one| one.as_str() == name)
                }
            }
        )+
    };
}

named! {
    /// What somebody has to say.
    Kind {
        /// Something was wrong.
        Complaint = "complaint",
        /// Something could be better.
        Suggestion = "suggestion",
        /// A question.
        Inquiry = "inquiry",
        /// Something was good.
        Praise = "praise",
    }

    /// What a case is about.
    Cause {
        /// Somebody did not do what was to be done, or did it badly.
        ServiceFailure = "service_failure",
        /// The trip was not what it was said to be.
        Product = "product",
        /// Somebody was told something wrong, or nothing.
        Information = "information",
        /// Weather, strikes, closed borders.
        ForceMajeure = "force_majeure",
        /// It is meant to harm.
        Malicious = "malicious",
        /// What it costs.
        Price = "price",
        /// Somebody was hurt, or could have been.
        Safety = "safety",
        /// Money that is not back.
        Refund = "refund",
        /// None of these.
        Other = "other",
    }

    /// Who is answerable for what happened.
    Liability {
        /// The agency.
        Agency = "agency",
        /// Whoever it buys from.
        Supplier = "supplier",
        /// The customer.
        Guest = "guest",
        /// Nobody.
        ForceMajeure = "force_majeure",
        /// Nobody knows yet.
        Unclear = "unclear",
    }

    /// When in a trip it happened.
    Phase {
        /// Before it.
        Pre = "pre",
        /// During it.
        InTrip = "in_trip",
        /// After it, or about no trip.
        Post = "post",
    }

    /// What a clock of a case runs against.
    ClockKind {
        /// Until the customer hears something for the first time.
        FirstResponse = "first_response",
        /// Until the customer hears something again.
        NextUpdate = "next_update",
        /// Until the case is resolved.
        Resolution = "resolution",
        /// Until it is decided, by law, whether the complaint is taken up.
        StatutoryAcceptance = "statutory_acceptance",
        /// Until it is answered in writing, by law.
        StatutoryReply = "statutory_reply",
        /// Until a settlement has been tried, by law.
        StatutoryMediation = "statutory_mediation",
    }

    /// What puts right what went wrong.
    Remedy {
        /// Words.
        Apology = "apology",
        /// Money back of the booking.
        Refund = "refund",
        /// A coupon.
        Discount = "discount",
        /// Something that is sent or handed over.
        Gift = "gift",
        /// Points.
        Points = "points",
    }

    /// Why a rule is asked about a case.
    Trigger {
        /// It is opened.
        Opened = "opened",
        /// It is opened again.
        Reopened = "reopened",
        /// Somebody gave it another cause.
        CauseChanged = "cause_changed",
        /// Somebody gave it another severity.
        SeverityChanged = "severity_changed",
        /// The customer or a supplier has answered.
        Answered = "answered",
        /// So much of a clock's time is used up, as the rule wanted to be asked.
        Escalation = "escalation",
    }
}

impl ClockKind {
    /// Those a rule may set.
    pub const OF_RULES: [Self; 3] = [Self::FirstResponse, Self::NextUpdate, Self::Resolution];

    /// Whether the law sets it.
    pub fn is_statutory(self) -> bool {
        !Self::OF_RULES.contains(&self)
    }
}

impl Remedy {
    /// Whether its amount is money.
    pub fn is_money(self) -> bool {
        matches!(self, Self::Refund | Self::Discount | Self::Gift)
    }
}
