//! The largest of a range of numbers, some of which change.

use std::ops::Range;

/// A segment tree over numbers: setting one and asking for the largest of a range take logarithmic time.
pub(super) struct MaxTree {
    /// The root is at 1, the children of `i` at `2i` and `2i + 1`; the leaves fill the second half.
    nodes: Vec<u64>,
}

impl MaxTree {
    /// A tree over `numbers`, with room for as many again.
    pub(super) fn new(numbers: impl ExactSizeIterator<Item = u64>) -> Self {
        let leaves = (2 * numbers.len()).next_power_of_two().max(16);
        let mut nodes = vec![0; 2 * leaves];
        nodes[leaves..].iter_mut().zip(numbers).for_each(|(node, number)| *node = number);
        for inner in (1..leaves).rev() {
            nodes[inner] = nodes[2 * inner].max(nodes[2 * inner + 1]);
        }
        Self { nodes }
    }

    /// How many numbers there is room for.
    pub(super) fn room(&self) -> usize {
        self.nodes.len() / 2
    }

    pub(super) fn set(&mut self, position: usize, number: u64) {
        let mut node = self.room() + position;
        self.nodes[node] = number;
        while node > 1 {
            node /= 2;
            self.nodes[node] = self.nodes[2 * node].max(self.nodes[2 * node + 1]);
        }
    }

    /// The largest number in `range`; 0 of an empty one.
    pub(super) fn max(&self, range: Range<usize>) -> u64 {
        let (mut low, mut high, mut max) = (self.room() + range.start, self.room() + range.end, 0);
        while low < high {
            if low % 2 == 1 {
                max = max.max(self.nodes[low]);
                low += 1;
            }
            if high % 2 == 1 {
                high -= 1;
                max = max.max(self.nodes[high]);
            }
            low /= 2;
            high /= 2;
        }
        max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_of_every_range() {
        let numbers = [3_u64, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5];
        let mut tree = MaxTree::new(numbers.iter().map(|number| number / 2));
        numbers.iter().enumerate().for_each(|(position, number)| tree.set(position, *number));
        for start in 0..=numbers.len() {
            for end in start..=numbers.len() {
                let expected = numbers[start..end].iter().copied().max().unwrap_or(0);
                assert_eq!(tree.max(start..end), expected, "{start}..{end}");
            }
        }
        let (start, end) = (5, 3);
        assert_eq!(tree.max(start..end), 0);
    }
}
