//! Which group is asked for what of a request, and how their answers become one.

use crate::env::GroupId;
use crate::error::Error;
use crate::request::{Key, KeyRange, Read, Request, Response};
use crate::routes::Routes;
use crate::rules::{Rule, is};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What one group is asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Share {
    pub(super) group: GroupId,
    pub(super) request: Arc<Request>,
    /// Of several keys: the places that these have in the whole request.
    places: Vec<usize>,
}

impl Share {
    /// All of `request`.
    pub(super) fn whole(group: GroupId, request: &Arc<Request>) -> Self {
        Self { group, request: Arc::clone(request), places: Vec::new() }
    }
}

/// What each group is asked for, by number. `None`: no group has a key, or none has all of a request that is of one group.
pub(super) fn split(request: &Arc<Request>, routes: &Routes) -> Option<Vec<Share>> {
    match &**request {
        Request::Get { key } | Request::Put { key, .. } | Request::Cas { key, .. } | Request::Delete { key } => {
            Some(vec![Share::whole(routes.owner(key)?, request)])
        }
        // Who administers the cluster asks the group itself.
        Request::Release { .. } | Request::Adopt { .. } => None,
        Request::Script { key, reads, .. } => {
            let owner = routes.owner(key)?;
            let all = reads.iter().all(|key| routes.owner(key) == Some(owner));
            all.then(|| vec![Share::whole(owner, request)])
        }
        Request::Mget { keys } => {
            let places = by_owner((0..keys.len()).map(|place| (routes.owner(&keys[place]), place)))?;
            let share = |(group, places): (GroupId, Vec<usize>)| {
                let keys = places.iter().map(|place| keys[*place].clone()).collect();
                Share { group, request: Arc::new(Request::Mget { keys }), places }
            };
            Some(places.into_iter().map(share).collect())
        }
        Request::Scan { ranges, limit } => {
            let limit = *limit;
            let parts =
                by_owner(ranges.iter().flat_map(|range| routes.pieces(range)).map(|piece| (piece.owner, piece.range)))?;
            let share = |(group, ranges): (GroupId, Vec<KeyRange>)| {
                let request = Arc::new(Request::Scan { ranges, limit });
                Share { group, request, places: Vec::new() }
            };
            Some(parts.into_iter().map(share).collect())
        }
    }
}

/// What each group has of these. `None`: one of them has no owner.
fn by_owner<T>(all: impl IntoIterator<Item = (Option<GroupId>, T)>) -> Option<BTreeMap<GroupId, Vec<T>>> {
    let mut shares = BTreeMap::<GroupId, Vec<T>>::new();
    for (owner, of) in all {
        if !Rule::EveryKeyIsRouted.holds(is(owner.is_some())) {
            return None;
        }
        if let Some(group) = owner {
            shares.entry(group).or_default().push(of);
        }
    }
    Some(shares)
}

/// One answer to `request`, of those to its shares.
///
/// # Errors
/// [`Error::Invalid`]: one is an answer to something else.
pub(super) fn join(request: &Request, answers: Vec<(Share, Response)>) -> Result<Response, Error> {
    let other = Err(Error::Invalid("an answer to something else"));
    match request {
        Request::Mget { keys } => {
            let (mut all, mut heads) = (vec![Read::default(); keys.len()], Vec::new());
            for (share, answer) in answers {
                let Response::Values { reads, parts } = answer else { return other };
                if reads.len() != share.places.len() {
                    return other;
                }
                share.places.iter().zip(reads).for_each(|(place, read)| all[*place] = read);
                heads.extend(parts);
            }
            Ok(Response::Values { reads: all, parts: heads })
        }
        Request::Scan { limit, .. } => {
            let (mut all, mut heads) = (Vec::new(), Vec::new());
            for (_, answer) in answers {
                let Response::Entries { entries, parts } = answer else { return other };
                all.extend(entries);
                heads.extend(parts);
            }
            all.sort_by(|one, other| Key::cmp(&one.key, &other.key));
            // Each group has told its first ones: none that is left out comes before the last of these.
            all.truncate(*limit as usize);
            Ok(Response::Entries { entries: all, parts: heads })
        }
        Request::Get { .. }
        | Request::Put { .. }
        | Request::Cas { .. }
        | Request::Delete { .. }
        | Request::Script { .. }
        | Request::Release { .. }
        | Request::Adopt { .. } => answers.into_iter().map(|(_, answer)| answer).next().map_or(other, Ok),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::{Entry, Part, ReadPath};

    const SECOND: GroupId = GroupId(2);

    /// Keys from `m` on are the second group's, and those from `x` on nobody's.
    fn routes() -> Routes {
        Routes::new([("".into(), Some(GroupId::FIRST)), ("m".into(), Some(SECOND)), ("x".into(), None)])
    }

    fn mget(keys: &[&str]) -> Request {
        Request::Mget { keys: keys.iter().map(|key| Key::from(*key)).collect() }
    }

    fn scan(ranges: &[(&str, &str)], limit: u32) -> Request {
        let range = |(from, to): &(&str, &str)| KeyRange { from: (*from).into(), to: Some((*to).into()) };
        Request::Scan { ranges: ranges.iter().map(range).collect(), limit }
    }

    fn shares(request: Request) -> Option<Vec<(u64, Request)>> {
        let shares = split(&Arc::new(request), &routes())?;
        Some(shares.into_iter().map(|share| (share.group.0, (*share.request).clone())).collect())
    }

    #[test]
    fn each_group_is_asked_once_for_the_keys_that_it_has() {
        let asked = shares(mget(&["n", "a", "m", "b"]));
        assert_eq!(asked, Some(vec![(1, mget(&["a", "b"])), (2, mget(&["n", "m"]))]));
        assert_eq!(shares(mget(&["b", "a"])), Some(vec![(1, mget(&["b", "a"]))]));
    }

    #[test]
    fn each_group_is_asked_for_what_it_has_of_a_range() {
        let asked = shares(scan(&[("k", "p")], 7));
        assert_eq!(asked, Some(vec![(1, scan(&[("k", "m")], 7)), (2, scan(&[("m", "p")], 7))]));
        assert_eq!(shares(scan(&[("n", "o")], 7)), Some(vec![(2, scan(&[("n", "o")], 7))]));
    }

    #[test]
    fn a_key_that_no_group_has_fails_the_whole() {
        assert_eq!(shares(mget(&["a", "y"])), None);
        assert_eq!(shares(scan(&[("n", "y")], 7)), None);
        assert_eq!(shares(Request::Delete { key: "y".into() }), None);
    }

    #[test]
    fn answers_are_put_together_in_the_order_of_the_keys() {
        let request = Arc::new(mget(&["n", "a", "m", "b"]));
        let read = |version| Read { value: None, version };
        let part = |group| Part { group, snapshot: 9, path: ReadPath::Lease };
        let answer = |group, versions: &[u64]| Response::Values {
            reads: versions.iter().map(|version| read(*version)).collect(),
            parts: vec![part(group)],
        };
        let asked = split(&request, &routes()).unwrap();
        let both = [answer(GroupId::FIRST, &[1, 2]), answer(SECOND, &[3, 4])];
        let joined = join(&request, asked.clone().into_iter().zip(both).collect());
        let (reads, parts) = ([3, 1, 4, 2].map(read).to_vec(), vec![part(GroupId::FIRST), part(SECOND)]);
        assert_eq!(joined, Ok(Response::Values { reads, parts }));
        let short = [answer(GroupId::FIRST, &[1]), answer(SECOND, &[3, 4])];
        assert!(join(&request, asked.into_iter().zip(short).collect()).is_err());
    }

    #[test]
    fn the_first_keys_of_all_groups_are_those_of_a_scan() {
        let request = scan(&[("", "x")], 3);
        let entries = |keys: &[&str]| -> Vec<Entry> {
            keys.iter().map(|key| Entry { key: (*key).into(), value: Vec::new(), version: 1 }).collect()
        };
        let answers = [(SECOND, ["c", "d"]), (GroupId::FIRST, ["a", "e"])].map(|(group, keys)| {
            let share = Share { group, request: Arc::new(request.clone()), places: Vec::new() };
            (share, Response::Entries { entries: entries(&keys), parts: Vec::new() })
        });
        let joined = join(&request, answers.into());
        assert_eq!(joined, Ok(Response::Entries { entries: entries(&["a", "c", "d"]), parts: Vec::new() }));
    }
}
