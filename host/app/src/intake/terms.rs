//! Keeping true by what words customers are found.

use crate::error::{AppError, Result};
use posthouse_domain::profile::Profile;
use posthouse_domain::search::{Terms, terms};
use posthouse_store::{Tx, intake, search};
use std::collections::HashMap;
use uuid::Uuid;

/// Brings the words of those of `customers` that changed at `now`, in names or identities, up to what they are now.
pub(crate) async fn refresh(tx: &mut Tx, agency: Uuid, customers: &[Uuid], now: i64) -> Result<()> {
    let mut rows = intake::customers(tx, agency, customers).await?;
    rows.retain(|row| row.updated_at == now);
    renew(tx, agency, rows).await
}

/// Brings the words of these customers up to what they are now.
pub(crate) async fn renew(tx: &mut Tx, agency: Uuid, rows: Vec<intake::CustomerRow>) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut identities: HashMap<Uuid, Vec<intake::OwnerRow>> = HashMap::with_capacity(rows.len());
    for row in intake::identities_of(tx, agency, &ids).await? {
        identities.entry(row.customer_id).or_default().push(row);
    }
    let ordinals: Vec<i64> = rows.iter().map(|row| row.ordinal).collect();
    let known = search::entries(tx, agency, &ordinals).await?;
    let known: HashMap<i64, String> = known.into_iter().map(|entry| (entry.ordinal, entry.terms)).collect();
    let (mut entries, mut added, mut gone) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        let profile: Profile = serde_json::from_str(&row.profile).map_err(AppError::corrupt("profile"))?;
        let own = identities.get(&row.id).map_or(&[][..], Vec::as_slice);
        let by = own
            .iter()
            .filter_map(|row| Some((row.kind.parse().ok()?, row.value.as_str())));
        let new = terms(
            [&profile.name, &profile.name_latin]
                .into_iter()
                .flatten()
                .map(String::as_str),
            by,
        );
        let old = known.get(&row.ordinal).map(|text| read(text)).unwrap_or_default();
        if new == old {
            continue;
        }
        gone.extend(
            old.keys()
                .filter(|term| !new.contains_key(*term))
                .map(|term| (row.ordinal, term.clone())),
        );
        added.extend(
            new.iter()
                .filter(|(term, inside)| old.get(*term) != Some(*inside))
                .map(|(term, inside)| search::TermRow {
                    ordinal: row.ordinal,
                    term: term.clone(),
                    inside: *inside,
                }),
        );
        entries.push(search::EntryRow {
            ordinal: row.ordinal,
            terms: written(&new),
        });
    }
    // in the order of the table
    added.sort_unstable_by(|a, b| (a.ordinal / search::BLOCK, &a.term).cmp(&(b.ordinal / search::BLOCK, &b.term)));
    search::delete_terms(tx, agency, &gone).await?;
    search::put_terms(tx, agency, &added).await?;
    search::put_entries(tx, agency, &entries).await?;
    Ok(())
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
