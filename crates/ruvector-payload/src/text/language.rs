//! Which languages have a stemmer and which have stop words; refuses options that cannot be served, by name.

use rust_stemmers::Algorithm;
use ruvector_types::{Language, TextOptions};

/// Options of a text index that are not served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnservedText {
    /// No stemmer knows the language.
    #[error("there is no stemmer for {language:?}")]
    Stemmer {
        /// The language.
        language: Language,
    },
    /// There is no list of the language.
    #[error("there are no stop words for {language:?}")]
    StopWords {
        /// The language.
        language: Language,
    },
    /// No word is that long and that short.
    #[error("words of at least {min} and at most {max} characters are none")]
    Lengths {
        /// The least length.
        min: u32,
        /// The greatest length.
        max: u32,
    },
}

/// Whether a text index with these options can be served.
pub fn check(options: &TextOptions) -> Result<(), UnservedText> {
    if let Some(language) = options.stemmer
        && stemmer(language).is_none()
    {
        return Err(UnservedText::Stemmer { language });
    }
    let mut listed = options.stop_languages.iter();
    if let Some(language) = listed.find(|language| stop_words(**language).is_none()) {
        return Err(UnservedText::StopWords { language: *language });
    }
    match (options.token_chars_min, options.token_chars_max) {
        (Some(min), Some(max)) if min > max => Err(UnservedText::Lengths { min, max }),
        _ => Ok(()),
    }
}

/// Whether there is a stemmer for a language.
pub fn has_stemmer(language: Language) -> bool {
    stemmer(language).is_some()
}

/// Whether there are stop words for a language.
pub fn has_stop_words(language: Language) -> bool {
    stop_words(language).is_some()
}

/// The Snowball stemmer of a language.
pub(super) fn stemmer(language: Language) -> Option<Algorithm> {
    Some(match language {
        Language::Arabic => Algorithm::Arabic,
        Language::Danish => Algorithm::Danish,
        Language::Dutch => Algorithm::Dutch,
        Language::English => Algorithm::English,
        Language::Finnish => Algorithm::Finnish,
        Language::French => Algorithm::French,
        Language::German => Algorithm::German,
        Language::Greek => Algorithm::Greek,
        Language::Hungarian => Algorithm::Hungarian,
        Language::Italian => Algorithm::Italian,
        Language::Norwegian => Algorithm::Norwegian,
        Language::Portuguese => Algorithm::Portuguese,
        Language::Romanian => Algorithm::Romanian,
        Language::Russian => Algorithm::Russian,
        Language::Spanish => Algorithm::Spanish,
        Language::Swedish => Algorithm::Swedish,
        Language::Tamil => Algorithm::Tamil,
        Language::Turkish => Algorithm::Turkish,
        _ => return None,
    })
}

/// The stop words of a language, in lower case.
pub(super) fn stop_words(language: Language) -> Option<&'static [&'static str]> {
    let code = match language {
        Language::Arabic => "ar",
        Language::Azerbaijani => "az",
        Language::Basque => "eu",
        Language::Bengali => "bn",
        Language::Catalan => "ca",
        Language::Chinese => "zh",
        Language::Danish => "da",
        Language::Dutch => "nl",
        Language::English => "en",
        Language::Finnish => "fi",
        Language::French => "fr",
        Language::German => "de",
        Language::Greek => "el",
        Language::Hebrew => "he",
        Language::Hinglish => "hinglish",
        Language::Hungarian => "hu",
        Language::Indonesian => "id",
        Language::Italian => "it",
        Language::Kazakh => "kk",
        Language::Nepali => "ne",
        Language::Norwegian => "no",
        Language::Portuguese => "pt",
        Language::Romanian => "ro",
        Language::Russian => "ru",
        Language::Slovene => "sl",
        Language::Spanish => "es",
        Language::Swedish => "sv",
        Language::Tajik => "tg",
        Language::Tamil => "ta",
        Language::Turkish => "tr",
        Language::Armenian
        | Language::Estonian
        | Language::Japanese
        | Language::Lithuanian
        | Language::Yiddish => return None,
    };
    stop_words::lookup(code)
}
