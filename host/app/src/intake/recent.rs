//! Customers as they are once every slice on its way has been written, so that those that follow need not read them again.

use super::refold::Person;
use std::collections::HashMap;
use uuid::Uuid;

/// Customers of the latest slices. They are right as long as nobody else writes customers; whoever notices that has to [`forget`](Self::forget) them.
///
/// Those whom no slice has named for long are dropped: there are two halves, and when the younger is full it takes the place of the older.
#[derive(Debug, Default)]
pub(super) struct Recent {
    young: HashMap<Uuid, Person>,
    old: HashMap<Uuid, Person>,
    /// Rows that the younger half holds.
    rows: usize,
}

/// How many rows of customers, identities, attributes, bookings and activity a half holds, of some 300 bytes each. What one slice
/// touched is kept whole.
const HALF: usize = 50_000;

impl Recent {
    /// A customer, if it is known.
    pub(super) fn get(&self, id: &Uuid) -> Option<&Person> {
        self.young.get(id).or_else(|| self.old.get(id))
    }

    /// A customer, to be kept again once it has changed.
    pub(super) fn take(&mut self, id: &Uuid) -> Option<Person> {
        if let Some(person) = self.young.remove(id) {
            self.rows = self.rows.saturating_sub(rows(&person));
            return Some(person);
        }
        self.old.remove(id)
    }

    /// Keeps everyone whom a slice touched.
    pub(super) fn keep(&mut self, people: impl IntoIterator<Item = Person>) {
        if self.rows > HALF {
            self.old = std::mem::take(&mut self.young);
            self.rows = 0;
        }
        for person in people {
            self.rows += rows(&person);
            self.young.insert(person.row.id, person);
        }
    }

    /// Forgets everyone: somebody else has written customers, or what was kept did not come to be.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}

fn rows(person: &Person) -> usize {
    1 + person.identities.len() + person.attributes.len() + person.bookings.len() + person.activity.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(n: u128) -> Person {
        Person::new(Uuid::from_u128(n), n as i64, 0, 0)
    }

    #[test]
    fn the_latest_are_known_and_the_rest_forgotten() {
        let mut recent = Recent::default();
        let slice = HALF / 4;
        for n in 0..20 {
            let first = (n * slice) as u128;
            recent.keep((first..first + slice as u128).map(person));
            assert!(
                recent.get(&Uuid::from_u128(first)).is_some(),
                "what the last slice touched"
            );
        }
        assert!(recent.get(&Uuid::from_u128(0)).is_none());
        assert!(recent.young.len() + recent.old.len() <= 2 * (HALF + slice));
        let last = Uuid::from_u128((20 * slice - 1) as u128);
        assert_eq!(recent.take(&last).map(|person| person.row.id), Some(last));
        assert!(recent.get(&last).is_none());
        recent.forget();
        assert_eq!((recent.young.len(), recent.old.len(), recent.rows), (0, 0, 0));
    }
}
