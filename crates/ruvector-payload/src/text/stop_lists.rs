//! The stop words of languages, made equal as the words of texts are: each list once for each way to do that, however many
//! analyzers want it. Never holds a caller's own words.

use std::sync::OnceLock;

use ruvector_types::Language;

use super::language;

/// Sorted words.
pub(super) type List = [Box<str>];

/// What is done to words to make them equal.
#[derive(Clone, Copy)]
pub(super) struct Way {
    pub(super) lowercase: bool,
    pub(super) ascii_folding: bool,
}

/// The list of a language, if it has one. `equal` does what `way` says.
pub(super) fn list(
    language: Language,
    way: Way,
    mut equal: impl FnMut(&str) -> Box<str>,
) -> Option<&'static List> {
    // By the language's number, and by the way.
    static LISTS: [[OnceLock<Box<List>>; 4]; 256] = [const { [const { OnceLock::new() }; 4] }; 256];
    let words = language::stop_words(language)?;
    let way = usize::from(way.lowercase) + 2 * usize::from(way.ascii_folding);
    let made = LISTS[usize::from(language.number())][way]
        .get_or_init(|| sorted(words.iter().map(|word| equal(word))));
    Some(made)
}

/// Words in their order, each once.
pub(super) fn sorted(words: impl Iterator<Item = Box<str>>) -> Box<List> {
    let mut words: Vec<Box<str>> = words.collect();
    words.sort_unstable();
    words.dedup();
    words.into()
}

#[cfg(test)]
mod tests {
    //! Goal: a list is made once, and each way has its own. Method: lists asked for again, with an `equal` that must not be
    //! called.
    use super::*;

    #[test]
    fn made_once() {
        let way = |lowercase, ascii_folding| Way {
            lowercase,
            ascii_folding,
        };
        let upper = |word: &str| word.to_uppercase().into();
        let first = list(Language::German, way(true, true), upper).unwrap();
        let again = list(Language::German, way(true, true), |_| unreachable!()).unwrap();
        assert!(std::ptr::eq(first, again) && first.is_sorted() && first.contains(&"NICHT".into()));
        let plain = list(Language::German, way(false, true), |word| word.into()).unwrap();
        assert!(plain.contains(&"nicht".into()) && !plain.contains(&"NICHT".into()));
        assert!(list(Language::Yiddish, way(true, true), upper).is_none());
    }
}
