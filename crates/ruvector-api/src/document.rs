//! Texts given where a vector is expected: `{"text": …, "model": "qdrant/bm25", "options": {…}}`, made into sparse vectors
//! here. Never asks another model, and names those that are not served.

use ruvector_payload::text::{Bm25Encoder, Bm25Factors, UnservedText, check, has_stemmer, has_stop_words};
use ruvector_types::{Language, SparseVector, TextOptions};
use serde::Deserialize;

use crate::ApiError;
use crate::text_index::{WireStemmer, WireStopWords, language, tokenizer_of};

/// Names of the one model there is, in lower case.
const MODELS: [&str; 2] = ["qdrant/bm25", "bm25"];

/// What a text is encoded for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To be found.
    Document,
    /// To be searched for.
    Query,
}

/// `options` of the model.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bm25Options {
    k: Option<f64>,
    b: Option<f64>,
    avg_len: Option<f64>,
    tokenizer: Option<String>,
    language: Option<String>,
    lowercase: Option<bool>,
    ascii_folding: Option<bool>,
    stopwords: Option<WireStopWords>,
    stemmer: Option<WireStemmer>,
    min_token_len: Option<u32>,
    max_token_len: Option<u32>,
}

/// The vector of a text by the model of a name.
pub fn encode_text(
    text: &str,
    model: &str,
    options: Option<Bm25Options>,
    purpose: Purpose,
) -> Result<SparseVector, ApiError> {
    if !MODELS.contains(&model.to_ascii_lowercase().as_str()) {
        return Err(ApiError::Unknown {
            field: "model".to_owned(),
            name: model.to_owned(),
            expected: "qdrant/bm25: other models are to be run by the caller",
        });
    }
    let encoder = options.unwrap_or_default().encoder()?;
    Ok(match purpose {
        Purpose::Document => encoder.document(text),
        Purpose::Query => encoder.query(text),
    })
}

impl Bm25Options {
    fn encoder(&self) -> Result<Bm25Encoder, ApiError> {
        let place = "options";
        let base = TextOptions::default();
        let spoken = self.language()?;
        let tokenizer = self.tokenizer.as_deref().map(|name| tokenizer_of(name, place));
        let stop_words = self.stopwords.as_ref();
        let stop_languages = match stop_words {
            Some(words) => words.languages(place)?,
            None => spoken
                .filter(|language| has_stop_words(*language))
                .into_iter()
                .collect(),
        };
        let stemmer = match &self.stemmer {
            Some(stemmer) => stemmer.language(place)?,
            None => spoken.filter(|language| has_stemmer(*language)),
        };
        let options = TextOptions {
            tokenizer: tokenizer.transpose()?.unwrap_or(base.tokenizer),
            token_chars_min: self.min_token_len,
            token_chars_max: self.max_token_len,
            lowercase: self.lowercase.unwrap_or(base.lowercase),
            ascii_folding: self.ascii_folding.unwrap_or(base.ascii_folding),
            stop_languages,
            stop_words: stop_words.map(WireStopWords::custom).unwrap_or_default(),
            stemmer,
            phrases: false,
        };
        check(&options).map_err(|unserved| match unserved {
            UnservedText::Stemmer { .. } => {
                ApiError::rule("options.stemmer", "there is no stemmer for the language")
            }
            UnservedText::StopWords { .. } => ApiError::rule(
                "options.stopwords",
                "there are no stop words for a language named",
            ),
            UnservedText::Lengths { .. } => {
                ApiError::rule("options.min_token_len", "must not be above max_token_len")
            }
        })?;
        Ok(Bm25Encoder::new(&options, self.factors()?))
    }

    /// English if nothing is said; none if so said.
    fn language(&self) -> Result<Option<Language>, ApiError> {
        match self.language.as_deref() {
            None => Ok(Some(Language::English)),
            Some("none") => Ok(None),
            Some(name) => language(name, || "options.language".to_owned()).map(Some),
        }
    }

    fn factors(&self) -> Result<Bm25Factors, ApiError> {
        let base = Bm25Factors::default();
        let factors = Bm25Factors {
            k: self.k.unwrap_or(base.k),
            b: self.b.unwrap_or(base.b),
            average_len: self.avg_len.unwrap_or(base.average_len),
        };
        let sound = |number: f64| number.is_finite() && number >= 0.0;
        if !sound(factors.k) || factors.k > 1e6 {
            return Err(ApiError::rule(
                "options.k",
                "must be at least 0 and at most 1,000,000",
            ));
        }
        if !sound(factors.b) || factors.b > 1.0 {
            return Err(ApiError::rule("options.b", "must be at least 0 and at most 1"));
        }
        if !(1e-3..=1e12).contains(&factors.average_len) {
            return Err(ApiError::rule(
                "options.avg_len",
                "must be at least 0.001 and at most 1e12",
            ));
        }
        Ok(factors)
    }
}
