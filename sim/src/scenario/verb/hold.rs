//! `hold = { messages = ["timeout-now"], for = "1.1 election-timeouts" }`: messages of these kinds are set aside as they are
//! sent; at the end they are delivered, or dropped (`then`). Others pass them.

use super::prelude::*;
use crate::scenario::MAX_QUEUE;

/// Kinds of messages on whose delay the lease depends; those of which many are sent come once, as do those that decide.
const KINDS: [MessageKind; 12] = [
    MessageKind::Heartbeat,
    MessageKind::HeartbeatResponse,
    MessageKind::Append,
    MessageKind::AppendResponse,
    MessageKind::TimeoutNow,
    MessageKind::ForcedVote,
    MessageKind::Vote,
    MessageKind::VoteResponse,
    MessageKind::PreVote,
    MessageKind::Snapshot,
    MessageKind::Request,
    MessageKind::Reply,
];

table! {
    /// Messages that are set aside when they are sent. Others pass them.
    pub struct Hold {
        /// The kinds of messages: `["heartbeat-response"]`.
        messages: Vec<MessageKind> = "messages", Or(Vec::new(), List(word::<MessageKind>()));
        /// On which links.
        ends: Ends = "", among::<Ends>();
        /// Only so many, the first that are sent; the others pass. Default: all.
        first: Option<u32> = "first", Maybe(Whole { least: 1, most: MAX_QUEUE });
        /// What becomes of them at the end: `deliver` (default) or `drop`.
        then: Leftover = "then", Or(Leftover::Deliver, word::<Leftover>());
        /// For how long; without it, until a `heal`.
        lasts: Option<Duration> = "for", Maybe(POSITIVE);
    }
    wrong |hold, _given, _frame| {
        lacking "" if hold.messages.is_empty() => "a hold needs `messages`",
            "say which kinds: `messages = [\"heartbeat-response\"]`; for all write a partition";
    }
}

impl Deed for Hold {
    fn scope(&self) -> Scope {
        Scope::of([&self.ends.from[..], &self.ends.to].concat()).lasting(self.lasts)
    }

    fn told(&self) -> String {
        let (between, drawn) = between(&self.ends);
        let kinds = kinds_listed(&self.messages);
        let what = match self.first {
            None => format!("messages of the kind {kinds} {between} are held back"),
            Some(1) => format!("the first message of the kind {kinds} {between} is held back"),
            Some(first) => format!("the first {first} messages of the kind {kinds} {between} are held back"),
        };
        let then = match self.then {
            Leftover::Deliver => "then delivered",
            Leftover::Drop => "then dropped",
        };
        format!("{} {what}, {then}; others pass{drawn}", lasting(self.lasts))
    }

    fn drawn(steps: &mut Steps<'_>) -> Self {
        let messages = vec![steps.dice.pick(&KINDS)];
        let first = steps.dice.chance(60).then(|| steps.dice.pick(&[1, 2, 5]));
        let then = if steps.dice.chance(80) { Leftover::Deliver } else { Leftover::Drop };
        Self { messages, ends: steps.ends(), first, then, lasts: steps.lasting(&BLACKOUTS) }
    }

    fn plainer(&self) -> Vec<Self> {
        let one = |kind: &MessageKind| vec![*kind];
        let kinds: Vec<_> = if self.messages.len() > 1 { self.messages.iter().map(one).collect() } else { Vec::new() };
        [
            each(self, kinds, |it, messages| it.messages = messages),
            each(self, ends(&self.ends), |it, ends| it.ends = ends),
            each(self, usual(&self.first, None), |it, first| it.first = first),
            each(self, usual(&self.then, Leftover::Deliver), |it, then| it.then = then),
            each(self, shorter(self.lasts), |it, lasts| it.lasts = lasts),
        ]
        .concat()
    }
}
