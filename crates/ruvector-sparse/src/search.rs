//! The best vectors for a query, exactly: ordinals go by in windows; in each, lists that together cannot lift a vector
//! among the best are passed over, and what is left is summed (MaxScore, Turtle and Flood 1995, on bounds of blocks,
//! Ding and Suel 2011). Never answers otherwise than a comparison with every vector would.

use crate::Query;
use crate::cursor::Cursor;
use crate::index::{ListBytes, SparseIndex, Unreadable};

/// Ordinals of a window.
const WINDOW: u32 = 4096;

/// Who receives what a search finds.
pub trait Sink {
    /// The score below which nothing enters any more; minus infinity while everything does.
    fn bound(&self) -> f32;

    /// Whether an ordinal may be found at all.
    fn accepts(&mut self, ordinal: u32) -> bool;

    /// The score by the vector itself, summed in the order of dimensions; `None` if it cannot be read.
    fn exact(&mut self, ordinal: u32) -> Option<f32>;

    /// Takes an accepted ordinal and its score.
    fn offer(&mut self, ordinal: u32, score: f32);

    /// Asked once a window; `true` ends the search.
    fn stop(&mut self) -> bool;
}

/// What a search did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Searched {
    /// Postings summed.
    pub postings: u64,
    /// Vectors measured by themselves.
    pub measured: u64,
}

/// The sums of a window.
struct Window {
    sums: Vec<f32>,
    touched: Vec<u64>,
}

impl<B: ListBytes> SparseIndex<B> {
    /// Offers every vector that can be among the best and has a dimension in common with the query, whose dimensions
    /// ascend. Cost: the lists of the query's dimensions, less what bounds rule out.
    pub fn search(&self, query: &Query, sink: &mut dyn Sink) -> Result<Searched, Unreadable> {
        let mut cursors = Vec::with_capacity(query.len());
        for (dimension, weight) in query {
            if let Some((term, blocks)) = self.term(*dimension)? {
                cursors.push(Cursor::new(term, blocks, *weight));
            }
        }
        let slack = slack(&cursors);
        let mut window = Window {
            sums: vec![0.0; WINDOW as usize],
            touched: vec![0; WINDOW as usize / 64],
        };
        let mut searched = Searched::default();
        let mut start = 0;
        // Windows begin at multiples of their length; those that no list reaches are passed over.
        while let Some(first) = self.first_from(&mut cursors, start)? {
            if sink.stop() {
                break;
            }
            start = first - first % WINDOW;
            let end = start.saturating_add(WINDOW);
            self.search_window(
                &mut cursors,
                ((start, end), slack),
                &mut window,
                sink,
                &mut searched,
            )?;
            start = end;
            if end >= self.vectors() {
                break;
            }
        }
        Ok(searched)
    }

    fn first_from(&self, cursors: &mut [Cursor], start: u32) -> Result<Option<u32>, Unreadable> {
        let mut first = None;
        for cursor in cursors {
            if let Some(from) = cursor.skip_to(self, start)? {
                let from = from.max(start);
                first = Some(first.map_or(from, |first: u32| first.min(from)));
            }
        }
        Ok(first)
    }

    fn search_window(
        &self,
        cursors: &mut [Cursor],
        ((start, end), slack): ((u32, u32), f64),
        window: &mut Window,
        sink: &mut dyn Sink,
        searched: &mut Searched,
    ) -> Result<(), Unreadable> {
        let (skipped, rest) = self.passed_over(cursors, end, f64::from(sink.bound()) - slack)?;
        if skipped.iter().all(|skipped| *skipped) {
            return Ok(());
        }
        for (cursor, skipped) in cursors.iter_mut().zip(&skipped) {
            if !*skipped {
                searched.postings += cursor.add(self, start..end, &mut |ordinal, part| {
                    let at = (ordinal - start) as usize;
                    window.sums[at] += part;
                    window.touched[at / 64] |= 1 << (at % 64);
                })?;
            }
        }
        let whole = !skipped.contains(&true);
        for word in 0..window.touched.len() {
            let mut left = std::mem::take(&mut window.touched[word]);
            while left != 0 {
                let at = word * 64 + left.trailing_zeros() as usize;
                left &= left - 1;
                let sum = std::mem::take(&mut window.sums[at]);
                let ordinal = start + at as u32;
                let hopeless = f64::from(sum) + rest < f64::from(sink.bound()) - slack;
                if hopeless || !sink.accepts(ordinal) {
                    continue;
                }
                let score = match whole {
                    true => Some(sum),
                    false => {
                        searched.measured += 1;
                        sink.exact(ordinal)
                    }
                };
                if let Some(score) = score {
                    sink.offer(ordinal, score);
                }
            }
        }
        Ok(())
    }

    /// Which lists need not be read in the window that ends at `end`, and the most they add together: those of the least
    /// bounds, as long as they alone stay below `bar`.
    fn passed_over(
        &self,
        cursors: &mut [Cursor],
        end: u32,
        bar: f64,
    ) -> Result<(Vec<bool>, f64), Unreadable> {
        let mut skipped = vec![false; cursors.len()];
        if bar == f64::NEG_INFINITY {
            return Ok((skipped, 0.0));
        }
        let mut bounds = Vec::with_capacity(cursors.len());
        for (at, cursor) in cursors.iter_mut().enumerate() {
            bounds.push((f64::from(cursor.bound_below(self, end)?), at));
        }
        bounds.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut rest = 0.0;
        for (bound, at) in bounds {
            // Negated, so that what is not a number rules nothing out.
            let below = rest + bound < bar;
            if !below {
                break;
            }
            rest += bound;
            skipped[at] = true;
        }
        Ok((skipped, rest))
    }
}

/// How far a sum in `f32` can be from the sum of the bounds of its parts.
fn slack(cursors: &[Cursor]) -> f64 {
    let most: f64 = cursors
        .iter()
        .map(|cursor| f64::from(cursor.weight.abs()) * f64::from(cursor.reach))
        .sum();
    2.0 * (cursors.len() as f64 + 1.0) * f64::from(f32::EPSILON) * most
}
