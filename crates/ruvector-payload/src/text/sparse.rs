//! Texts as sparse vectors for search by BM25: a dimension for each word, its number the part of the score that the text
//! alone decides; the rarity of words comes from the field's index (modifier `idf`). Deterministic: the same text and
//! options give the same vector everywhere.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use ruvector_types::{SparseVector, TextOptions};

use super::Analyzer;

/// Makes vectors of texts.
#[derive(Clone, Debug)]
pub struct Bm25Encoder {
    analyzer: Analyzer,
    factors: Bm25Factors,
}

/// How much repetition and length count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bm25Factors {
    /// How soon repetition of a word stops to count.
    pub k: f64,
    /// How much long texts count less, 0 to 1.
    pub b: f64,
    /// Words of a text on average.
    pub average_len: f64,
}

impl Default for Bm25Factors {
    fn default() -> Self {
        Bm25Factors {
            k: 1.2,
            b: 0.75,
            average_len: 256.0,
        }
    }
}

impl Bm25Encoder {
    /// An encoder of texts cut into words by `options`.
    pub fn new(options: &TextOptions, factors: Bm25Factors) -> Bm25Encoder {
        let analyzer = Analyzer::new(options);
        Bm25Encoder { analyzer, factors }
    }

    /// The vector of a text to be found. Cost: linear in the text, and a sort of its words.
    pub fn document(&self, text: &str) -> SparseVector {
        let (mut times, mut len) = (BTreeMap::<u32, u32>::new(), 0u64);
        self.analyzer.terms(text, |term| {
            *times.entry(dimension(term)).or_default() += 1;
            len += 1;
            ControlFlow::Continue(())
        });
        let Bm25Factors { k, b, average_len } = self.factors;
        let norm = k * (1.0 - b + b * len as f64 / average_len);
        let number = |times: u32| {
            let times = f64::from(times);
            (times * (k + 1.0) / (times + norm)) as f32
        };
        SparseVector {
            indices: times.keys().copied().collect(),
            values: times.values().map(|times| number(*times)).collect(),
        }
    }

    /// The vector of a text to be searched for: 1 for each word.
    pub fn query(&self, text: &str) -> SparseVector {
        let words = self.analyzer.query_words(text);
        let mut indices: Vec<u32> = words.iter().map(|word| dimension(word)).collect();
        indices.sort_unstable();
        indices.dedup();
        SparseVector {
            values: vec![1.0; indices.len()],
            indices,
        }
    }
}

/// The dimension of a word: MurmurHash3 (Appleby 2011) of its UTF-8 as a signed number, without its sign.
fn dimension(word: &str) -> u32 {
    (murmur3(word.as_bytes()) as i32).unsigned_abs()
}

/// MurmurHash3, 32 bits, seed 0.
fn murmur3(bytes: &[u8]) -> u32 {
    let mix = |word: u32| {
        word.wrapping_mul(0xcc9e_2d51)
            .rotate_left(15)
            .wrapping_mul(0x1b87_3593)
    };
    let (words, tail) = bytes.as_chunks::<4>();
    let mut hash = 0u32;
    for word in words {
        hash ^= mix(u32::from_le_bytes(*word));
        hash = hash.rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
    }
    let last = tail
        .iter()
        .rev()
        .fold(0u32, |word, byte| word << 8 | u32::from(*byte));
    hash ^= mix(last);
    hash ^= bytes.len() as u32;
    hash = (hash ^ hash >> 16).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ hash >> 13).wrapping_mul(0xc2b2_ae35);
    hash ^ hash >> 16
}

#[cfg(test)]
mod tests {
    //! Goal: the vectors are those that the usual encoders of Qdrant's BM25 make. Method: the hash against the published
    //! vectors of MurmurHash3; a text against its words, counted by hand, and the formula.
    use super::*;
    use ruvector_types::{Language, Tokenizer};

    #[test]
    fn hash_is_murmur3() {
        let known: [(&str, u32); 7] = [
            ("", 0),
            ("a", 0x3c25_69b2),
            ("aaaa", 0x7eee_d987),
            ("abc", 0xb3dd_93fa),
            ("wörter", 0xe761_04c8),
            ("Hello, world!", 0xc036_3e43),
            ("The quick brown fox jumps over the lazy dog", 0x2e4f_f723),
        ];
        for (text, hash) in known {
            assert_eq!(murmur3(text.as_bytes()), hash, "{text:?}");
        }
    }

    #[test]
    fn a_text_as_its_words() {
        let options = TextOptions {
            stop_languages: [Language::English].into(),
            stemmer: Some(Language::English),
            ..TextOptions::default()
        };
        let encoder = Bm25Encoder::new(&options, Bm25Factors::default());
        let vector = encoder.document("The foxes and the FOX are jumping, jumping!");
        let norm = 1.2 * (0.25 + 0.75 * 4.0 / 256.0);
        let number = (2.0 * 2.2 / (2.0 + norm)) as f32;
        let mut expected = [dimension("fox"), dimension("jump")];
        expected.sort_unstable();
        assert_eq!(
            (vector.indices, vector.values),
            (expected.to_vec(), vec![number; 2])
        );
        let query = encoder.query("jumped the fox jumps");
        assert_eq!((query.indices, query.values), (expected.to_vec(), vec![1.0; 2]));
        assert_eq!(encoder.document("the and"), SparseVector::default());
        let prefixes = TextOptions {
            tokenizer: Tokenizer::Prefix,
            ..TextOptions::default()
        };
        let encoder = Bm25Encoder::new(&prefixes, Bm25Factors::default());
        assert_eq!(encoder.document("abc").indices.len(), 3);
        assert_eq!(encoder.query("abc").indices, [dimension("abc")]);
    }
}
