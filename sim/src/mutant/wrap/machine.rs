//! Between the engine and the store that reads look at.

use leasehold::engine::{Malformed, StateMachine};
use leasehold::observe::Host;
use leasehold::request::{Key, KeyRange};
use leasehold::routes::Route;
use leasehold::store::{Command, Store, Verdict};
use parking_lot::Mutex;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// So much later than the engine takes them for applied the store has entries.
pub(in crate::mutant) const LAG: Duration = Duration::from_millis(20);

/// Entries that the store has yet to be given, each with its index.
type Waiting = Arc<Mutex<VecDeque<(u64, Vec<u8>)>>>;

/// A delete is done with nothing.
pub(in crate::mutant) fn keeps_what_is_deleted(
    store: Arc<dyn StateMachine>,
    _: &Arc<dyn Host>,
) -> Arc<dyn StateMachine> {
    struct Keeps(Arc<dyn StateMachine>);

    impl StateMachine for Keeps {
        fn apply(&self, index: u64, command: &[u8]) -> Vec<u8> {
            match Command::decode(command) {
                Some(Command::Delete { .. }) => Verdict::Written.encode(),
                _ => self.0.apply(index, command),
            }
        }

        fn save(&self) -> Vec<u8> {
            self.0.save()
        }

        fn restore(&self, state: &[u8]) -> Result<(), Malformed> {
            self.0.restore(state)
        }
    }

    Arc::new(Keeps(store))
}

/// A state machine of its own answers the engine; the store is given each entry a while later.
pub(in crate::mutant) fn applied_late(store: Arc<dyn StateMachine>, host: &Arc<dyn Host>) -> Arc<dyn StateMachine> {
    struct Late {
        host: Arc<dyn Host>,
        first: Store,
        then: Arc<dyn StateMachine>,
        waiting: Waiting,
    }

    impl StateMachine for Late {
        fn apply(&self, index: u64, command: &[u8]) -> Vec<u8> {
            self.waiting.lock().push_back((index, command.to_vec()));
            let (host, then, waiting) = (Arc::clone(&self.host), Arc::clone(&self.then), Arc::clone(&self.waiting));
            let apply = async move {
                host.sleep(LAG).await;
                let first = waiting.lock().pop_front();
                if let Some((index, command)) = first {
                    then.apply(index, &command);
                }
            };
            self.host.spawn("apply", Box::pin(apply));
            self.first.apply(index, command)
        }

        fn save(&self) -> Vec<u8> {
            self.first.save()
        }

        fn restore(&self, state: &[u8]) -> Result<(), Malformed> {
            self.waiting.lock().clear();
            self.first.restore(state)?;
            self.then.restore(state)
        }
    }

    let (host, first) = (Arc::clone(host), Store::default());
    Arc::new(Late { host, first, then: store, waiting: Arc::default() })
}

/// A range that is released is had again at once, at a version of its own: the group to which it was released has it as well.
pub(in crate::mutant) fn releases_nothing(store: Arc<dyn StateMachine>, _: &Arc<dyn Host>) -> Arc<dyn StateMachine> {
    struct Keeps(Arc<dyn StateMachine>);

    impl StateMachine for Keeps {
        fn apply(&self, index: u64, command: &[u8]) -> Vec<u8> {
            let answer = self.0.apply(index, command);
            if let (Some(Command::Release { range, .. }), Some(Verdict::Released { version })) =
                (Command::decode(command), Verdict::decode(&answer))
            {
                self.0.apply(index, &Command::Adopt { range, version: version + 1 }.encode());
            }
            answer
        }

        fn save(&self) -> Vec<u8> {
            self.0.save()
        }

        fn restore(&self, state: &[u8]) -> Result<(), Malformed> {
            self.0.restore(state)
        }
    }

    Arc::new(Keeps(store))
}

/// Each write takes effect, and is answered the first time as if its key were another group's; whoever tries again is answered truly.
pub(in crate::mutant) fn refused_though_written(
    store: Arc<dyn StateMachine>,
    _: &Arc<dyn Host>,
) -> Arc<dyn StateMachine> {
    struct Denies {
        store: Arc<dyn StateMachine>,
        denied: Mutex<BTreeSet<Vec<u8>>>,
    }

    impl StateMachine for Denies {
        fn apply(&self, index: u64, command: &[u8]) -> Vec<u8> {
            let answer = self.store.apply(index, command);
            if Verdict::decode(&answer) == Some(Verdict::Written) && self.denied.lock().insert(command.to_vec()) {
                // Older than all that a node knows: it is no news, and the request is tried again.
                let route = Route { range: KeyRange { from: Key::new(), to: None }, owner: None, version: 0 };
                return Verdict::Elsewhere(route).encode();
            }
            answer
        }

        fn save(&self) -> Vec<u8> {
            self.store.save()
        }

        fn restore(&self, state: &[u8]) -> Result<(), Malformed> {
            self.store.restore(state)
        }
    }

    Arc::new(Denies { store, denied: Mutex::default() })
}
