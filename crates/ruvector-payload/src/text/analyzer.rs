//! Cuts texts into words and makes equal what counts as equal: accents, case, stop words, stems, lengths, in this
//! order. Never keeps a text. Cost: linear in the text, whatever it holds.

use std::collections::HashMap;
use std::ops::ControlFlow;

use rust_stemmers::{Algorithm, Stemmer};
use ruvector_types::{TextOptions, Tokenizer};
use unicode_segmentation::UnicodeSegmentation;

use super::{Last, fold, language, stop_lists};

/// The longest beginning of a word that `Tokenizer::Prefix` makes a word of, in characters, also where
/// `token_chars_max` allows more: a text has at most so many times its own words.
pub const PREFIX_CHARS_MAX: u32 = 64;

/// Longer words have no stem; stemmers go over a word many times. Bytes.
const STEMMED_BYTES_MAX: usize = 96;

/// How the texts of a field are cut into words.
#[derive(Clone, Debug)]
pub struct Analyzer {
    tokenizer: Tokenizer,
    chars_min: usize,
    chars_max: usize,
    lowercase: bool,
    ascii_folding: bool,
    /// Those of languages, each sorted, made equal as words are.
    stop_lists: Box<[&'static stop_lists::List]>,
    /// Others, likewise.
    stop_words: Box<stop_lists::List>,
    stemmer: Option<Algorithm>,
}

/// Tokens that a [`Memo`] keeps, and the bytes of the longest.
const MEMO_TOKENS_MAX: usize = 1 << 17;
const MEMO_TOKEN_BYTES_MAX: usize = 48;

/// The words of tokens seen before: most tokens of many texts are, and stems take time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memo(HashMap<Box<str>, Option<Box<str>>>);

/// Room for one word, used again for the next.
#[derive(Default)]
struct Room {
    folded: String,
    word: String,
}

impl Analyzer {
    /// The analyzer of a field. Languages that [`check`](super::check) refuses add no stop words and no stems.
    pub fn new(options: &TextOptions) -> Analyzer {
        let mut chars_max = options.token_chars_max.unwrap_or(u32::MAX);
        if options.tokenizer == Tokenizer::Prefix {
            chars_max = chars_max.min(PREFIX_CHARS_MAX);
        }
        let mut analyzer = Analyzer {
            tokenizer: options.tokenizer,
            chars_min: options.token_chars_min.unwrap_or(1).max(1) as usize,
            chars_max: chars_max as usize,
            lowercase: options.lowercase,
            ascii_folding: options.ascii_folding,
            stop_lists: Box::default(),
            stop_words: Box::default(),
            stemmer: options.stemmer.and_then(language::stemmer),
        };
        let way = stop_lists::Way {
            lowercase: options.lowercase,
            ascii_folding: options.ascii_folding,
        };
        let mut room = Room::default();
        let mut equal = |word: &str| analyzer.equal(word, &mut room).into();
        let languages = options.stop_languages.iter();
        let lists = languages.filter_map(|language| stop_lists::list(*language, way, &mut equal));
        let lists = lists.collect();
        let own = stop_lists::sorted(options.stop_words.iter().map(|word| equal(word)));
        analyzer.stop_lists = lists;
        analyzer.stop_words = own;
        analyzer
    }

    /// Whether every beginning of a word is a word.
    pub(crate) fn makes_prefixes(&self) -> bool {
        self.tokenizer == Tokenizer::Prefix
    }

    /// The whole words of a text in order, until `each` breaks. Under the prefix tokenizer they end where its longest
    /// beginning does.
    pub(crate) fn words(&self, text: &str, mut each: impl FnMut(&str) -> ControlFlow<()>) {
        let mut room = Room::default();
        self.tokens(text, |token| {
            self.word(token, true, &mut room)
                .map_or(ControlFlow::Continue(()), &mut each)
        });
    }

    /// The terms of a value in order, until `each` breaks: its words, and their beginnings under the prefix tokenizer.
    pub(crate) fn terms(&self, text: &str, mut each: impl FnMut(&str) -> ControlFlow<()>) {
        self.words(text, |word| self.terms_of(word, &mut each));
    }

    /// As [`Analyzer::terms`], for many texts: quicker where tokens repeat.
    pub(crate) fn terms_of_many(&self, text: &str, memo: &mut Memo, mut each: impl FnMut(&str)) {
        let mut each = |term: &str| {
            each(term);
            ControlFlow::Continue(())
        };
        let mut room = Room::default();
        self.tokens(text, |token| {
            if let Some(known) = memo.0.get(token) {
                return known
                    .as_deref()
                    .map_or(ControlFlow::Continue(()), |word| self.terms_of(word, &mut each));
            }
            let word = self.word(token, true, &mut room);
            if memo.0.len() < MEMO_TOKENS_MAX && token.len() <= MEMO_TOKEN_BYTES_MAX {
                memo.0.insert(token.into(), word.map(Box::from));
            }
            word.map_or(ControlFlow::Continue(()), |word| self.terms_of(word, &mut each))
        });
    }

    fn terms_of(&self, word: &str, each: &mut impl FnMut(&str) -> ControlFlow<()>) -> ControlFlow<()> {
        if self.makes_prefixes() {
            let ends = word.char_indices().map(|(at, _)| at).skip(self.chars_min);
            for end in ends {
                each(&word[..end])?;
            }
        }
        each(word)
    }

    /// The words that a query asks for, in order. Under the prefix tokenizer a stop word is one too: it may be the
    /// beginning of another.
    pub fn query_words(&self, text: &str) -> Vec<Box<str>> {
        let mut words = Vec::new();
        let mut room = Room::default();
        self.tokens(text, |token| {
            let word = self.word(token, !self.makes_prefixes(), &mut room);
            words.extend(word.map(Box::from));
            ControlFlow::Continue(())
        });
        words
    }

    /// The last word of a query as far as it is typed: neither left out nor cut to a stem. And the query before it.
    pub(super) fn unfinished<'t>(&self, text: &'t str) -> Option<(&'t str, Last)> {
        let mut last = None;
        self.tokens(text, |token| {
            last = Some(token);
            ControlFlow::Continue(())
        });
        let last = last?;
        let before = text.rfind(last)?;
        let mut room = Room::default();
        let typed = self.equal(last, &mut room);
        let typed: Box<str> = match self.makes_prefixes() {
            true => self.truncated(typed).into(),
            false => typed.into(),
        };
        let finished = self.word(last, true, &mut room).map(Box::from);
        (!typed.is_empty()).then_some((&text[..before], Last { typed, finished }))
    }

    fn tokens<'t>(&self, text: &'t str, mut each: impl FnMut(&'t str) -> ControlFlow<()>) {
        let is_between = |letter: char| !letter.is_alphanumeric() && !fold::is_accent(letter);
        let _stopped_early = match self.tokenizer {
            Tokenizer::Word | Tokenizer::Prefix => {
                let mut words = text.split(is_between).filter(|word| !word.is_empty());
                words.try_for_each(&mut each)
            }
            Tokenizer::Whitespace => text.split_whitespace().try_for_each(&mut each),
            Tokenizer::Multilingual => text.unicode_words().try_for_each(&mut each),
        };
    }

    /// The word that a token stands for, if any.
    fn word<'r>(&self, token: &str, leave_out: bool, room: &'r mut Room) -> Option<&'r str> {
        self.equal(token, room);
        if leave_out && self.is_stop_word(&room.word) {
            return None;
        }
        if let Some(algorithm) = self.stemmer
            && room.word.len() <= STEMMED_BYTES_MAX
        {
            let stem = Stemmer::create(algorithm).stem(&room.word).into_owned();
            room.word = stem;
        }
        let word = if self.makes_prefixes() {
            self.truncated(&room.word)
        } else {
            &room.word
        };
        // Bytes bound characters: most words need not be counted.
        let is_short = word.len() < self.chars_min.saturating_mul(4) && word.chars().count() < self.chars_min;
        let is_long = word.len() > self.chars_max && word.chars().count() > self.chars_max;
        (!is_short && !is_long).then_some(word)
    }

    /// A token without the differences that do not count.
    fn equal<'r>(&self, token: &str, room: &'r mut Room) -> &'r str {
        room.word.clear();
        if token.is_ascii() {
            room.word.push_str(token);
            if self.lowercase {
                room.word.make_ascii_lowercase();
            }
            return &room.word;
        }
        room.folded.clear();
        match self.ascii_folding {
            true => fold::fold(token, &mut room.folded),
            false => room.folded.push_str(token),
        }
        match self.lowercase {
            true => room.word = room.folded.to_lowercase(),
            false => room.word.push_str(&room.folded),
        }
        &room.word
    }

    fn is_stop_word(&self, word: &str) -> bool {
        let has = |list: &stop_lists::List| list.binary_search_by(|stop| (**stop).cmp(word)).is_ok();
        has(&self.stop_words) || self.stop_lists.iter().any(|list| has(list))
    }

    fn truncated<'w>(&self, word: &'w str) -> &'w str {
        if word.len() <= self.chars_max {
            return word;
        }
        let end = word.char_indices().nth(self.chars_max).map(|(at, _)| at);
        &word[..end.unwrap_or(word.len())]
    }
}
