//! Rules are laid on links, and lifted; the network is swept of what they have left behind.

use super::link::Waiting;
use super::rules::{Hold, Impaired, Impairment, RuleId};
use super::{Fate, LinkId, Network};
use crate::time::SimTime;
use crate::words::Cut;
use crate::world::Route;
use crate::world::streams::Stream;

impl<M: Clone> Network<M> {
    fn next_rule(&mut self) -> RuleId {
        self.rules += 1;
        RuleId(self.rules)
    }

    pub(in crate::world) fn cut(&mut self, links: &[LinkId], how: Cut) -> RuleId {
        let rule = self.next_rule();
        for id in links {
            let link = &mut self.links[id.0];
            link.cuts.push((rule, how));
            if how == Cut::Flight {
                link.epoch += 1;
                link.last_in_flight_rule = rule;
            }
        }
        rule
    }

    pub(in crate::world) fn impair(
        &mut self,
        links: &[LinkId],
        impairment: &Impairment<M>,
        stream: impl Fn(&str) -> Stream,
    ) -> RuleId {
        let rule = self.next_rule();
        for id in links {
            let link = &mut self.links[id.0];
            link.impaired.push(Impaired::new(rule, impairment.clone(), stream(&link.name)));
        }
        rule
    }

    pub(in crate::world) fn hold(&mut self, links: &[LinkId], hold: Hold<M>) -> RuleId {
        let rule = self.next_rule();
        self.holds.insert(rule, hold);
        links.iter().for_each(|id| self.links[id.0].holds.push(rule));
        rule
    }

    pub(in crate::world) fn lift(&mut self, rule: RuleId, route: &mut Route<'_, M>) {
        self.holds.remove(&rule);
        for id in (0..self.links.len()).map(LinkId) {
            let link = &mut self.links[id.0];
            link.impaired.retain(|impaired| impaired.rule != rule);
            link.holds.retain(|other| *other != rule);
            let cuts = link.cuts.len();
            link.cuts.retain(|(other, _)| *other != rule);
            let was_cut = link.cuts.len() < cuts;
            let (freed, aside) = std::mem::take(&mut link.aside).into_iter().partition(|(by, _)| *by == rule);
            link.aside = aside;
            self.let_go(id, rule, freed, route);
            if was_cut {
                self.drain(id, route);
            }
        }
    }

    /// Sends what `rule` had set aside. It meets whatever rules there still are; where a queue is full, it is lost.
    fn let_go(&mut self, id: LinkId, rule: RuleId, freed: Vec<(RuleId, M)>, route: &mut Route<'_, M>) {
        for (_, message) in freed {
            let link = &mut self.links[id.0];
            if !link.call.open && !matches!(link.cut(), Some((_, Cut::Hold))) {
                self.leave(id, message, Some(rule), route);
            } else if link.waiting.len() < link.quality.bound {
                link.waiting.push_back(Waiting { message, held: Some(rule) });
            } else {
                self.tell(route.now, &message, Fate::Lost);
            }
        }
    }

    /// Drops what `rule` holds back.
    pub(in crate::world) fn drop_held(&mut self, rule: RuleId, now: SimTime) {
        self.drop_held_where(now, |by| by == rule);
    }

    /// Drops what rules hold back, or would not be under way but for a rule, and ends the calls that hang by one: as if no rule had
    /// ever been.
    pub(in crate::world) fn sweep(&mut self, route: &mut Route<'_, M>) {
        self.drop_held_where(route.now, |_| true);
        self.sweeps = self.sweeps.wrapping_add(1);
        for id in (0..self.links.len()).map(LinkId) {
            let link = &mut self.links[id.0];
            if let Some((_, unhindered)) = link.last.late.take() {
                link.last.at = unhindered;
            }
            if link.call.open && link.call.hung {
                link.call.open = false;
                link.call.number = link.call.number.wrapping_add(1);
                self.drain(id, route);
            }
        }
    }

    fn drop_held_where(&mut self, now: SimTime, is_of: impl Fn(RuleId) -> bool) {
        let mut dropped = Vec::new();
        for link in &mut self.links {
            let waiting = std::mem::take(&mut link.waiting);
            for Waiting { message, held } in waiting {
                match held.filter(|rule| is_of(*rule)) {
                    Some(rule) => dropped.push((rule, message)),
                    None => link.waiting.push_back(Waiting { message, held }),
                }
            }
            dropped.extend(link.aside.extract_if(.., |(rule, _)| is_of(*rule)));
        }
        dropped.iter().for_each(|(rule, message)| self.tell(now, message, Fate::Cut(*rule)));
    }
}
