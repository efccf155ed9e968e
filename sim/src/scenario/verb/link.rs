//! `link = { from = "@leader", to = "@others", lane = "heartbeat", loss = "5%", delay = "20ms", for = "2s" }`: links are worse than
//! they are: messages are lost, late, doubled, out of order, stalled, too many for the line or the queue.

use super::prelude::*;
use crate::scenario::{MAX_QUEUE, Ppm, problem::quote_all, units::written_bandwidth};

/// The impairments of a link, for messages.
const IMPAIRMENTS: [&str; 8] = ["loss", "delay", "jitter", "duplicate", "reorder", "stall", "bandwidth", "queue"];

/// By which messages are late: spikes between zones (12 ms), retransmissions of TCP, whose timeout begins at 200 ms and doubles.
const DELAYS: [u64; 8] = [1, 3, 12, 12, 50, 200, 400, 800];

table! {
    /// Links that are worse than they are. At least one of the impairments is there.
    pub struct Link: Default {
        /// Which links.
        ends: Ends = "", among::<Ends>();
        /// The lane of the transport. Default: all.
        lane: Option<Lane> = "lane", Maybe(word::<Lane>());
        /// Only messages of these kinds. Default: all.
        messages: Vec<MessageKind> = "messages", Or(Vec::new(), List(word::<MessageKind>()));
        /// The share of messages that is lost.
        loss: Ppm = "loss", Or(Ppm(0), SHARE);
        /// How much later each message arrives.
        delay: Duration = "delay", Or(Duration::ZERO, DURATION);
        /// Up to so much later still, drawn for each message.
        jitter: Duration = "jitter", Or(Duration::ZERO, DURATION);
        /// The share of messages that arrives twice; requests never do, as calls over a connection.
        duplicate: Ppm = "duplicate", Or(Ppm(0), SHARE);
        /// Messages may overtake one another.
        reorder: bool = "reorder", Or(false, FLAG);
        /// The share of messages whose segment is lost and sent again, 200 ms later and then twice as late each time; what follows
        /// waits.
        stall: Ppm = "stall", Or(Ppm(0), SHARE);
        /// How fast bytes leave; what comes faster waits in the lane's queue.
        bandwidth: Option<u64> = "bandwidth", Maybe(BANDWIDTH);
        /// How many messages may wait to leave, where that is less than the lane allows.
        queue: Option<u32> = "queue", Maybe(Whole { least: 1, most: MAX_QUEUE });
        /// For how long; without it, until a `heal`.
        lasts: Option<Duration> = "for", Maybe(POSITIVE);
    }
    wrong |link, _given, _frame| {
        lacking "" if link.is_harmless() => "a link that nothing is wrong with",
            format!("say what is: {}", quote_all(IMPAIRMENTS));
        refused "stall" if link.reorder && link.stall > Ppm(0) =>
            "a stall holds up what follows in order; with `reorder` there is none",
            "for late messages that others overtake write `delay` and `jitter`";
    }
    fits = Link::meets_messages;
}

impl Link {
    /// A rule about messages of a lane by which they do not go would never meet one.
    fn meets_messages(self, entries: &Entries<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let elsewhere = self.messages.iter().find(|kind| self.lane.is_some_and(|lane| kind.lane() != lane));
        let (Some(kind), Some(lane)) = (elsewhere, self.lane) else { return Some(self) };
        let message = format!("messages of the kind `{kind}` do not go by the lane `{}`", lane.name());
        let help = format!("they go by `{}`; without `lane` it is all of them", kind.lane().name());
        reader.report.refused(Problem::new(message).at(entries.span.clone()).help(help))
    }

    /// Do messages that it is not about come as if it were not there?
    pub fn passes_others(&self) -> bool {
        let Self { ends, lane, messages, lasts, loss, duplicate, .. } = self.clone();
        *self == Self { ends, lane, messages, lasts, loss, duplicate, ..Self::default() }
    }

    fn is_harmless(&self) -> bool {
        let Self { ends, lane, messages, lasts, .. } = self.clone();
        *self == Self { ends, lane, messages, lasts, ..Self::default() }
    }
}

impl Deed for Link {
    fn scope(&self) -> Scope {
        Scope::of([&self.ends.from[..], &self.ends.to].concat()).lasting(self.lasts)
    }

    fn told(&self) -> String {
        let what = match (self.lane, &self.messages[..]) {
            (None, []) => "messages".to_owned(),
            (Some(lane), []) => format!("messages on the {} lane", lane.name()),
            (_, kinds) => format!("messages of the kind {}", kinds_listed(kinds)),
        };
        let resent = "are lost on the wire and sent again after 200ms or more, and the rest waits";
        let wrongs = [
            (self.loss > Ppm(0)).then(|| format!("{} of them are lost", percent(self.loss))),
            (self.delay > Duration::ZERO).then(|| format!("they arrive {} late", time(self.delay))),
            (self.jitter > Duration::ZERO).then(|| format!("they arrive up to {} later still", time(self.jitter))),
            (self.duplicate > Ppm(0)).then(|| format!("{} arrive twice", percent(self.duplicate))),
            self.reorder.then(|| "they may overtake one another".to_owned()),
            (self.stall > Ppm(0)).then(|| format!("{} {resent}", percent(self.stall))),
            self.bandwidth.map(|bandwidth| format!("no more than {} leave", written_bandwidth(bandwidth))),
            self.queue.map(|queue| format!("no more than {queue} may wait to leave")),
        ];
        let wrongs: Vec<String> = wrongs.into_iter().flatten().collect();
        let (between, drawn) = between(&self.ends);
        format!("{} something is wrong with {what} {between}: {}{drawn}", lasting(self.lasts), listed(&wrongs))
    }

    fn drawn(steps: &mut Steps<'_>) -> Self {
        let lane = steps.dice.chance(40).then(|| steps.dice.pick(&[Lane::Heartbeat, Lane::Bulk]));
        let (ends, lasts) = (steps.ends(), steps.lasting(&BLACKOUTS));
        let mut link = Self { ends, lane, lasts, ..Self::default() };
        match steps.dice.below(7) {
            0 => link.loss = Ppm(steps.dice.pick(&[10_000, 100_000, 500_000])),
            1 => link.delay = steps.millis(&DELAYS),
            2 => {
                link.jitter = steps.millis(&DELAYS);
                link.reorder = true;
            }
            3 => link.duplicate = Ppm(steps.dice.pick(&[10_000, 500_000])),
            4 => link.stall = Ppm(steps.dice.pick(&[10_000, 50_000])),
            5 => link.bandwidth = Some(steps.dice.pick(&[10_000, 1_000_000])),
            _ => link.queue = Some(steps.dice.pick(&[1, 8])),
        }
        link
    }

    fn plainer(&self) -> Vec<Self> {
        let plain = Self::default();
        [
            each(self, usual(&self.loss, plain.loss), |it, loss| it.loss = loss),
            each(self, usual(&self.delay, plain.delay), |it, delay| it.delay = delay),
            each(self, usual(&self.jitter, plain.jitter), |it, jitter| it.jitter = jitter),
            each(self, usual(&self.duplicate, plain.duplicate), |it, duplicate| it.duplicate = duplicate),
            each(self, usual(&self.reorder, plain.reorder), |it, reorder| it.reorder = reorder),
            each(self, usual(&self.stall, plain.stall), |it, stall| it.stall = stall),
            each(self, usual(&self.bandwidth, plain.bandwidth), |it, bandwidth| it.bandwidth = bandwidth),
            each(self, usual(&self.queue, plain.queue), |it, queue| it.queue = queue),
            each(self, ends(&self.ends), |it, ends| it.ends = ends),
            each(self, usual(&self.lane, None), |it, lane| it.lane = lane),
            each(self, usual(&self.messages, Vec::new()), |it, messages| it.messages = messages),
            each(self, units::shorter(self.delay), |it, delay| it.delay = delay),
            each(self, units::shorter(self.jitter), |it, jitter| it.jitter = jitter),
            each(self, shorter(self.lasts), |it, lasts| it.lasts = lasts),
        ]
        .concat()
    }
}
