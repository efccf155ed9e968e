//! Simulated hardware: clocks, network, disks, CPUs, processes. It knows no Raft.
//!
//! Time is that of the event being delivered. Events wait in one [`queue`]; they are delivered one at a time, each to quiescence:
//! whatever it wakes runs until it waits again, before the next is looked at. All randomness comes from named [`streams`], one
//! per purpose and entity, so that a new draw in one place leaves every other place untouched.
//!
//! | file | what it simulates |
//! |---|---|
//! | [`executor`] | nothing: where a run meets the machine; the one place that touches madsim, the guard |
//! | [`process`] | tasks of one process, run in an order drawn from the process's own stream |
//! | [`queue`], [`timer`] | what is due, and waiting for it |
//! | [`signal`] | waiting for a change |
//! | [`clock`] | a node's own clocks: offset, rate, steps |
//! | [`network`] | links and lanes: latency, loss, duplication, bounds; partitions, impairments and holds as rules laid on them |
//! | [`disk`] | files with a durable and a pending part |
//! | [`cpu`] | cores that work queues for |
//! | [`streams`], [`quantiles`] | randomness, and latencies drawn from it |
//! | [`decisions`] | what was drawn, by name: recorded, or given again |

pub mod clock;
pub mod cpu;
pub mod decisions;
pub mod disk;
pub mod executor;
pub mod network;
pub mod process;
pub mod quantiles;
pub mod queue;
pub mod signal;
pub mod streams;
pub mod timer;

use crate::time::SimTime;
use crate::words::Cut;
use network::{Flight, LinkId, Network, Receiver, RuleId, Tap};
use parking_lot::Mutex;
use process::{Process, Scheduler};
use queue::Queue;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Waker;
use std::time::Duration;
use streams::Streams;
use timer::Timer;

/// One simulated world, whose network carries messages of type `M`. A handle: clones are the same world.
pub struct World<M: 'static> {
    shared: Arc<Shared<M>>,
}

impl<M> Clone for World<M> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

struct Shared<M: 'static> {
    now: AtomicU64,
    state: Mutex<State<M>>,
    scheduler: Arc<Scheduler>,
    streams: Streams,
    /// It was dissolved.
    over: AtomicBool,
}

struct State<M: 'static> {
    queue: Queue<Due<M>>,
    network: Network<M>,
}

impl<M: Clone> State<M> {
    fn new() -> Self {
        Self { queue: Queue::new(), network: Network::new() }
    }
}

/// What the world does when its time comes.
enum Due<M: 'static> {
    /// Wake whoever waits for this timer, if somebody has begun to.
    Timer(Option<Waker>),
    /// A message arrives.
    Arrival(Flight<M>),
    /// The answer to a unary call arrives.
    Answer(LinkId, u32),
    /// A unary call is over, or given up: its link may make the next.
    CallOver(LinkId, u32),
    /// Run this.
    Call(Box<dyn FnOnce() + Send>),
}

impl<M: Clone + Send + 'static> World<M> {
    /// An empty world whose randomness is that of `seed`.
    pub fn new(seed: u64) -> Self {
        Self::drawing(Streams::new(seed))
    }

    /// An empty world whose randomness comes from `streams`.
    pub fn drawing(streams: Streams) -> Self {
        let shared = Shared {
            now: AtomicU64::new(0),
            state: Mutex::new(State::new()),
            scheduler: Arc::default(),
            streams,
            over: AtomicBool::new(false),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Now.
    pub fn now(&self) -> SimTime {
        SimTime(self.shared.now.load(Ordering::Relaxed))
    }

    /// The sources of randomness.
    pub fn streams(&self) -> &Streams {
        &self.shared.streams
    }

    /// A wait until `at`; over at once if that has passed.
    pub fn until(&self, at: SimTime) -> Timer<M> {
        if at <= self.now() {
            return Timer::over();
        }
        let ticket = self.shared.state.lock().queue.push(at, Due::Timer(None));
        Timer::waiting(self.clone(), ticket)
    }

    /// A wait of `duration`.
    pub fn sleep(&self, duration: Duration) -> Timer<M> {
        self.until(self.now().after(duration))
    }

    /// Runs `call` at `at`, between two events. It must not block.
    pub fn call_at(&self, at: SimTime, call: impl FnOnce() + Send + 'static) {
        self.shared.state.lock().queue.push(at.max(self.now()), Due::Call(Box::new(call)));
    }

    /// A new process, which is not run before the world is.
    pub fn process(&self, name: &str) -> Process {
        let stream = self.streams().stream(&["schedule", name]);
        Process::start(Arc::clone(&self.shared.scheduler), stream)
    }

    /// Lets time pass until `end`, until nothing is due any more, or until `stop` says so (asked after every event).
    pub fn run(&self, end: SimTime, stop: impl Fn() -> bool) {
        loop {
            self.shared.scheduler.settle();
            if stop() {
                return;
            }
            let Some((at, due)) = self.shared.state.lock().queue.pop(end) else { return };
            self.shared.now.store(at.0, Ordering::Relaxed);
            self.deliver(due);
        }
    }

    /// Ends all processes and forgets all that was due. Parts of a world refer to each other in circles; without this, its memory
    /// would stay.
    pub fn dissolve(&self) {
        self.shared.over.store(true, Ordering::Relaxed);
        self.shared.scheduler.kill_all();
        let state = std::mem::replace(&mut *self.shared.state.lock(), State::new());
        drop(state);
    }

    /// Was it dissolved?
    pub fn is_over(&self) -> bool {
        self.shared.over.load(Ordering::Relaxed)
    }

    fn deliver(&self, due: Due<M>) {
        match due {
            Due::Timer(waker) => waker.into_iter().for_each(Waker::wake),
            Due::Arrival(flight) => self.arrive(flight),
            Due::Answer(link, call) => self.with_network(|network, route| network.answer(link, call, route)),
            Due::CallOver(link, call) => self.with_network(|network, route| network.call_over(link, call, route)),
            Due::Call(call) => call(),
        }
    }
}

/// The way from the network into the queue.
struct Route<'a, M: 'static> {
    now: SimTime,
    queue: &'a mut Queue<Due<M>>,
}

impl<M> Route<'_, M> {
    fn arrival(&mut self, at: SimTime, flight: Flight<M>) {
        self.queue.push(at, Due::Arrival(flight));
    }

    fn answer(&mut self, at: SimTime, link: LinkId, call: u32) {
        self.queue.push(at, Due::Answer(link, call));
    }

    fn call_over(&mut self, at: SimTime, link: LinkId, call: u32) {
        self.queue.push(at, Due::CallOver(link, call));
    }
}

/// The network's side of the world.
impl<M: Clone + Send + 'static> World<M> {
    /// Adds a link; messages from its sender to its receiver wait in it.
    pub fn add_link(&self, link: network::Link<M>) -> LinkId {
        self.shared.state.lock().network.add(link)
    }

    /// Who is told what becomes of messages.
    pub fn set_tap(&self, tap: Arc<dyn Tap<M>>) {
        self.shared.state.lock().network.set_tap(tap);
    }

    /// Messages of this link arrive there from now on; `None`: they vanish.
    pub fn set_receiver(&self, link: LinkId, receiver: Option<Arc<dyn Receiver<M>>>) {
        self.shared.state.lock().network.set_receiver(link, receiver);
    }

    /// Sends a message by this link.
    ///
    /// # Errors
    /// The message, if the link's queue is full.
    pub fn send(&self, link: LinkId, message: M) -> Result<(), M> {
        self.with_network(|network, route| network.send(link, message, route))
    }

    /// Cuts links, by a rule that can be lifted again.
    pub fn cut(&self, links: &[LinkId], how: Cut) -> RuleId {
        self.shared.state.lock().network.cut(links, how)
    }

    /// Impairs links, by a rule that can be lifted again. It draws from streams of the name `name`, which must be its own.
    pub fn impair(&self, links: &[LinkId], impairment: &network::Impairment<M>, name: &str) -> RuleId {
        let stream = |link: &str| self.streams().stream(&["impairment", name, link]);
        self.shared.state.lock().network.impair(links, impairment, stream)
    }

    /// Sets single messages aside as they are sent by these links, by a rule that can be lifted again.
    pub fn hold(&self, links: &[LinkId], hold: network::Hold<M>) -> RuleId {
        self.shared.state.lock().network.hold(links, hold)
    }

    /// Lifts a rule. What it held back is sent now, in order.
    pub fn lift(&self, rule: RuleId) {
        self.with_network(|network, route| network.lift(rule, route));
    }

    /// Drops what a rule holds back.
    pub fn drop_held(&self, rule: RuleId) {
        self.shared.state.lock().network.drop_held(rule, self.now());
    }

    /// Drops all that rules, also those that were lifted, hold back or have left in flight, and ends unary calls that hang by one.
    pub fn sweep(&self) {
        self.with_network(|network, route| network.sweep(route));
    }

    fn arrive(&self, flight: Flight<M>) {
        let arrival = self.with_network(|network, route| network.arrive(flight, route));
        if let Some((receiver, message)) = arrival {
            receiver.receive(message);
        }
    }

    /// Calls into the network, which puts what it sends on its way into the queue.
    fn with_network<T>(&self, act: impl FnOnce(&mut Network<M>, &mut Route<'_, M>) -> T) -> T {
        let State { queue, network } = &mut *self.shared.state.lock();
        act(network, &mut Route { now: self.now(), queue })
    }
}
