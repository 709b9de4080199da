//! What is remembered of the rows of a file while the later ones are read, in bounded memory.

use posthouse_domain::identity::IdentityKind;
use posthouse_domain::{Record, normal};
use std::collections::hash_map::{Entry, RandomState};
use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;

/// What is remembered of the rows before.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) repeats: Repeats,
    pub(super) owners: Owners,
}

/// How often each content was seen, with nine bytes for each that was seen once. Two contents may share a key, once in billions of
/// rows; the second then has the count 2, the next time as well, which is all that matters.
#[derive(Default)]
pub(super) struct Repeats {
    once: HashSet<u64>,
    more: HashMap<u64, u32>,
}

impl Repeats {
    pub(super) fn count(&mut self, hash: &str) -> u32 {
        let key = hash
            .get(..16)
            .and_then(|hex| u64::from_str_radix(hex, 16).ok())
            .unwrap_or(0);
        if self.once.insert(key) {
            return 1;
        }
        let count = self.more.entry(key).or_insert(1);
        *count += 1;
        *count
    }
}

/// Most telephones and addresses whose owners are remembered; of those that come later nothing is known. They take 9 MB.
const MOST_OWNERS: usize = 200_000;
/// What two people with one telephone differ in.
const TOLD: [&str; 3] = ["name", "birth_date", "gender"];

/// Whom the file gives each telephone and e-mail address to.
#[derive(Default)]
pub(super) struct Owners {
    hasher: RandomState,
    by_contact: HashMap<u64, Owner>,
}

/// What a row with a telephone or an address says of its owner: the first such row, or one that is confirmed by a second that says the
/// same. A name misspelt once is not held against every row that follows.
#[derive(Clone, Copy)]
struct Owner {
    row: i64,
    /// A fingerprint of each of [`TOLD`]; 0 of what no row has said yet.
    told: [u32; TOLD.len()],
    /// What the last row said that gave it to somebody else.
    other: [u32; TOLD.len()],
    has_member_no: bool,
}

/// A telephone or an address that the file gives to somebody else as well.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Shared {
    pub(super) kind: IdentityKind,
    /// As the later row writes it.
    pub(super) written: String,
    /// The earlier row it is compared with.
    pub(super) earlier_row: i64,
    /// In which of [`TOLD`] the two rows differ.
    pub(super) differs: Vec<&'static str>,
}

impl Owners {
    /// Takes note of a row, and says whether an earlier one gives its telephone or address to somebody else. Two member numbers tell
    /// people apart, and the same one says that they are one person.
    pub(super) fn note(&mut self, record: &Record, row: i64) -> Option<Shared> {
        let told = TOLD.map(|key| self.fingerprint(record, key));
        let has_member_no = record.identities.iter().any(|one| one.kind == IdentityKind::MemberNo);
        let mut shared = None;
        for identity in record.all_identities() {
            if !matches!(identity.kind, IdentityKind::Phone | IdentityKind::Email) {
                continue;
            }
            let key = self.hasher.hash_one((identity.kind, &identity.value));
            let is_full = self.by_contact.len() >= MOST_OWNERS;
            let mut known = match self.by_contact.entry(key) {
                Entry::Occupied(known) => known,
                Entry::Vacant(_) if is_full => continue,
                Entry::Vacant(new) => {
                    new.insert(Owner {
                        row,
                        told,
                        other: Default::default(),
                        has_member_no,
                    });
                    continue;
                }
            };
            let owner = known.get_mut();
            let differs = |at: &usize| owner.told[*at] != 0 && told[*at] != 0 && owner.told[*at] != told[*at];
            let differs: Vec<&str> = (0..TOLD.len()).filter(differs).map(|at| TOLD[at]).collect();
            if differs.is_empty() {
                for (known, new) in owner.told.iter_mut().zip(told).filter(|(known, _)| **known == 0) {
                    *known = new;
                }
                continue;
            }
            if !(owner.has_member_no && has_member_no) && shared.is_none() {
                shared = Some(Shared {
                    kind: identity.kind,
                    written: normal::visible(&identity.written),
                    earlier_row: owner.row,
                    differs,
                });
            }
            if owner.other == told {
                (owner.row, owner.told, owner.has_member_no) = (row, told, has_member_no);
            }
            owner.other = told;
        }
        shared
    }

    /// What a row says of a person, without case and blanks; 0 if nothing.
    fn fingerprint(&self, record: &Record, key: &str) -> u32 {
        let told = record.attributes.iter().find(|told| told.key == key);
        told.map_or(0, |told| {
            (self.hasher.hash_one(normal::code(&told.value)) as u32).max(1)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use posthouse_domain::AgencyTerms;
    use posthouse_domain::money::Currency;
    use posthouse_domain::row::{FileKind, Layout};

    /// 15 January 2026, noon in Shanghai.
    const NOW: i64 = 1_768_449_600_000;

    const HEADERS: [&str; 7] = ["member_no", "phone", "phone", "email", "name", "birth_date", "gender"];

    fn record(row: &str) -> Record {
        let terms = AgencyTerms {
            time_zone: chrono_tz::Asia::Shanghai,
            currency: Currency::parse("CNY").expect("a currency"),
            country: "CN".into(),
        };
        let layout = Layout::read(FileKind::Customers, HEADERS).expect("good headers");
        let cells: Vec<&str> = row.split(',').collect();
        let (record, _) = layout.record(|at| cells[at], "id", NOW, &terms).expect(row);
        record
    }

    /// For each row, the row that has its telephone or address first and in what they differ.
    fn noted(rows: &[&str]) -> Vec<Option<(i64, String)>> {
        let mut owners = Owners::default();
        let numbered = rows.iter().zip(2..);
        numbered
            .map(|(row, number)| owners.note(&record(row), number))
            .map(|shared| shared.map(|shared| (shared.earlier_row, shared.differs.join(" "))))
            .collect()
    }

    #[test]
    fn one_telephone_of_two_people_is_noted() {
        let found = noted(&[
            ",13800138000,,,李伟,1985-04-23,male",
            ",138 0013 8000,,,王芳,,female",
            ",13800138000,,,李 伟,1985-04-23,",
            ",13800138000,,,李伟,2015-01-01,male",
            ",,,home@example.com,,,",
            ",,,Home@Example.com,李小,,",
            ",,,home@example.com,李大,,",
            ",13900139000,13800138000,,赵六,,",
        ]);
        let expected = [
            None,
            Some((2, "name gender")),
            None,
            Some((2, "birth_date")),
            None,
            // the address had no name before
            None,
            Some((6, "name")),
            Some((2, "name")),
        ];
        assert_eq!(
            found,
            expected.map(|found| found.map(|(row, what)| (row, what.to_owned())))
        );
    }

    #[test]
    fn a_name_misspelt_once_is_not_held_against_all_that_follow() {
        let found = noted(&[
            ",13800138000,,,李违,,",
            ",13800138000,,,李伟,,",
            ",13800138000,,,李伟,,",
            ",13800138000,,,李伟,,",
            ",13800138000,,,王芳,,",
        ]);
        let name = |row| Some((row, "name".to_owned()));
        assert_eq!(found, [None, name(2), name(2), None, name(4)]);
    }

    #[test]
    fn member_numbers_tell_people_apart() {
        let found = noted(&[
            "M1,13800138000,,,李伟,,",
            "M2,13800138000,,,王芳,,",
            "M1,13800138000,,,李维,,",
            ",13800138000,,,李小,,",
        ]);
        assert_eq!(found, [None, None, None, Some((2, "name".to_owned()))]);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut owners = Owners::default();
        let of_nobody = Owner {
            row: 0,
            told: [0; TOLD.len()],
            other: [0; TOLD.len()],
            has_member_no: false,
        };
        owners
            .by_contact
            .extend((1..MOST_OWNERS as u64).map(|key| (key, of_nobody)));
        for (row, phone) in ["13800138000", "13900139000"].iter().enumerate() {
            assert_eq!(owners.note(&record(&format!(",{phone},,,李伟,,")), row as i64), None);
        }
        assert_eq!(owners.by_contact.len(), MOST_OWNERS);
        assert!(owners.note(&record(",13800138000,,,王芳,,"), 9).is_some());
        assert_eq!(
            owners.note(&record(",13900139000,,,王芳,,"), 9),
            None,
            "it came too late"
        );
    }
}
