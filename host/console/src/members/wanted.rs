//! Which members a list shows, as its address says it.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use posthouse_app::loyalty::{MemberFilter, MemberOrder};
use posthouse_domain::Day;

/// What expires within so many days expires soon.
pub(super) const SOON: Day = 90;

/// Which members, and in which order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) q: String,
    pub(super) tier: String,
    pub(super) state: String,
    pub(super) owed: bool,
    pub(super) expiring: bool,
    /// Who joined last first, instead of who has most.
    pub(super) by_joining: bool,
    pub(super) cursor: Option<String>,
}

impl Wanted {
    pub(super) fn read(query: Vec<(String, String)>) -> Self {
        let mut wanted = Self::default();
        for (name, value) in query {
            match name.as_str() {
                "q" => wanted.q = value.trim().to_owned(),
                "tier" => wanted.tier = value,
                "state" => wanted.state = value,
                "owed" => wanted.owed = value == "1",
                "expiring" => wanted.expiring = value == "1",
                "sort" => wanted.by_joining = value == "since",
                "cursor" if !value.is_empty() => wanted.cursor = Some(value),
                _ => {}
            }
        }
        wanted
    }

    /// What the app is asked for.
    pub(super) fn filter(&self, today: Day) -> MemberFilter {
        let said = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        MemberFilter {
            q: said(&self.q),
            tier: said(&self.tier),
            state: said(&self.state),
            owed: self.owed,
            expiring: self.expiring.then(|| today.saturating_add(SOON)),
            order: match self.by_joining {
                true => MemberOrder::Joined,
                false => MemberOrder::Points,
            },
        }
    }

    /// Whether anything narrows the list.
    pub(super) fn is_narrowed(&self) -> bool {
        let other = Self {
            by_joining: self.by_joining,
            cursor: self.cursor.clone(),
            ..Self::default()
        };
        *self != other
    }

    /// Whether the order is one of those that a click on a column chooses.
    pub(super) fn is_sorted(&self) -> bool {
        self.q.is_empty() && !self.expiring
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        let flag = |is_on: bool| if is_on { "1".to_owned() } else { String::new() };
        let all = [
            ("q", self.q.clone()),
            ("tier", self.tier.clone()),
            ("state", self.state.clone()),
            ("owed", flag(self.owed)),
            ("expiring", flag(self.expiring)),
            (
                "sort",
                if self.by_joining {
                    "since".to_owned()
                } else {
                    String::new()
                },
            ),
        ];
        all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }

    /// Hidden fields of a form that sends one field itself.
    pub(super) fn hidden(&self, but: &str) -> Vec<(&'static str, String)> {
        self.fields().into_iter().filter(|(name, _)| *name != but).collect()
    }

    fn at(&self, path: &str) -> String {
        let fields = self.fields().into_iter().map(|(name, value)| {
            let value = utf8_percent_encode(&value, NON_ALPHANUMERIC);
            format!("{name}={value}")
        });
        match fields.collect::<Vec<_>>().join("&") {
            query if query.is_empty() => path.to_owned(),
            query => format!("{path}?{query}"),
        }
    }

    pub(super) fn address(&self) -> String {
        self.at("/members")
    }

    pub(super) fn export(&self) -> String {
        self.at("/members.csv")
    }

    /// The rows behind a cursor.
    pub(super) fn page(&self, cursor: &str) -> String {
        let address = self.address();
        let between = if address.contains('?') { '&' } else { '?' };
        let cursor = utf8_percent_encode(cursor, NON_ALPHANUMERIC);
        format!("{address}{between}cursor={cursor}")
    }

    /// With one thing changed, from the first page on.
    pub(super) fn with(&self, change: impl FnOnce(&mut Self)) -> String {
        let mut other = Self {
            cursor: None,
            ..self.clone()
        };
        change(&mut other);
        other.address()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_what_is_shown() {
        let query = [
            ("q", " li "),
            ("tier", "gold"),
            ("owed", "1"),
            ("sort", "since"),
            ("x", "y"),
        ];
        let wanted = Wanted::read(query.map(|(name, value)| (name.into(), value.into())).to_vec());
        assert_eq!(wanted.address(), "/members?q=li&tier=gold&owed=1&sort=since");
        assert_eq!(wanted.export(), "/members.csv?q=li&tier=gold&owed=1&sort=since");
        assert_eq!(
            wanted.with(|wanted| wanted.tier.clear()),
            "/members?q=li&owed=1&sort=since"
        );
        assert_eq!(
            wanted.page("7.a"),
            "/members?q=li&tier=gold&owed=1&sort=since&cursor=7%2Ea"
        );
        let filter = wanted.filter(100);
        assert_eq!(
            (
                filter.q.as_deref(),
                filter.tier.as_deref(),
                filter.state,
                filter.owed,
                filter.expiring
            ),
            (Some("li"), Some("gold"), None, true, None)
        );
        assert_eq!(filter.order, MemberOrder::Joined);
        assert!(wanted.is_narrowed() && !wanted.is_sorted());
        let plain = Wanted::read(vec![("sort".into(), "since".into())]);
        assert!(!plain.is_narrowed() && plain.is_sorted());
        let soon = Wanted::read(vec![("expiring".into(), "1".into())]);
        assert_eq!(soon.filter(100).expiring, Some(190));
    }
}
