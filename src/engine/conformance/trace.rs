//! What engines tell and do, in one order: the kit puts itself between an engine and everything that it is given.

use crate::bed;
use crate::engine::{Listener, Malformed, StateMachine, Status};
use crate::env::{Bus, Envelope, Instant, LaneFull};
use crate::observe::{EndCause, Event, Host, Sink};
use crate::transport::Message;
use crate::wire::{Head, Kind};
use parking_lot::Mutex;
use std::sync::Arc;

/// What an engine told or did.
#[derive(Clone, Debug)]
pub(super) enum Told {
    /// See [`Listener::elected`].
    Elected(u64),
    /// See [`Listener::renewed`].
    Renewed(u64, Instant),
    /// See [`Listener::suspended`].
    Suspended,
    /// See [`Listener::resumed`].
    Resumed(u64, Instant),
    /// See [`Listener::ended`].
    Ended(EndCause),
    /// The sink took it.
    Event(Event),
    /// It sent a message, whatever became of that.
    Sent { kind: Kind, head: Head },
    /// The state machine applied this.
    Applied { index: u64 },
    /// The state machine went on from a snapshot.
    Restored,
    /// It published another status.
    Published(Status),
}

impl Told {
    /// Was it the listener that heard of it?
    pub(super) fn is_callback(&self) -> bool {
        match self {
            Told::Elected(_) | Told::Renewed(..) | Told::Suspended | Told::Resumed(..) | Told::Ended(_) => true,
            Told::Event(_) | Told::Sent { .. } | Told::Applied { .. } | Told::Restored | Told::Published(_) => false,
        }
    }

    /// Is it news of leadership that anybody else can see?
    pub(super) fn shows_leader_of(&self) -> Option<u64> {
        match self {
            Told::Published(status) if status.leads() => Some(status.term),
            Told::Sent { kind: Kind::Heartbeat | Kind::Append | Kind::Snapshot, head, .. } => Some(head.term),
            Told::Event(Event::Role { role: crate::observe::Role::Leader, term, .. }) => Some(*term),
            _ => None,
        }
    }
}

/// Who told what, and when.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) node: u64,
    /// True time; what every clock shows.
    pub(super) at: Instant,
    pub(super) told: Told,
}

/// All that was told, in order. Cloned, it is the same.
#[derive(Clone, Default)]
pub(super) struct Trace(Arc<Mutex<Vec<Entry>>>);

impl Trace {
    /// All of it.
    pub(super) fn all(&self) -> Vec<Entry> {
        self.0.lock().clone()
    }

    /// How much was told so far.
    pub(super) fn len(&self) -> usize {
        self.0.lock().len()
    }

    /// What is put in front of the engine on this machine.
    pub(super) fn recorder(&self, host: &Arc<dyn Host>) -> Recorder {
        Recorder { host: Arc::clone(host), trace: self.clone() }
    }
}

/// Notes what one engine tells and does, and passes it on.
#[derive(Clone)]
pub(super) struct Recorder {
    host: Arc<dyn Host>,
    trace: Trace,
}

impl Recorder {
    pub(super) fn note(&self, told: Told) {
        let at = self.host.monotonic().unwrap_or_default();
        self.trace.0.lock().push(Entry { node: self.host.node().0, at, told });
    }
}

impl Listener for Recorder {
    fn elected(&self, term: u64) {
        self.note(Told::Elected(term));
    }

    fn renewed(&self, term: u64, base: Instant) {
        self.note(Told::Renewed(term, base));
    }

    fn suspended(&self) {
        self.note(Told::Suspended);
    }

    fn resumed(&self, term: u64, base: Instant) {
        self.note(Told::Resumed(term, base));
    }

    fn ended(&self, cause: EndCause) {
        self.note(Told::Ended(cause));
    }
}

impl Sink for Recorder {
    fn observe(&self, event: Event) {
        self.note(Told::Event(event.clone()));
        self.host.observe(event);
    }
}

bed::env_of!(Recorder);

/// Notes what one engine sends.
pub(super) struct Tapped {
    pub(super) bus: Arc<dyn Bus<Message>>,
    pub(super) recorder: Recorder,
}

impl Bus<Message> for Tapped {
    fn send(&self, envelope: Envelope<Message>) -> Result<(), LaneFull> {
        if let Message::Wire(wire) = &envelope.body {
            self.recorder.note(Told::Sent { kind: wire.kind, head: wire.head });
        }
        self.bus.send(envelope)
    }
}

/// A state machine that keeps what was applied, and answers where. It panics at [`PANICS`].
pub(super) struct Ledger {
    recorder: Recorder,
    entries: Mutex<Vec<(u64, Vec<u8>)>>,
}

/// The command at which the state machine panics.
pub(super) const PANICS: &[u8] = b"panics";

impl Ledger {
    pub(super) fn new(recorder: Recorder) -> Self {
        Self { recorder, entries: Mutex::default() }
    }

    /// What was applied, in order.
    pub(super) fn entries(&self) -> Vec<(u64, Vec<u8>)> {
        self.entries.lock().clone()
    }

    /// What is answered to this command at this index.
    pub(super) fn answer(index: u64, command: &[u8]) -> Vec<u8> {
        [&index.to_le_bytes(), command].concat()
    }
}

impl StateMachine for Ledger {
    fn apply(&self, index: u64, command: &[u8]) -> Vec<u8> {
        if command == PANICS {
            bed::panic("the state machine was told to");
        }
        self.entries.lock().push((index, command.to_vec()));
        self.recorder.note(Told::Applied { index });
        Self::answer(index, command)
    }

    fn save(&self) -> Vec<u8> {
        postcard::to_allocvec(&*self.entries.lock()).expect("writing to memory cannot fail")
    }

    fn restore(&self, state: &[u8]) -> Result<(), Malformed> {
        *self.entries.lock() = postcard::from_bytes(state).map_err(|_| Malformed)?;
        self.recorder.note(Told::Restored);
        Ok(())
    }
}
