//! What the entries of the log do to the store, in the words of the history.
//!
//! Every replica decides alike, and that all apply the same entries is a check of its own; so the first that applies an entry
//! speaks for all.

use crate::history::{Answer, Condition, Effect, Found, KeyId, Moved, OpId};
use leasehold::env::GroupId;
use leasehold::request::{Key, KeyRange};
use leasehold::store::{Command, Verdict};
use std::collections::BTreeMap;

/// An entry of a group's log.
pub(super) type Entry = (GroupId, u64);

#[derive(Default)]
pub(super) struct Effects {
    numbers: BTreeMap<Key, KeyId>,
    /// The highest index that some replica of each group has applied.
    last: BTreeMap<GroupId, u64>,
    /// What is about to be told, and of which entry.
    noted: Option<(Entry, Done)>,
}

/// What an entry has done.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Done {
    /// What it did to a key.
    Effect(Box<Effect>),
    /// Where keys went.
    Moved(Box<Moved>),
}

impl Effects {
    /// `keys` are the names of the keys, by number.
    pub(super) fn new(keys: &[String]) -> Self {
        let numbers = keys.iter().zip(0..).map(|(name, number)| (name.clone(), KeyId(number)));
        Self { numbers: numbers.collect(), ..Self::default() }
    }

    /// A replica has applied this entry.
    pub(super) fn note(&mut self, entry: Entry, command: &[u8], response: &[u8]) {
        let (group, index) = entry;
        let last = self.last.entry(group).or_default();
        if index > *last {
            *last = index;
            self.noted = self.read(group, command, response).map(|told| (entry, told));
        }
    }

    /// It tells so now.
    pub(super) fn take(&mut self, entry: Entry) -> Option<Done> {
        self.noted.take_if(|(noted, _)| *noted == entry).map(|(_, told)| told)
    }

    /// `None` of an entry without a command, of one that the store could not read, and of keys that the run does not know.
    fn read(&self, group: GroupId, command: &[u8], response: &[u8]) -> Option<Done> {
        let verdict = Verdict::decode(response)?;
        let writer = |value: &[u8]| OpId::of(Some(value));
        let command = Command::decode(command)?;
        let deletes = matches!(command, Command::Delete { .. });
        let (key, op, condition) = match command {
            Command::Put { key, value } => (key, writer(&value), Condition::Always),
            // A tombstone has no value that would say whose it is.
            Command::Delete { key, origin } => (key, Some(OpId(origin)), Condition::Always),
            Command::Cas { key, expected, value } => {
                (key, writer(&value), Condition::Holds(OpId::of(expected.as_deref())))
            }
            Command::Transaction { snapshot, reads, key, value } => {
                let reads = reads.iter().map(|key| self.number(key)).collect::<Option<_>>()?;
                (key, writer(&value), Condition::Unchanged { since: snapshot, reads })
            }
            Command::Release { range, to } => {
                let Verdict::Released { version } = verdict else { return None };
                return Some(Done::Moved(Box::new(Moved { keys: self.within(&range), by: group, to, version })));
            }
            Command::Adopt { range, version } => {
                let (Verdict::Adopted, keys) = (verdict, self.within(&range)) else { return None };
                return Some(Done::Moved(Box::new(Moved { keys, by: group, to: group, version })));
            }
        };
        let answer = match verdict {
            Verdict::Written => Answer::Wrote,
            Verdict::Unexpected { value, version } => {
                Answer::Found(Found { version, value: OpId::of(value.as_deref()) })
            }
            Verdict::Conflict { key, latest } => Answer::Conflict { key: self.number(&key)?, latest },
            Verdict::Elsewhere(_) => Answer::Elsewhere,
            Verdict::Released { .. } | Verdict::Adopted | Verdict::InUse { .. } | Verdict::Malformed => return None,
        };
        let key = self.number(&key)?;
        Some(Done::Effect(Box::new(Effect { op: op?, key, deletes, condition, answer })))
    }

    /// The keys of a range.
    fn within(&self, range: &KeyRange) -> Box<[KeyId]> {
        if range.is_empty() {
            return Box::default();
        }
        self.numbers.range::<str, _>(range.bounds()).map(|(_, number)| *number).collect()
    }

    fn number(&self, key: &str) -> Option<KeyId> {
        self.numbers.get(key).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::testing::{effect, tombstone};

    fn entry(index: u64) -> Entry {
        (GroupId::FIRST, index)
    }

    fn effects() -> Effects {
        Effects::new(&["a".to_owned(), "b".to_owned()])
    }

    fn put(key: &str, op: u64) -> Vec<u8> {
        Command::Put { key: key.into(), value: op.to_le_bytes().to_vec() }.encode()
    }

    fn told(effects: &mut Effects, index: u64, command: &Command, verdict: &Verdict) -> Option<Effect> {
        effects.note(entry(index), &command.encode(), &verdict.encode());
        match effects.take(entry(index))? {
            Done::Effect(effect) => Some(*effect),
            Done::Moved(_) => None,
        }
    }

    fn from_b_on() -> KeyRange {
        KeyRange { from: "b".into(), to: None }
    }

    #[test]
    fn the_first_who_applies_an_entry_tells_what_it_does() {
        let mut effects = effects();
        effects.note(entry(1), &put("b", 7), &Verdict::Written.encode());
        let wrote = effect(7, 1, Condition::Always, Answer::Wrote);
        assert_eq!(effects.take(entry(1)), Some(Done::Effect(Box::new(wrote))));
        effects.note(entry(1), &put("b", 7), &Verdict::Written.encode());
        assert_eq!(effects.take(entry(1)), None, "another replica of the same");
    }

    #[test]
    fn a_delete_is_told_by_the_number_of_its_request() {
        let delete = Command::Delete { key: "b".into(), origin: 7 };
        assert_eq!(told(&mut effects(), 1, &delete, &Verdict::Written), Some(tombstone(7, 1)));
    }

    #[test]
    fn a_transaction_is_told_with_what_it_read_and_from_where() {
        let command = Command::Transaction {
            snapshot: 5,
            reads: vec!["b".into(), "a".into()],
            key: "a".into(),
            value: 9_u64.to_le_bytes().to_vec(),
        };
        let verdict = Verdict::Conflict { key: "b".into(), latest: 6 };
        let told = told(&mut effects(), 8, &command, &verdict).expect("a command");
        let condition = Condition::Unchanged { since: 5, reads: [KeyId(1), KeyId(0)].into() };
        let answer = Answer::Conflict { key: KeyId(1), latest: 6 };
        assert_eq!(told, effect(9, 0, condition, answer));
    }

    #[test]
    fn a_compare_and_set_is_told_with_what_it_expected_and_found() {
        let command = Command::Cas { key: "a".into(), expected: None, value: 9_u64.to_le_bytes().to_vec() };
        let verdict = Verdict::Unexpected { value: Some(7_u64.to_le_bytes().to_vec()), version: 3 };
        let told = told(&mut effects(), 8, &command, &verdict).expect("a command");
        let found = Answer::Found(Found { version: 3, value: Some(OpId(7)) });
        assert_eq!((told.condition, told.answer), (Condition::Holds(None), found));
    }

    #[test]
    fn a_release_and_an_adoption_are_told_with_their_keys_and_what_came_to_nothing_is_not() {
        let second = GroupId(2);
        let release = Command::Release { range: from_b_on(), to: second }.encode();
        let mut effects = effects();
        effects.note(entry(1), &release, &Verdict::InUse { key: "b".into() }.encode());
        assert_eq!(effects.take(entry(1)), None);
        effects.note(entry(2), &release, &Verdict::Released { version: 2 }.encode());
        let moved = Moved { keys: [KeyId(1)].into(), by: GroupId::FIRST, to: second, version: 2 };
        assert_eq!(effects.take(entry(2)), Some(Done::Moved(Box::new(moved.clone()))));
        let adopt = Command::Adopt { range: from_b_on(), version: 2 }.encode();
        effects.note((second, 7), &adopt, &Verdict::Adopted.encode());
        assert_eq!(effects.take((second, 7)), Some(Done::Moved(Box::new(Moved { by: second, ..moved }))));
    }

    #[test]
    fn an_entry_about_a_key_of_another_group_is_told_as_refused() {
        let route = leasehold::routes::Routes::all_to(GroupId(2)).route("b");
        let command = Command::Put { key: "b".into(), value: 7_u64.to_le_bytes().to_vec() };
        let effect = told(&mut effects(), 3, &command, &Verdict::Elsewhere(route)).expect("a command");
        assert_eq!((effect.op, effect.answer), (OpId(7), Answer::Elsewhere));
    }

    #[test]
    fn what_is_no_command_of_the_run_has_no_effect_to_tell() {
        let mut effects = effects();
        effects.note(entry(1), &[], &[]);
        assert_eq!(effects.take(entry(1)), None);
        effects.note(entry(2), &put("unknown", 7), &Verdict::Written.encode());
        assert_eq!(effects.take(entry(2)), None);
    }
}
