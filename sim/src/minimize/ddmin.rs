//! Delta debugging: the fewest of many things with which something still is so.
//!
//! After Zeller and Hildebrandt, *Simplifying and Isolating Failure-Inducing Input* (IEEE TSE 28(2), 2002): parts of the whole, and the
//! whole without each part, in ever smaller parts. What is left is 1-minimal: without any one of it, it is so no more.

/// The fewest of `items` found, in their order. `first` is asked which is the first of several selections with which it still is so;
/// the selections it is asked of depend on its answers alone.
pub(super) fn ddmin<T: Clone>(items: Vec<T>, mut first: impl FnMut(Vec<Vec<T>>) -> Option<usize>) -> Vec<T> {
    if items.is_empty() || first(vec![Vec::new()]).is_some() {
        return Vec::new();
    }
    let (mut kept, mut parts) = (items, 2);
    while kept.len() >= 2 {
        let chunks: Vec<Vec<T>> = kept.chunks(kept.len().div_ceil(parts)).map(<[T]>::to_vec).collect();
        let without = |left: usize| {
            let others = chunks.iter().enumerate().filter(move |(number, _)| *number != left);
            others.flat_map(|(_, chunk)| chunk.iter().cloned()).collect::<Vec<T>>()
        };
        // Of two parts each is the other's rest.
        let rests = if chunks.len() > 2 { (0..chunks.len()).map(without).collect() } else { Vec::new() };
        match first(chunks.iter().cloned().chain(rests).collect()) {
            Some(number) if number < chunks.len() => (kept, parts) = (chunks[number].clone(), 2),
            Some(number) => (kept, parts) = (without(number - chunks.len()), (chunks.len() - 1).max(2)),
            None if chunks.len() < kept.len() => parts = (chunks.len() * 2).min(kept.len()),
            None => break,
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left of `0..many` where `needed` says what it takes, and how many selections were asked about.
    fn left(many: u32, needed: impl Fn(&[u32]) -> bool) -> (Vec<u32>, usize) {
        let mut asked = 0;
        let kept = ddmin((0..many).collect(), |selections| {
            let found = selections.iter().position(|selection| needed(selection));
            asked += found.map_or(selections.len(), |number| number + 1);
            found
        });
        (kept, asked)
    }

    #[test]
    fn what_needs_nothing_is_left_with_nothing() {
        assert_eq!(left(100, |_| true), (vec![], 1));
        assert_eq!(left(0, |_| true), (vec![], 0));
    }

    #[test]
    fn those_that_are_needed_together_are_left_wherever_they_stand() {
        for needed in [vec![63], vec![0, 99], vec![13, 14], vec![5, 40, 77]] {
            let (kept, asked) = left(100, |selection| needed.iter().all(|one| selection.contains(one)));
            assert_eq!(kept, needed);
            assert!(asked < 300, "{asked} selections for {needed:?}");
        }
    }

    #[test]
    fn without_any_one_of_what_is_left_it_is_so_no_more() {
        // Any three of the even ones.
        let enough = |selection: &[u32]| selection.iter().filter(|one| *one % 2 == 0).count() >= 3;
        let (kept, _) = left(64, enough);
        assert_eq!((kept.len(), enough(&kept)), (3, true));
    }

    #[test]
    fn what_cannot_do_with_less_keeps_all() {
        assert_eq!(left(9, |selection| selection.len() == 9).0.len(), 9);
    }
}
