//! What searches find: the recall that each breadth of the table of slacks has for queries like the data itself. Never says
//! more than was measured.

use super::slack::{SLACKS, Slack, breadth_at};

/// Bytes of the table.
pub(super) const RECALLS_BYTES: usize = 4 * SLACKS;

/// Shares of the nearest ten that are found, by breadth; none above 1, none below that of the place before. All are zero where
/// nothing was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Recalls([f32; SLACKS]);

impl Recalls {
    /// The recall of each place by `recall_of(breadth, slack)`.
    pub(super) fn by(slack: &Slack, recall_of: impl Fn(f32, f32) -> f32) -> Recalls {
        let mut most = 0.0f32;
        let mut places = slack.places();
        Recalls(std::array::from_fn(|_| {
            let (breadth, slack) = places.next().unwrap_or((0.0, f32::INFINITY));
            most = most.max(recall_of(breadth, slack)).min(1.0);
            most
        }))
    }

    /// The least breadth with this recall, between the table's places on a straight line over the logarithm of the breadth;
    /// the largest of the table where none has it; `None` where nothing was measured.
    pub(super) fn breadth(&self, recall: f32) -> Option<usize> {
        if self.0 == [0.0; SLACKS] {
            return None;
        }
        let place = self.0.iter().position(|found| *found >= recall);
        let place = match place {
            None => SLACKS as f32 - 1.0,
            Some(0) => 0.0,
            Some(place) => {
                let (below, above) = (self.0[place - 1], self.0[place]);
                (place - 1) as f32 + (recall - below) / (above - below)
            }
        };
        Some(breadth_at(place).ceil() as usize)
    }

    pub(super) fn encode(&self) -> [u8; RECALLS_BYTES] {
        let mut bytes = [0; RECALLS_BYTES];
        for (word, recall) in bytes.chunks_exact_mut(4).zip(self.0) {
            word.copy_from_slice(&recall.to_le_bytes());
        }
        bytes
    }

    /// `None` for another length, or a number that is no share or falls.
    pub(super) fn decode(bytes: &[u8]) -> Option<Recalls> {
        let (words, rest) = bytes.as_chunks::<4>();
        if !rest.is_empty() || words.len() != SLACKS {
            return None;
        }
        let recalls = std::array::from_fn(|place| f32::from_le_bytes(words[place]));
        let good = recalls.iter().all(|recall: &f32| (0.0..=1.0).contains(recall)) && recalls.is_sorted();
        good.then_some(Recalls(recalls))
    }
}

#[cfg(test)]
mod tests {
    //! Goal: a breadth is read off where its recall is. Method: a table that rises to less than 1, asked everywhere.
    use super::*;

    #[test]
    fn breadths_rise_with_recall() {
        let slack = Slack::by(|visits| visits / 100.0);
        let table = Recalls::by(&slack, |breadth, slack| {
            assert_eq!(slack, breadth / 100.0);
            (breadth / 1_000.0).min(0.9)
        });
        for (recall, breadth) in [
            (0.0, 8),
            (0.008, 8),
            (0.064, 64),
            (0.0905, 91),
            (0.512, 512),
            (0.95, 1_449),
        ] {
            assert_eq!(table.breadth(recall), Some(breadth), "{recall}");
        }
        let between = table.breadth(0.076).unwrap();
        assert!((70..80).contains(&between), "{between}");
        let breadths: Vec<usize> = (0..1_000)
            .filter_map(|recall| table.breadth(recall as f32 / 1_000.0))
            .collect();
        assert!(breadths.is_sorted() && breadths.len() == 1_000);
        assert_eq!(Recalls::by(&slack, |_, _| f32::NAN).breadth(0.5), None);
        assert_eq!(Recalls::decode(&table.encode()), Some(table));
        for damage in [f32::NAN, -0.1, 1.5, 0.0] {
            let mut bytes = table.encode();
            bytes[40..44].copy_from_slice(&damage.to_le_bytes());
            assert_eq!(Recalls::decode(&bytes), None, "{damage}");
        }
        assert_eq!(Recalls::decode(&[0; 4]), None);
    }
}
