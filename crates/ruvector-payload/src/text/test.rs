//! A text condition, cut into words once, and whether a value passes it. Cost of a value: linear in its length, times
//! the logarithm of the words asked for.

use std::ops::ControlFlow;

use ruvector_types::{Text, TextOptions};

use super::Analyzer;

/// A text condition, its own words cut as the field's are.
#[derive(Clone, Debug)]
pub(crate) struct TextTest {
    pub(crate) analyzer: Analyzer,
    pub(crate) wanted: Wanted,
}

/// What a value must hold.
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    /// No value passes: there is no word in the condition.
    Nothing,
    /// All of them.
    All(Words),
    /// One of them.
    Any(Words),
    /// These whole words next to each other, in this order.
    Phrase(Phrase),
    /// All of them and one that begins so.
    Prefix(Words, Last),
}

/// Words, sorted, each once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Words(Box<[Box<str>]>);

/// The word that is not typed to its end.
#[derive(Clone, Debug)]
pub(crate) struct Last {
    /// As far as it is typed.
    pub(crate) typed: Box<str>,
    /// What it is if it is finished; differs if words are cut to stems.
    pub(crate) finished: Option<Box<str>>,
}

/// A row of words, searched for as Knuth, Morris and Pratt do (1977).
#[derive(Clone, Debug)]
pub(crate) struct Phrase {
    pub(crate) words: Words,
    /// Positions in `words`.
    pub(crate) order: Box<[u32]>,
    /// After so many words in vain, as many are still good.
    back: Box<[u32]>,
}

impl TextTest {
    /// Cuts the words of a condition on a field with these options.
    pub(crate) fn compile(text: &Text, options: &TextOptions) -> TextTest {
        let analyzer = Analyzer::new(options);
        let wanted = match text {
            Text::All(text) => Words::of(analyzer.query_words(text)).map(Wanted::All),
            Text::Any(text) => Words::of(analyzer.query_words(text)).map(Wanted::Any),
            Text::Phrase(text) => Phrase::of(&analyzer, text).map(Wanted::Phrase),
            Text::Prefix(text) => analyzer.unfinished(text).map(|(before, last)| {
                let before = Words::of(analyzer.query_words(before));
                Wanted::Prefix(before.unwrap_or(Words(Box::default())), last)
            }),
        };
        TextTest {
            analyzer,
            wanted: wanted.unwrap_or(Wanted::Nothing),
        }
    }

    /// Whether the words of `value` are those asked for.
    pub(crate) fn passes(&self, value: &str) -> bool {
        match &self.wanted {
            Wanted::Nothing => false,
            Wanted::All(words) => self.holds_all(value, words, None),
            Wanted::Any(words) => {
                let mut found = false;
                self.analyzer.terms(value, |term| {
                    found = words.position(term).is_some();
                    break_if(found)
                });
                found
            }
            Wanted::Phrase(phrase) => {
                let (mut at, mut found) = (0, false);
                self.analyzer.words(value, |word| {
                    found = phrase.step(&mut at, word);
                    break_if(found)
                });
                found
            }
            Wanted::Prefix(words, last) => self.holds_all(value, words, Some(last)),
        }
    }

    fn holds_all(&self, value: &str, words: &Words, last: Option<&Last>) -> bool {
        let mut missing = words.0.len();
        let mut found = vec![false; missing];
        let mut ends = last.is_none();
        self.analyzer.terms(value, |term| {
            if let Some(at) = words.position(term)
                && !std::mem::replace(&mut found[at], true)
            {
                missing -= 1;
            }
            ends = ends || last.is_some_and(|last| last.is(term));
            break_if(missing == 0 && ends)
        });
        missing == 0 && ends
    }
}

impl Words {
    /// `None`: there are none.
    fn of(mut words: Vec<Box<str>>) -> Option<Words> {
        words.sort_unstable();
        words.dedup();
        (!words.is_empty()).then(|| Words(words.into()))
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.iter().map(|word| &**word)
    }

    fn position(&self, word: &str) -> Option<usize> {
        self.0.binary_search_by(|listed| (**listed).cmp(word)).ok()
    }
}

impl Last {
    /// Whether a term begins as typed, or is the word if finished.
    fn is(&self, term: &str) -> bool {
        term.starts_with(&*self.typed) || self.finished.as_deref() == Some(term)
    }
}

impl Phrase {
    fn of(analyzer: &Analyzer, text: &str) -> Option<Phrase> {
        let mut list: Vec<Box<str>> = Vec::new();
        analyzer.words(text, |word| {
            list.push(word.into());
            ControlFlow::Continue(())
        });
        let words = Words::of(list.clone())?;
        let order: Box<[u32]> = list
            .iter()
            .filter_map(|word| words.position(word))
            .map(|at| at as u32)
            .collect();
        let mut back = vec![0; order.len() + 1];
        let mut good = 0;
        for at in 1..order.len() {
            while good > 0 && order[good] != order[at] {
                good = back[good] as usize;
            }
            good += usize::from(order[good] == order[at]);
            back[at + 1] = good as u32;
        }
        Some(Phrase {
            words,
            order,
            back: back.into(),
        })
    }

    /// Goes on by a word from `at` good ones; whether the phrase is complete.
    fn step(&self, at: &mut usize, word: &str) -> bool {
        match self.words.position(word) {
            Some(word) => self.step_to(at, word),
            None => {
                *at = 0;
                false
            }
        }
    }

    /// Goes on by the word at `word` of `words`. Not to be called after the phrase is complete.
    pub(crate) fn step_to(&self, at: &mut usize, word: usize) -> bool {
        while *at > 0 && self.order[*at] as usize != word {
            *at = self.back[*at] as usize;
        }
        *at += usize::from(self.order[*at] as usize == word);
        *at == self.order.len()
    }
}

fn break_if(done: bool) -> ControlFlow<()> {
    if done {
        ControlFlow::Break(())
    } else {
        ControlFlow::Continue(())
    }
}
