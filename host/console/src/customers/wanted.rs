//! Which customers a list shows, as its address says it. An address can be kept, sent and gone back to.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use posthouse_app::profiles::{Browse, Sort};

/// What is shown of each customer unless somebody has chosen.
const COLUMNS: [&str; 3] = ["trips-24m", "spend-24m", "recency-days"];

/// Which customers, in which order, and what is shown of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) q: String,
    /// As `binding.key`.
    pub(super) segments: Vec<String>,
    /// Conditions as [`posthouse_domain::campaign::Condition::read`] reads them.
    pub(super) facts: Vec<String>,
    /// The key of a fact, with `-` before it if the highest comes first.
    pub(super) sort: Option<String>,
    /// Keys of facts; none as they are unless somebody chooses.
    columns: Option<Vec<String>>,
    pub(super) cursor: Option<String>,
}

impl Wanted {
    pub(super) fn read(query: Vec<(String, String)>) -> Self {
        let mut wanted = Self::default();
        for (name, value) in query {
            if value.is_empty() && name != "columns" {
                continue;
            }
            match name.as_str() {
                "q" => wanted.q = value.trim().to_owned(),
                "segment" if !wanted.segments.contains(&value) => wanted.segments.push(value),
                "fact" if !wanted.facts.contains(&value) => wanted.facts.push(value),
                "sort" => wanted.sort = Some(value),
                "columns" => {
                    let columns = wanted.columns.get_or_insert_default();
                    columns.extend(value.split(',').filter(|key| !key.is_empty()).map(str::to_owned));
                }
                "cursor" => wanted.cursor = Some(value),
                _ => {}
            }
        }
        wanted
    }

    pub(super) fn columns(&self) -> Vec<String> {
        self.columns
            .clone()
            .unwrap_or_else(|| COLUMNS.map(str::to_owned).to_vec())
    }

    /// Segments by their bindings: of one binding any, of several one each.
    fn by_binding(&self) -> Vec<(String, Vec<String>)> {
        let mut found: Vec<(String, Vec<String>)> = Vec::new();
        for segment in &self.segments {
            let (binding, key) = segment.split_once('.').unwrap_or((segment, ""));
            match found.iter_mut().find(|(known, _)| known == binding) {
                Some((_, keys)) => keys.push(key.to_owned()),
                None => found.push((binding.to_owned(), vec![key.to_owned()])),
            }
        }
        found
    }

    /// What the app is asked for. Conditions are read by the app, which knows the facts.
    pub(super) fn browse(&self, conditions: Vec<posthouse_domain::campaign::Condition>, limit: usize) -> Browse {
        let sort = self.sort.as_deref().map(|sort| Sort {
            fact: sort.trim_start_matches('-').to_owned(),
            descending: sort.starts_with('-'),
        });
        Browse {
            q: Some(self.q.clone()).filter(|q| !q.is_empty()),
            segments: self.by_binding(),
            conditions,
            only: None,
            contacts: false,
            sort,
            columns: self.columns(),
            cursor: self.cursor.clone(),
            limit,
        }
    }

    /// Whether anything narrows the list.
    pub(super) fn is_narrowed(&self) -> bool {
        !self.q.is_empty() || !self.segments.is_empty() || !self.facts.is_empty()
    }

    /// The fields of an address, but for those of this name.
    fn fields(&self, but: &str) -> Vec<(&'static str, String)> {
        let mut fields = Vec::new();
        if !self.q.is_empty() {
            fields.push(("q", self.q.clone()));
        }
        fields.extend(self.segments.iter().map(|segment| ("segment", segment.clone())));
        fields.extend(self.facts.iter().map(|fact| ("fact", fact.clone())));
        fields.extend(self.sort.iter().map(|sort| ("sort", sort.clone())));
        fields.extend(self.columns.iter().map(|columns| ("columns", columns.join(","))));
        fields.retain(|(name, _)| *name != but);
        fields
    }

    /// Hidden fields of a form that sends one field itself.
    pub(super) fn hidden(&self, but: &str) -> Vec<(&'static str, String)> {
        self.fields(but)
    }

    /// What the address says behind its `?`.
    pub(super) fn query(&self) -> String {
        let fields = self.fields("").into_iter().map(|(name, value)| {
            let value = utf8_percent_encode(&value, NON_ALPHANUMERIC);
            format!("{name}={value}")
        });
        fields.collect::<Vec<_>>().join("&")
    }

    /// The address at which this is shown, below a path.
    fn at(&self, path: &str) -> String {
        match self.query() {
            query if query.is_empty() => path.to_owned(),
            query => format!("{path}?{query}"),
        }
    }

    pub(super) fn address(&self) -> String {
        self.at("/customers")
    }

    pub(super) fn export(&self) -> String {
        self.at("/customers.csv")
    }

    /// The rows behind a cursor.
    pub(super) fn page(&self, cursor: &str) -> String {
        let address = self.at("/customers");
        let between = if address.contains('?') { '&' } else { '?' };
        format!(
            "{address}{between}cursor={}",
            utf8_percent_encode(cursor, NON_ALPHANUMERIC)
        )
    }

    pub(super) fn without_segments(&self, binding: &str) -> String {
        let mut other = self.clone();
        other
            .segments
            .retain(|segment| segment.split_once('.').is_none_or(|(known, _)| known != binding));
        other.address()
    }

    pub(super) fn without_fact(&self, text: &str) -> String {
        let mut other = self.clone();
        other.facts.retain(|fact| fact != text);
        other.address()
    }

    pub(super) fn with_fact(&self, text: String) -> String {
        let mut other = self.clone();
        let fact = |text: &str| text.split(':').next().unwrap_or_default().to_owned();
        other.facts.retain(|known| fact(known) != fact(&text));
        other.facts.push(text);
        other.address()
    }

    /// Sorted by this fact; the other way round if it is already.
    pub(super) fn sorted(&self, fact: &str) -> String {
        let highest_first = format!("-{fact}");
        let sort = if self.sort.as_deref() == Some(&highest_first) {
            fact.to_owned()
        } else {
            highest_first
        };
        Self {
            sort: Some(sort),
            ..self.clone()
        }
        .address()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &[(&str, &str)]) -> Wanted {
        Wanted::read(
            query
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        )
    }

    #[test]
    fn an_address_says_what_is_shown() {
        let wanted = read(&[
            ("q", " li "),
            ("segment", "rfm.champions"),
            ("segment", "rfm.loyal"),
            ("segment", "lifecycle.new"),
            ("fact", "home-city:上海,苏州"),
            ("sort", "-spend-24m"),
            ("columns", "age,nps"),
            ("unknown", "x"),
        ]);
        let browse = wanted.browse(Vec::new(), 50);
        assert_eq!(browse.q.as_deref(), Some("li"));
        assert_eq!(browse.segments.len(), 2);
        assert_eq!(
            browse.segments[0],
            ("rfm".to_owned(), vec!["champions".to_owned(), "loyal".to_owned()])
        );
        assert!(
            browse
                .sort
                .as_ref()
                .is_some_and(|sort| sort.fact == "spend-24m" && sort.descending)
        );
        assert_eq!(browse.columns, ["age", "nps"]);
        assert!(
            wanted.address().contains("fact=home%2Dcity%3A%E4%B8%8A"),
            "{}",
            wanted.address()
        );
        assert_eq!(read(&[]).address(), "/customers");
        assert_eq!(read(&[]).columns(), COLUMNS);
        assert_eq!(
            read(&[("columns", "")]).columns(),
            Vec::<String>::new(),
            "none was chosen"
        );
    }

    #[test]
    fn each_part_can_be_taken_away_again() {
        let wanted = read(&[
            ("segment", "rfm.loyal"),
            ("fact", "trips-24m:2.."),
            ("sort", "-trips-24m"),
        ]);
        assert_eq!(
            wanted.without_segments("rfm"),
            "/customers?fact=trips%2D24m%3A2%2E%2E&sort=%2Dtrips%2D24m"
        );
        assert_eq!(
            wanted.without_fact("trips-24m:2.."),
            "/customers?segment=rfm%2Eloyal&sort=%2Dtrips%2D24m"
        );
        assert!(
            wanted.with_fact("trips-24m:3..".into()).contains("3%2E%2E&"),
            "it takes the place of the one before"
        );
        assert!(!wanted.with_fact("trips-24m:3..".into()).contains("2%2E%2E"));
        assert!(
            wanted.sorted("trips-24m").ends_with("sort=trips%2D24m"),
            "the other way round"
        );
        assert!(wanted.sorted("age").ends_with("sort=%2Dage"));
    }
}
