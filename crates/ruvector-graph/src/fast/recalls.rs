//! What searches find: the recall that each breadth of the table of slacks has for queries like the data itself. Never says
//! more than was measured.

use super::slack::{SLACKS, Slack, TABLE_BYTES, breadth_at, decode, encode};

/// What a broader search finds more that is not worth its cost where even the broadest finds too little: nodes that none comes
/// to are no reason to look for long.
const LITTLE: f32 = 0.01;

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

    /// The least breadth with this recall, between the table's places on a straight line over the logarithm of the breadth; where
    /// none has it, the least that comes as near as any by [`LITTLE`]. `None` where nothing was measured.
    pub(super) fn breadth(&self, recall: f32) -> Option<usize> {
        let most = self.0[SLACKS - 1];
        if most == 0.0 {
            return None;
        }
        let recall = recall.min(most - LITTLE);
        let place = self.0.iter().position(|found| *found >= recall);
        let place = match place {
            None | Some(0) => 0.0,
            Some(place) => {
                let (below, above) = (self.0[place - 1], self.0[place]);
                (place - 1) as f32 + (recall - below) / (above - below)
            }
        };
        Some(breadth_at(place).ceil() as usize)
    }

    pub(super) fn encode(&self) -> [u8; TABLE_BYTES] {
        encode(self.0)
    }

    /// `None` for another length, or a number that is no share or falls.
    pub(super) fn decode(bytes: &[u8]) -> Option<Recalls> {
        let recalls = decode(bytes)?;
        let good = recalls.iter().all(|recall: &f32| (0.0..=1.0).contains(recall)) && recalls.is_sorted();
        good.then_some(Recalls(recalls))
    }
}

#[cfg(test)]
mod tests {
    //! Goal: a breadth is read off where its recall is, and never from beyond the table. Method: a table that rises to less
    //! than 1, asked everywhere; one that stops to rise below what is asked.
    use super::*;

    #[test]
    fn breadths_rise_with_recall() {
        let slack = Slack::by(|visits| visits / 100.0);
        let table = Recalls::by(&slack, |breadth, slack| {
            assert_eq!(slack, breadth / 100.0);
            (breadth / 1_000.0).min(0.9)
        });
        for (recall, breadth) in [(0.0, 8), (0.008, 8), (0.064, 64), (0.0905, 91), (0.512, 512)] {
            assert_eq!(table.breadth(recall), Some(breadth), "{recall}");
        }
        let between = table.breadth(0.076).unwrap();
        assert!((70..80).contains(&between), "{between}");
        let breadths: Vec<usize> = (0..1_000)
            .filter_map(|recall| table.breadth(recall as f32 / 1_000.0))
            .collect();
        assert!(breadths.is_sorted() && breadths.len() == 1_000);
        // What is asked for is had nowhere: from the place of 1,024 on no more is found.
        assert!((725..1_024).contains(&breadths[999]), "{}", breadths[999]);
        let flat = Recalls::by(&slack, |breadth, _| if breadth < 100.0 { 0.5 } else { 0.9 });
        assert!(flat.breadth(0.95).unwrap() < 128 && flat.breadth(0.9).unwrap() < 128);
        assert!(breadths.iter().all(|breadth| slack.at(*breadth).is_finite()));
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
