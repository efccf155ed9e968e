//! What can be put around an engine, and between it and its parts, so that it breaks its contract in one place.

use crate::bed;
use crate::engine::{Applied, Config, Engine, Factory, Listener, Malformed, MembershipChange, Parts, Status};
use crate::env::{BoxFuture, Disk, DiskError, Instant, NodeId};
use crate::error::Error;
use crate::observe::{EndCause, Event, Host, RoundCause, Sink, Timing};
use crate::transport::Packet;
use crate::wire::Wire;
use std::sync::Arc;
use std::time::Duration;

/// What comes of a call, later.
pub(super) type Later<T> = BoxFuture<Result<T, Error>>;

/// What is odd about an engine: what is not said here goes through as it is.
pub(super) trait Oddity: Send + Sync + 'static {
    fn status(&self, engine: &Arc<dyn Engine>) -> Status {
        engine.status()
    }

    fn propose(&self, engine: &Arc<dyn Engine>, command: Vec<u8>) -> Later<Applied> {
        engine.propose(command)
    }

    fn read_index(&self, engine: &Arc<dyn Engine>, cause: RoundCause) -> Later<u64> {
        engine.read_index(cause)
    }

    fn wait_applied(&self, engine: &Arc<dyn Engine>, index: u64) -> Later<()> {
        engine.wait_applied(index)
    }

    fn transfer(&self, engine: &Arc<dyn Engine>, to: NodeId) -> Later<()> {
        engine.transfer(to)
    }

    fn change_membership(&self, engine: &Arc<dyn Engine>, change: MembershipChange) -> Later<u64> {
        engine.change_membership(change)
    }

    fn stop(&self, engine: &Arc<dyn Engine>) {
        engine.stop();
    }

    fn ended(&self, engine: &Arc<dyn Engine>) -> Later<()> {
        engine.ended()
    }
}

/// An engine about which something is odd.
struct Odd<O> {
    engine: Arc<dyn Engine>,
    oddity: O,
}

impl<O: Oddity> Engine for Odd<O> {
    fn status(&self) -> Status {
        self.oddity.status(&self.engine)
    }

    fn propose(&self, command: Vec<u8>) -> Later<Applied> {
        self.oddity.propose(&self.engine, command)
    }

    fn read_index(&self, cause: RoundCause) -> Later<u64> {
        self.oddity.read_index(&self.engine, cause)
    }

    fn wait_applied(&self, index: u64) -> Later<()> {
        self.oddity.wait_applied(&self.engine, index)
    }

    fn transfer(&self, to: NodeId) -> Later<()> {
        self.oddity.transfer(&self.engine, to)
    }

    fn change_membership(&self, change: MembershipChange) -> Later<u64> {
        self.oddity.change_membership(&self.engine, change)
    }

    fn waiting(&self) -> usize {
        self.engine.waiting()
    }

    fn deliver(&self, packet: Box<Packet>) {
        self.engine.deliver(packet);
    }

    fn stop(&self) {
        self.oddity.stop(&self.engine);
    }

    fn ended(&self) -> Later<()> {
        self.oddity.ended(&self.engine)
    }
}

/// Puts something in front of an engine.
type Front = dyn Fn(Arc<dyn Engine>, &Arc<dyn Host>) -> Arc<dyn Engine> + Send + Sync;

/// What makes wrong engines of those that a factory makes.
pub(super) type Around = Arc<dyn Fn(Arc<dyn Factory>) -> Arc<dyn Factory>>;

/// Makes engines of other parts, or with something in front of them.
struct Assembled<P> {
    engines: Arc<dyn Factory>,
    parts: Arc<P>,
    front: Arc<Front>,
}

impl<P: Fn(Parts) -> Parts + Send + Sync> Factory for Assembled<P> {
    fn timing(&self, config: &Config, lease: Duration) -> Timing {
        self.engines.timing(config, lease)
    }

    fn start(&self, parts: Parts) -> Result<Arc<dyn Engine>, Error> {
        let host = Arc::clone(&parts.host);
        Ok((self.front)(self.engines.start((self.parts)(parts))?, &host))
    }

    fn decode(&self, bytes: &[u8]) -> Result<Wire, Malformed> {
        self.engines.decode(bytes)
    }
}

fn assembled(parts: impl Fn(Parts) -> Parts + Send + Sync + 'static, front: Arc<Front>) -> Around {
    let parts = Arc::new(parts);
    Arc::new(move |engines| Arc::new(Assembled { engines, parts: Arc::clone(&parts), front: Arc::clone(&front) }))
}

/// Engines about which nothing is wrong.
pub(super) fn as_they_are() -> Around {
    Arc::new(|engines| engines)
}

/// Engines made of other parts.
pub(super) fn of_parts(parts: impl Fn(Parts) -> Parts + Send + Sync + 'static) -> Around {
    assembled(parts, Arc::new(|engine, _| engine))
}

/// Engines about which something is odd.
pub(super) fn odd<O: Oddity>(oddity: impl Fn(&Arc<dyn Host>) -> O + Send + Sync + 'static) -> Around {
    let front =
        move |engine, host: &Arc<dyn Host>| -> Arc<dyn Engine> { Arc::new(Odd { engine, oddity: oddity(host) }) };
    assembled(|parts| parts, Arc::new(front))
}

/// What a listener is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Heard {
    Elected(u64),
    Renewed(u64, Instant),
    Suspended,
    Resumed(u64, Instant),
    Ended(EndCause),
}

impl Heard {
    /// Tells it.
    pub(super) fn tell(self, listener: &dyn Listener) {
        match self {
            Heard::Elected(term) => listener.elected(term),
            Heard::Renewed(term, base) => listener.renewed(term, base),
            Heard::Suspended => listener.suspended(),
            Heard::Resumed(term, base) => listener.resumed(term, base),
            Heard::Ended(cause) => listener.ended(cause),
        }
    }
}

/// Between an engine and its listener.
struct Between<F> {
    listener: Arc<dyn Listener>,
    passes: F,
}

impl<F: Fn(Heard, &dyn Listener) + Send + Sync> Listener for Between<F> {
    fn elected(&self, term: u64) {
        (self.passes)(Heard::Elected(term), &*self.listener);
    }

    fn renewed(&self, term: u64, base: Instant) {
        (self.passes)(Heard::Renewed(term, base), &*self.listener);
    }

    fn suspended(&self) {
        (self.passes)(Heard::Suspended, &*self.listener);
    }

    fn resumed(&self, term: u64, base: Instant) {
        (self.passes)(Heard::Resumed(term, base), &*self.listener);
    }

    fn ended(&self, cause: EndCause) {
        (self.passes)(Heard::Ended(cause), &*self.listener);
    }
}

/// Engines that tell their listener what `passes` makes of it: one for each engine.
pub(super) fn listened<F>(passes: impl Fn(&Arc<dyn Host>) -> F + Send + Sync + 'static) -> Around
where
    F: Fn(Heard, &dyn Listener) + Send + Sync + 'static,
{
    of_parts(move |parts| {
        let passes = passes(&parts.host);
        Parts { listener: Arc::new(Between { listener: Arc::clone(&parts.listener), passes }), ..parts }
    })
}

/// Between an engine and the sink.
struct Overheard {
    host: Arc<dyn Host>,
    passes: Passes,
}

/// What is told to the sink, and the sink.
type Passes = Arc<dyn Fn(Event, &dyn Host) + Send + Sync>;

bed::env_of!(Overheard);

impl Sink for Overheard {
    fn observe(&self, event: Event) {
        (self.passes)(event, &*self.host);
    }
}

/// Engines that tell the sink what `passes` makes of it.
pub(super) fn overheard(passes: impl Fn(Event, &dyn Host) + Send + Sync + 'static) -> Around {
    let passes: Passes = Arc::new(passes);
    of_parts(move |parts| {
        let host = Arc::new(Overheard { host: Arc::clone(&parts.host), passes: Arc::clone(&passes) });
        Parts { host, ..parts }
    })
}

/// A disk whose syncs are over before they are.
struct Hasty {
    disk: Arc<dyn Disk>,
    host: Arc<dyn Host>,
    syncs: bool,
}

/// Engines that do not wait for their disk; or that do not ask it to make anything durable.
pub(super) fn hasty(syncs: bool) -> Around {
    of_parts(move |parts| Parts {
        disk: Arc::new(Hasty { disk: Arc::clone(&parts.disk), host: Arc::clone(&parts.host), syncs }),
        ..parts
    })
}

impl Hasty {
    fn begin(&self, write: BoxFuture<Result<(), DiskError>>) -> BoxFuture<Result<(), DiskError>> {
        if self.syncs {
            self.host.spawn(
                "write",
                Box::pin(async move {
                    let _ = write.await;
                }),
            );
        }
        Box::pin(std::future::ready(Ok(())))
    }
}

impl Disk for Hasty {
    fn read(&self, file: &str) -> Result<Vec<u8>, DiskError> {
        self.disk.read(file)
    }

    fn append(&self, file: &str, bytes: &[u8]) -> Result<(), DiskError> {
        self.disk.append(file, bytes)
    }

    fn truncate(&self, file: &str, length: u64) -> Result<(), DiskError> {
        self.disk.truncate(file, length)
    }

    fn sync(&self, file: &str) -> BoxFuture<Result<(), DiskError>> {
        self.begin(self.disk.sync(file))
    }

    fn replace(&self, file: &str, bytes: Vec<u8>) -> BoxFuture<Result<(), DiskError>> {
        self.begin(self.disk.replace(file, bytes))
    }
}
