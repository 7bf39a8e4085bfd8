//! Goal: a value passes a text condition exactly if its words, cut by the plainest code, are those asked for; no text
//! panics or takes more than linear time. Method: a model on random texts of few words; a table of languages; texts
//! made to be slow; words of every alphabet through every stemmer.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use ruvector_types::{Language, Map, PayloadPath, Text, TextOptions, Tokenizer, Value};

use super::{Analyzer, Bm25, TermCounter, TextTest, UnservedText, check, idf};
use crate::{PayloadRef, encode};

struct Draw(u64);

impl Draw {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % end as u64) as usize
    }

    fn text(&mut self, words: usize) -> String {
        let list = ["a", "ab", "abc", "b", "Bc", "The", "cab", "abcabcab"];
        let gaps = [" ", ", ", "-", "  "];
        let words = self.below(words + 1);
        (0..words)
            .map(|_| list[self.below(8)].to_owned() + gaps[self.below(4)])
            .collect()
    }

    fn options(&mut self) -> TextOptions {
        let tokenizers = [
            Tokenizer::Word,
            Tokenizer::Whitespace,
            Tokenizer::Prefix,
            Tokenizer::Multilingual,
        ];
        TextOptions {
            tokenizer: tokenizers[self.below(4)],
            token_chars_min: [None, Some(2)][self.below(2)],
            token_chars_max: [None, Some(3), Some(5)][self.below(3)],
            lowercase: self.below(2) == 0,
            stop_words: [BTreeSet::new(), ["the".to_owned(), "b".to_owned()].into()][self.below(2)].clone(),
            ..TextOptions::default()
        }
    }
}

/// Whole words of a value by the plainest code.
fn slow_words(text: &str, options: &TextOptions, stops: bool) -> Vec<String> {
    let cut: Vec<&str> = match options.tokenizer {
        Tokenizer::Whitespace => text.split_whitespace().collect(),
        _ => text
            .split([' ', ',', '-'])
            .filter(|word| !word.is_empty())
            .collect(),
    };
    let (min, max) = (
        options.token_chars_min.unwrap_or(0),
        options.token_chars_max.unwrap_or(64),
    );
    cut.into_iter()
        .map(|word| {
            if options.lowercase {
                word.to_lowercase()
            } else {
                word.to_owned()
            }
        })
        .filter(|word| !(stops && options.stop_words.contains(word)))
        .map(|word| match options.tokenizer {
            Tokenizer::Prefix => word.chars().take(max as usize).collect(),
            _ => word,
        })
        .filter(|word| (min as usize..=max as usize).contains(&word.len()))
        .collect()
}

fn slow_passes(text: &Text, value: &str, options: &TextOptions) -> bool {
    let prefixes = options.tokenizer == Tokenizer::Prefix;
    let whole = slow_words(value, options, true);
    let min = options.token_chars_min.unwrap_or(1) as usize;
    let terms: BTreeSet<&str> = match prefixes {
        true => whole
            .iter()
            .flat_map(|word| (min..=word.len()).map(|end| &word[..end]))
            .collect(),
        false => whole.iter().map(String::as_str).collect(),
    };
    let query = |text: &str| slow_words(text, options, !prefixes);
    match text {
        Text::All(text) => {
            let query = query(text);
            !query.is_empty() && query.iter().all(|word| terms.contains(&**word))
        }
        Text::Any(text) => query(text).iter().any(|word| terms.contains(&**word)),
        Text::Phrase(text) => {
            let query = slow_words(text, options, true);
            !query.is_empty() && whole.windows(query.len()).any(|part| part == query)
        }
        Text::Prefix(text) => {
            let plain = TextOptions {
                token_chars_min: None,
                token_chars_max: options.token_chars_max.filter(|_| prefixes),
                ..options.clone()
            };
            let Some(typed) = slow_words(text, &plain, false).pop() else {
                return false;
            };
            let ends = text.trim_end_matches([' ', ',', '-']);
            let end = if options.tokenizer == Tokenizer::Whitespace {
                text.trim_end()
            } else {
                ends
            };
            let gaps: &[char] = if options.tokenizer == Tokenizer::Whitespace {
                &[' ']
            } else {
                &[' ', ',', '-']
            };
            let before = end.rfind(gaps).map_or("", |at| &end[..at]);
            query(before).iter().all(|word| terms.contains(&**word))
                && terms.iter().any(|term| term.starts_with(&*typed))
        }
    }
}

#[test]
fn values_pass_as_the_definition_says() {
    let mut draw = Draw(3);
    let mut passed = [0; 4];
    for _ in 0..40_000 {
        let options = draw.options();
        let (value, query) = (draw.text(10), draw.text(3));
        let kind = draw.below(4);
        let text = [Text::All, Text::Any, Text::Phrase, Text::Prefix][kind](query);
        let wanted = slow_passes(&text, &value, &options);
        let got = TextTest::compile(&text, &options).passes(&value);
        assert_eq!(got, wanted, "{text:?} on {value:?} with {options:?}");
        passed[kind] += usize::from(got);
    }
    assert!(
        passed.iter().all(|count| (900..9_100).contains(count)),
        "{passed:?}"
    );
}

#[test]
fn languages() {
    let words = |text: &str, options: &TextOptions| Analyzer::new(options).query_words(text).join("|");
    let plain = TextOptions::default();
    let folding = TextOptions {
        ascii_folding: true,
        ..plain.clone()
    };
    assert_eq!(
        words("Straße, ÉTÉ e\u{301}te\u{301}!", &plain),
        "straße|été|e\u{301}te\u{301}"
    );
    assert_eq!(
        words("Straße, ÉTÉ e\u{301}te\u{301} Łódź ﬁn हिन्दी Й", &folding),
        "strasse|ete|ete|lodz|fin|हिन|दी|й"
    );
    let english = TextOptions {
        stemmer: Some(Language::English),
        stop_languages: [Language::English, Language::German].into(),
        stop_words: ["Überall".to_owned()].into(),
        ..plain.clone()
    };
    assert_eq!(words("The cats were running über überall", &english), "cat|run");
    assert_eq!(words("the THE", &english), "");
    let whole = TextOptions {
        tokenizer: Tokenizer::Multilingual,
        ..plain.clone()
    };
    assert_eq!(words("can't 東京 हिन्दी", &whole), "can't|東|京|हिन्दी");
    let typed =
        |text: &str| TextTest::compile(&Text::Prefix(text.into()), &english).passes("the cats were running");
    assert!(
        typed("ca") && typed("cats ru") && typed("cats running") && !typed("cats rub") && !typed("dog r")
    );

    assert_eq!(check(&english), Ok(()));
    let armenian = TextOptions {
        stemmer: Some(Language::Armenian),
        ..plain.clone()
    };
    assert_eq!(
        check(&armenian).unwrap_err().to_string(),
        "there is no stemmer for Armenian"
    );
    let japanese = TextOptions {
        stop_languages: [Language::Japanese].into(),
        ..plain.clone()
    };
    assert_eq!(
        check(&japanese).unwrap_err().to_string(),
        "there are no stop words for Japanese"
    );
    let none = TextOptions {
        token_chars_min: Some(3),
        token_chars_max: Some(2),
        ..plain
    };
    assert_eq!(check(&none), Err(UnservedText::Lengths { min: 3, max: 2 }));
}

#[test]
fn no_text_is_slow() {
    let values = [
        "a".repeat(1 << 17),
        "a ".repeat(1 << 17),
        "a b ".repeat(1 << 17),
        "\u{301}".repeat(1 << 17),
        "ß".repeat(1 << 17),
    ];
    let long: String = (0..12_000).map(|number| format!("{number:x} ")).collect();
    let queries = ["a ".repeat(1 << 15) + "b", "a".repeat(1 << 16), long];
    let started = Instant::now();
    let tokenizers = [Tokenizer::Word, Tokenizer::Prefix, Tokenizer::Multilingual];
    for (tokenizer, stemmer) in
        tokenizers
            .into_iter()
            .zip([None, Some(Language::Tamil), Some(Language::Turkish)])
    {
        let options = TextOptions {
            tokenizer,
            stemmer,
            ascii_folding: true,
            ..TextOptions::default()
        };
        for query in &queries {
            for kind in [Text::All, Text::Any, Text::Phrase, Text::Prefix] {
                let test = TextTest::compile(&kind(query.clone()), &options);
                values.iter().for_each(|value| _ = test.passes(value));
            }
        }
    }
    // 180 tests of a quarter of a mebibyte each; quadratic ones would take hours.
    assert!(
        started.elapsed() < Duration::from_secs(30),
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn no_word_upsets_a_stemmer() {
    let mut draw = Draw(5);
    let languages = [
        (Language::Arabic, 0x621, 0x652),
        (Language::Tamil, 0xb80, 0xbff),
        (Language::Greek, 0x370, 0x3ff),
        (Language::Russian, 0x400, 0x45f),
        (Language::Turkish, 0x61, 0x17f),
        (Language::French, 0x61, 0xff),
        (Language::English, 0x61, 0x7a),
        (Language::German, 0x61, 0xff),
        (Language::Dutch, 0x61, 0xff),
        (Language::Danish, 0x61, 0xff),
        (Language::Finnish, 0x61, 0xff),
        (Language::Hungarian, 0x61, 0x171),
        (Language::Italian, 0x61, 0xff),
        (Language::Norwegian, 0x61, 0xff),
        (Language::Portuguese, 0x61, 0xff),
        (Language::Romanian, 0x61, 0x21b),
        (Language::Spanish, 0x61, 0xff),
        (Language::Swedish, 0x61, 0xff),
    ];
    for (language, first, last) in languages {
        let options = TextOptions {
            tokenizer: Tokenizer::Whitespace,
            stemmer: Some(language),
            ..TextOptions::default()
        };
        let analyzer = Analyzer::new(&options);
        for _ in 0..20_000 {
            let len = 1 + draw.below(12);
            let word = (0..len).filter_map(|_| match draw.below(12) {
                0 => char::from_u32(draw.below(0x11_0000) as u32),
                1 | 2 => char::from_u32((0x61 + draw.below(26)) as u32),
                _ => char::from_u32((first + draw.below(last - first)) as u32),
            });
            let _words = analyzer.query_words(&word.collect::<String>());
            // Pieces of real words meet more of the rules.
            let real = super::language::stop_words(language).unwrap();
            let pieces = (0..1 + draw.below(4)).map(|_| {
                let word = real[draw.below(real.len())];
                let skipped = draw.below(2);
                word.chars()
                    .skip(skipped)
                    .take(1 + draw.below(5))
                    .collect::<String>()
            });
            let _words = analyzer.query_words(&pieces.collect::<String>());
        }
    }
}

#[test]
fn relevance_counts_rarity_repetition_and_length() {
    let mut counter = TermCounter::new(&TextOptions::default(), &["cat", "dog"]);
    let idfs = [idf(100, 2), idf(100, 80)];
    let mut score = |text: &str| {
        let payload = encode(&Map::from([("a".to_owned(), Value::from(text))]));
        let mut found = Vec::new();
        let len = counter.count(
            PayloadRef::new(&payload).unwrap(),
            PayloadPath::key("a").steps(),
            &mut found,
        );
        let found = found.into_iter().map(|(at, times)| (idfs[at as usize], times));
        Bm25::new(4.0).score(found, len.unwrap())
    };
    assert_eq!(score("a bird"), None);
    assert!(score("a cat sat there") > score("a dog sat there"));
    assert!(score("cat cat sat there") > score("a cat sat there"));
    assert!(score("a cat") > score("a cat sat there"));
    assert!(idf(10, 10) > 0.0 && idf(10, 99) > 0.0);
}
