//! How many rows a text condition matches, from how many rows hold each word. Never reads postings.

use std::ops::Range;

use super::TextIndex;
use crate::compile::Test;
use crate::index::table::items;
use crate::index::{Estimate, IndexBytes};
use crate::text::{Wanted, Words};

impl<B: IndexBytes> TextIndex<B> {
    /// How many rows pass, words taken to be independent. `None`: nothing is known, or damaged.
    pub(crate) fn estimate(&self, test: &Test) -> Option<Estimate> {
        let Test::Text(text) = test else {
            return self.presence.estimate(test);
        };
        match &text.wanted {
            Wanted::Nothing => Some(Estimate::default()),
            Wanted::All(words) => Some(self.all_of(self.each_having(words)?, words.iter().len() == 1)),
            Wanted::Any(words) => Some(self.any_of(self.each_having(words)?)),
            Wanted::Phrase(phrase) => Some(self.all_of(self.each_having(&phrase.words)?, false)),
            Wanted::Prefix(words, last) => {
                let mut ends = self.range_having(self.beginning(&last.typed)?)?;
                if let Some(finished) = &last.finished
                    && let Some(term) = self.find(finished)?
                {
                    ends.push(self.having(term)?.into());
                }
                let ends = self.any_of(ends);
                if words.iter().len() == 0 {
                    return Some(ends);
                }
                let mut all = self.each_having(words)?;
                all.push(ends.expected);
                let most = self.all_of(all.clone(), false);
                Some(Estimate {
                    max: all[..all.len() - 1].iter().copied().fold(ends.max, u64::min),
                    ..most
                })
            }
        }
    }

    fn each_having(&self, words: &Words) -> Option<Vec<u64>> {
        let having = |word| match self.find(word)? {
            Some(term) => self.having(term).map(u64::from),
            None => Some(0),
        };
        words.iter().map(having).collect()
    }

    fn range_having(&self, terms: Range<u32>) -> Option<Vec<u64>> {
        let span = terms.start.into()..terms.end.into();
        let having: &[[u8; 4]] = items(&self.bytes, &self.parts.having, span)?;
        let limit = u64::from(self.head.rows);
        Some(
            having
                .iter()
                .map(|having| u64::from(u32::from_le_bytes(*having)).min(limit))
                .collect(),
        )
    }

    fn all_of(&self, having: Vec<u64>, is_exact: bool) -> Estimate {
        let texted = f64::from(self.head.texted.max(1));
        let max = having.iter().copied().min().unwrap_or(0);
        let share: f64 = having.iter().map(|having| *having as f64 / texted).product();
        Estimate {
            min: if is_exact { max } else { 0 },
            expected: if is_exact {
                max
            } else {
                ((share * texted).round() as u64).min(max)
            },
            max,
        }
    }

    fn any_of(&self, having: Vec<u64>) -> Estimate {
        let texted = f64::from(self.head.texted.max(1));
        let without: f64 = having
            .iter()
            .map(|having| (1.0 - *having as f64 / texted).max(0.0))
            .product();
        let min = having.iter().copied().max().unwrap_or(0);
        let sum = having
            .iter()
            .fold(0u64, |sum, having| sum.saturating_add(*having));
        let max = sum.min(u64::from(self.head.texted)).max(min);
        Estimate {
            min,
            expected: (((1.0 - without) * texted).round() as u64).clamp(min, max),
            max,
        }
    }
}
