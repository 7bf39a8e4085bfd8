//! Payload indexes as they are declared: of which field, of what kind. Never says how one is built.

use std::collections::BTreeSet;

/// An index of one payload field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldIndex {
    /// What it answers.
    pub kind: IndexKind,
    /// Its pages stay in files, mapped, and are not copied into resident memory.
    pub on_disk: bool,
    /// Most searches name one value of the field (a tenant), or order by it (a principal): it is kept in memory first.
    pub is_principal: bool,
}

/// The kinds of payload index. Every kind also knows where the field is missing or `null`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IndexKind {
    /// Integers: equality, unless `lookup` is false, and order, unless `range` is false.
    Integer {
        /// Serves match conditions.
        lookup: bool,
        /// Serves ranges and ordering.
        range: bool,
    },
    /// Numbers: ranges and ordering.
    Float,
    /// RFC 3339 times: ranges and ordering.
    Datetime,
    /// Strings: equality, and what they begin with.
    Keyword {
        /// Prefixes are wanted, as the declaration says. They are served without it too.
        prefix: bool,
    },
    /// Strings that are UUIDs: equality to the letter, as without an index.
    Uuid,
    /// Booleans: equality.
    Bool,
    /// Places.
    Geo,
    /// Words of strings.
    Text(TextOptions),
    /// Only where the field is missing or `null`.
    Null,
}

/// How a text is cut into words and how words are made equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextOptions {
    /// Where words end.
    pub tokenizer: Tokenizer,
    /// Shorter words are left out; characters.
    pub token_chars_min: Option<u32>,
    /// Longer words are left out; characters.
    pub token_chars_max: Option<u32>,
    /// Case is ignored.
    pub lowercase: bool,
    /// Accents are ignored.
    pub ascii_folding: bool,
    /// Words left out of these languages.
    pub stop_languages: BTreeSet<Language>,
    /// Other words left out.
    pub stop_words: BTreeSet<String>,
    /// Words are cut to their stems in this language.
    pub stemmer: Option<Language>,
    /// Serves phrases.
    pub phrases: bool,
}

impl Default for TextOptions {
    fn default() -> Self {
        TextOptions {
            tokenizer: Tokenizer::Word,
            token_chars_min: None,
            token_chars_max: None,
            lowercase: true,
            ascii_folding: false,
            stop_languages: BTreeSet::new(),
            stop_words: BTreeSet::new(),
            stemmer: None,
            phrases: false,
        }
    }
}

/// Where words end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tokenizer {
    /// At what is neither a letter nor a digit of some script, nor the accent of one.
    Word,
    /// At white space.
    Whitespace,
    /// As `Word`, and every beginning of a word is a word, from the least length to the greatest.
    Prefix,
    /// By the rules of Unicode for all scripts.
    Multilingual,
}

/// A language with a stemmer, stop words or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "their names say it")]
pub enum Language {
    Arabic,
    Armenian,
    Azerbaijani,
    Basque,
    Bengali,
    Catalan,
    Chinese,
    Danish,
    Dutch,
    English,
    Estonian,
    Finnish,
    French,
    German,
    Greek,
    Hebrew,
    Hinglish,
    Hungarian,
    Indonesian,
    Italian,
    Japanese,
    Kazakh,
    Lithuanian,
    Nepali,
    Norwegian,
    Portuguese,
    Romanian,
    Russian,
    Slovene,
    Spanish,
    Swedish,
    Tajik,
    Tamil,
    Turkish,
    Yiddish,
}

/// Every language with its English name in lower case, as users write it. Its position is its number in files.
const LANGUAGES: [(Language, &str); 35] = [
    (Language::Arabic, "arabic"),
    (Language::Armenian, "armenian"),
    (Language::Azerbaijani, "azerbaijani"),
    (Language::Basque, "basque"),
    (Language::Bengali, "bengali"),
    (Language::Catalan, "catalan"),
    (Language::Chinese, "chinese"),
    (Language::Danish, "danish"),
    (Language::Dutch, "dutch"),
    (Language::English, "english"),
    (Language::Estonian, "estonian"),
    (Language::Finnish, "finnish"),
    (Language::French, "french"),
    (Language::German, "german"),
    (Language::Greek, "greek"),
    (Language::Hebrew, "hebrew"),
    (Language::Hinglish, "hinglish"),
    (Language::Hungarian, "hungarian"),
    (Language::Indonesian, "indonesian"),
    (Language::Italian, "italian"),
    (Language::Japanese, "japanese"),
    (Language::Kazakh, "kazakh"),
    (Language::Lithuanian, "lithuanian"),
    (Language::Nepali, "nepali"),
    (Language::Norwegian, "norwegian"),
    (Language::Portuguese, "portuguese"),
    (Language::Romanian, "romanian"),
    (Language::Russian, "russian"),
    (Language::Slovene, "slovene"),
    (Language::Spanish, "spanish"),
    (Language::Swedish, "swedish"),
    (Language::Tajik, "tajik"),
    (Language::Tamil, "tamil"),
    (Language::Turkish, "turkish"),
    (Language::Yiddish, "yiddish"),
];

impl Language {
    /// Its English name in lower case.
    pub fn name(self) -> &'static str {
        LANGUAGES
            .iter()
            .find(|(language, _)| *language == self)
            .map_or("", |(_, name)| name)
    }

    /// The language of this English name in lower case.
    pub fn of_name(name: &str) -> Option<Language> {
        let found = LANGUAGES.iter().find(|(_, known)| *known == name);
        found.map(|(language, _)| *language)
    }

    /// Its number in files.
    pub fn number(self) -> u8 {
        let at = LANGUAGES.iter().position(|(language, _)| *language == self);
        at.unwrap_or_default() as u8
    }

    /// The language of this number in files.
    pub fn of_number(number: u8) -> Option<Language> {
        LANGUAGES.get(usize::from(number)).map(|(language, _)| *language)
    }
}
