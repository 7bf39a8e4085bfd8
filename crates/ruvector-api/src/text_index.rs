//! Options of a text index on the wire: stop words, stemmers, languages by name. Never knows which languages have which.

use std::collections::BTreeSet;
use std::fmt;

use ruvector_types::{Language, TextOptions, Tokenizer};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::ApiError;
use crate::index::WireIndexParams;

/// `stopwords`: a language, or languages and words.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct WireStopWords {
    pub(crate) languages: Vec<String>,
    pub(crate) custom: Vec<String>,
}

/// The object that `stopwords` may be.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StopWordsSet {
    languages: Option<Vec<String>>,
    custom: Option<Vec<String>>,
}

/// `stemmer`: `{"type": "snowball", "language": …}` or `{"type": "none"}`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WireStemmer {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) language: Option<String>,
}

impl<'de> Deserialize<'de> for WireStopWords {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct StopWordsVisitor;
        impl<'de> Visitor<'de> for StopWordsVisitor {
            type Value = WireStopWords;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a language, or {\"languages\": […], \"custom\": […]}")
            }

            fn visit_str<E: Error>(self, language: &str) -> Result<WireStopWords, E> {
                Ok(WireStopWords {
                    languages: vec![language.to_owned()],
                    custom: Vec::new(),
                })
            }

            fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<WireStopWords, A::Error> {
                let set = StopWordsSet::deserialize(MapAccessDeserializer::new(entries))?;
                Ok(WireStopWords {
                    languages: set.languages.unwrap_or_default(),
                    custom: set.custom.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_any(StopWordsVisitor)
    }
}

const TOKENIZERS: &str = "word, whitespace, prefix or multilingual";

impl WireIndexParams {
    /// The engine's options of a text index; the engine refuses lengths and lists out of their bounds.
    pub(crate) fn text_options(&self) -> Result<TextOptions, ApiError> {
        let base = TextOptions::default();
        let place = "field_schema";
        let stop_words = self.stopwords.as_ref();
        let stop_languages = stop_words.map(|words| words.languages(place));
        let custom = stop_words.map_or(&[][..], |words| &words.custom);
        let stemmer = self.stemmer.as_ref().map(|stemmer| stemmer.language(place));
        let tokenizer = self.tokenizer.as_deref().map(|name| tokenizer_of(name, place));
        Ok(TextOptions {
            tokenizer: tokenizer.transpose()?.unwrap_or(base.tokenizer),
            token_chars_min: self.min_token_len,
            token_chars_max: self.max_token_len,
            lowercase: self.lowercase.unwrap_or(base.lowercase),
            ascii_folding: self.ascii_folding.unwrap_or(base.ascii_folding),
            stop_languages: stop_languages.transpose()?.unwrap_or_default(),
            stop_words: custom.iter().cloned().collect(),
            stemmer: stemmer.transpose()?.flatten(),
            phrases: self.phrase_matching.unwrap_or(base.phrases),
        })
    }
}

impl WireStopWords {
    /// The languages named; `place` is what holds the stop words in the request.
    pub(crate) fn languages(&self, place: &str) -> Result<BTreeSet<Language>, ApiError> {
        let named = self.languages.iter().enumerate();
        named
            .map(|(at, name)| language(name, || format!("{place}.stopwords.languages[{at}]")))
            .collect()
    }

    /// The words listed themselves.
    pub(crate) fn custom(&self) -> BTreeSet<String> {
        self.custom.iter().cloned().collect()
    }
}

impl WireStemmer {
    /// The language of the stems, if there are to be any; `place` is what holds the stemmer in the request.
    pub(crate) fn language(&self, place: &str) -> Result<Option<Language>, ApiError> {
        let field = || format!("{place}.stemmer.language");
        match (self.kind.as_str(), &self.language) {
            ("snowball", Some(name)) => language(name, field).map(Some),
            ("snowball", None) => Err(ApiError::Missing {
                field: field(),
                what: "the language of the stems",
            }),
            ("none", None) => Ok(None),
            ("none", Some(_)) => Err(ApiError::rule(field(), "a stemmer of type none has no language")),
            (kind, _) => Err(ApiError::Unknown {
                field: format!("{place}.stemmer.type"),
                name: kind.to_owned(),
                expected: "snowball or none",
            }),
        }
    }
}

/// The tokenizer of a name given in `place`.
pub(crate) fn tokenizer_of(name: &str, place: &str) -> Result<Tokenizer, ApiError> {
    match name {
        "word" => Ok(Tokenizer::Word),
        "whitespace" => Ok(Tokenizer::Whitespace),
        "prefix" => Ok(Tokenizer::Prefix),
        "multilingual" => Ok(Tokenizer::Multilingual),
        _ => Err(ApiError::Unknown {
            field: format!("{place}.tokenizer"),
            name: name.to_owned(),
            expected: TOKENIZERS,
        }),
    }
}

/// The name of a tokenizer.
pub(crate) fn tokenizer_name(tokenizer: Tokenizer) -> &'static str {
    match tokenizer {
        Tokenizer::Word => "word",
        Tokenizer::Whitespace => "whitespace",
        Tokenizer::Prefix => "prefix",
        Tokenizer::Multilingual => "multilingual",
    }
}

pub(crate) fn language(name: &str, field: impl Fn() -> String) -> Result<Language, ApiError> {
    Language::of_name(name).ok_or_else(|| ApiError::UnknownLanguage {
        field: field(),
        name: name.to_owned(),
    })
}

/// The stop words of an index, as they were asked for.
pub(crate) fn stop_words_of(options: &TextOptions) -> Option<WireStopWords> {
    let words = WireStopWords {
        languages: options
            .stop_languages
            .iter()
            .map(|language| language.name().to_owned())
            .collect(),
        custom: options.stop_words.iter().cloned().collect(),
    };
    (words != WireStopWords::default()).then_some(words)
}

/// The stemmer of an index, as it was asked for.
pub(crate) fn stemmer_of(options: &TextOptions) -> Option<WireStemmer> {
    options.stemmer.map(|language| WireStemmer {
        kind: "snowball".to_owned(),
        language: Some(language.name().to_owned()),
    })
}
