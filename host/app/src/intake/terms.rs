//! Keeping true by what words customers are found.

use super::refold::Person;
use crate::error::{AppError, Result};
use posthouse_domain::profile::Profile;
use posthouse_domain::search::{Terms, terms};
use posthouse_store::{Tx, intake, search};
use std::collections::HashMap;
use uuid::Uuid;

/// What becomes of the words of some customers.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    entries: Vec<search::EntryRow>,
    added: Vec<search::TermRow>,
    gone: Vec<(i64, String)>,
}

impl Changes {
    /// What is to be written to bring the words of these customers up to what their names and identities are now.
    pub(crate) async fn of(tx: &mut Tx, agency: Uuid, people: &mut [&mut Person]) -> Result<Self> {
        let unread = people.iter().filter(|person| person.searched.is_none());
        let unread: Vec<i64> = unread.map(|person| person.row.ordinal).collect();
        let known = search::entries(tx, agency, &unread).await?;
        let mut known: HashMap<i64, String> = known.into_iter().map(|entry| (entry.ordinal, entry.terms)).collect();
        let mut changes = Self::default();
        for person in people {
            let ordinal = person.row.ordinal;
            let stored = person
                .searched
                .take()
                .or_else(|| known.remove(&ordinal))
                .unwrap_or_default();
            let new = words(person)?;
            let text = written(&new);
            if text != stored {
                changes.replace(ordinal, &read(&stored), &new);
                changes.entries.push(search::EntryRow {
                    ordinal,
                    terms: text.clone(),
                });
            }
            person.searched = Some(text);
        }
        // in the order of the table
        changes
            .added
            .sort_unstable_by(|a, b| (a.ordinal / search::BLOCK, &a.term).cmp(&(b.ordinal / search::BLOCK, &b.term)));
        Ok(changes)
    }

    fn replace(&mut self, ordinal: i64, old: &Terms, new: &Terms) {
        let gone = old.iter().filter(|(term, inside)| new.get(*term) != Some(*inside));
        self.gone.extend(gone.map(|(term, _)| (ordinal, term.clone())));
        let added = new.iter().filter(|(term, inside)| old.get(*term) != Some(*inside));
        self.added.extend(added.map(|(term, inside)| search::TermRow {
            ordinal,
            term: term.clone(),
            inside: *inside,
        }));
    }

    /// Writes it.
    pub(crate) async fn write(&self, tx: &mut Tx, agency: Uuid) -> Result<()> {
        search::delete_terms(tx, agency, &self.gone).await?;
        search::put_terms(tx, agency, &self.added).await?;
        search::put_entries(tx, agency, &self.entries).await?;
        Ok(())
    }
}

/// Brings the words of these customers up to what they are now.
pub(crate) async fn renew(tx: &mut Tx, agency: Uuid, rows: Vec<intake::CustomerRow>) -> Result<()> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut people: HashMap<Uuid, Person> = rows.into_iter().map(|row| (row.id, Person::of(row))).collect();
    for row in intake::identities_of(tx, agency, &ids).await? {
        if let Some(person) = people.get_mut(&row.customer_id) {
            person.identities.push(row);
        }
    }
    let mut people: Vec<&mut Person> = people.values_mut().collect();
    Changes::of(tx, agency, &mut people).await?.write(tx, agency).await
}

/// The words of a customer as known now.
fn words(person: &Person) -> Result<Terms> {
    let profile: Profile = serde_json::from_str(&person.row.profile).map_err(AppError::corrupt("profile"))?;
    let names = [&profile.name, &profile.name_latin].into_iter().flatten();
    let identities = person.identities.iter();
    let by = identities.filter_map(|row| Some((row.kind.parse().ok()?, row.value.as_str())));
    Ok(terms(names.map(String::as_str), by))
}

fn written(terms: &Terms) -> String {
    let line = |(term, inside): (&String, &bool)| if *inside { format!("\t{term}") } else { term.clone() };
    terms.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn read(text: &str) -> Terms {
    text.lines()
        .map(|line| match line.strip_prefix('\t') {
            Some(term) => (term.to_owned(), true),
            None => (line.to_owned(), false),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_read_as_they_were_written() {
        let terms = Terms::from([("li wei".into(), false), ("wei".into(), true)]);
        assert_eq!(read(&written(&terms)), terms);
        assert_eq!(read(""), Terms::new());
    }
}
