//! Which points are alive and which row of the base each holds. Choices come from a seed. Never touches vectors.

use std::collections::VecDeque;

use super::random::Random;

/// A point as it should be: its id, and the row of the base that is its vector.
pub(crate) type Holding = (u64, usize);

/// The live points, and the rows that nobody holds.
#[derive(Debug)]
pub(crate) struct Population {
    live: Vec<Holding>,
    spare: VecDeque<usize>,
    next_id: u64,
    random: Random,
}

impl Population {
    /// The first `points` of `rows` rows live, each under its number; the others are spare.
    pub(crate) fn new(points: usize, rows: usize, seed: u64) -> Population {
        Population {
            live: (0..points).map(|row| (row as u64, row)).collect(),
            spare: (points..rows).collect(),
            next_id: points as u64,
            random: Random(seed),
        }
    }

    /// The live points, by id.
    pub(crate) fn by_id(&self) -> Vec<Holding> {
        let mut live = self.live.clone();
        live.sort_unstable();
        live
    }

    /// Gives `count` random points other rows: spare ones first, later those given up longest ago.
    pub(crate) fn replace(&mut self, count: usize) -> Vec<Holding> {
        let count = self.choose(count);
        for at in 0..count {
            self.renew_row(at);
        }
        self.live[..count].to_vec()
    }

    /// Lets `count` random points die and as many with new ids be born; the dead and the born.
    pub(crate) fn delete_insert(&mut self, count: usize) -> (Vec<u64>, Vec<Holding>) {
        let count = self.choose(count);
        let dead = self.live[..count].iter().map(|(id, _)| *id).collect();
        for at in 0..count {
            self.renew_row(at);
            self.live[at].0 = self.next_id;
            self.next_id += 1;
        }
        (dead, self.live[..count].to_vec())
    }

    /// Adds up to `count` points with new ids on spare rows.
    pub(crate) fn add(&mut self, count: usize) -> Vec<Holding> {
        let rows: Vec<usize> = self.spare.drain(..count.min(self.spare.len())).collect();
        let born: Vec<Holding> = (self.next_id..).zip(rows).collect();
        self.next_id += born.len() as u64;
        self.live.extend(&born);
        born
    }

    /// Moves random points to the front; how many.
    fn choose(&mut self, count: usize) -> usize {
        let len = self.live.len();
        let count = count.min(len);
        for at in 0..count {
            let other = at + self.random.below(len - at);
            self.live.swap(at, other);
        }
        count
    }

    fn renew_row(&mut self, at: usize) {
        if let Some(row) = self.spare.pop_front() {
            self.spare.push_back(std::mem::replace(&mut self.live[at].1, row));
        }
    }
}

#[cfg(test)]
mod tests {
    //! Goal: ids and rows are never held twice, nothing is lost, a seed decides. Method: all operations in turn.
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn nothing_is_held_twice() {
        let run = || {
            let mut population = Population::new(70, 100, 7);
            for round in 0..40 {
                let before = population.by_id();
                match round % 3 {
                    0 => {
                        let renewed = population.replace(20);
                        assert!(renewed.len() == 20 && renewed.iter().all(|held| !before.contains(held)));
                    }
                    1 => {
                        let (dead, born) = population.delete_insert(10);
                        assert!(dead.iter().all(|id| before.iter().any(|held| held.0 == *id)));
                        assert!(born.iter().all(|(id, _)| before.iter().all(|held| held.0 < *id)));
                    }
                    _ => assert!(population.add(1).len() <= 1),
                }
                let ids: BTreeSet<u64> = population.live.iter().map(|held| held.0).collect();
                let rows: BTreeSet<usize> = population.live.iter().map(|held| held.1).collect();
                assert!(ids.len() == population.live.len() && rows.len() == ids.len());
                assert_eq!(rows.len() + population.spare.len(), 100);
            }
            population.by_id()
        };
        assert_eq!(run(), run());
    }
}
