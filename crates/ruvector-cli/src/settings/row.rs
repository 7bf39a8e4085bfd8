//! One row of the table of settings, its spellings, and the reading of its values. Never knows a row by name.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Arg, ArgMatches};

use super::table::TABLE;

/// A setting.
pub(crate) struct Setting {
    /// Section of the file and of the help.
    pub(crate) section: &'static str,
    /// Key in its section, the unit last.
    pub(crate) key: &'static str,
    /// The flag, without dashes.
    pub(crate) flag: &'static str,
    /// What it takes.
    pub(crate) kind: Kind,
    /// What it does, in one sentence.
    pub(crate) doc: &'static str,
}

/// What a setting takes, with its default.
pub(crate) enum Kind {
    /// Any text.
    Text(&'static str),
    /// One of a few words.
    Word(&'static str, &'static [&'static str]),
    /// A whole number from the second to the third.
    Number(fn() -> u64, u64, u64),
    /// The same, or the word, which is the default and stands for a number that the program works out.
    NumberOr(&'static str, u64, u64),
}

/// A value of a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Text(String),
    Number(u64),
}

/// A setting that cannot be used; names where it was given.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingError {
    #[error("{place}: {given:?} is not {expected}")]
    Value {
        place: String,
        given: String,
        expected: String,
    },
    #[error("{}: unknown setting {name:?}; docs/config.md and `ruvector serve --help` list them", .file.display())]
    UnknownKey { file: PathBuf, name: String },
    #[error("environment: unknown setting {name}; docs/config.md and `ruvector serve --help` list them")]
    UnknownVariable { name: String },
    #[error(
        "environment: {name} asks for protection that this server does not give: there is no authentication and no TLS \
         yet. Unset it to start without"
    )]
    Unprotected { name: String },
    #[error("{}: {source}", .file.display())]
    Read { file: PathBuf, source: std::io::Error },
    #[error("{}: {source}", .file.display())]
    Toml { file: PathBuf, source: toml::de::Error },
    #[error("service.http_port and service.grpc_port are both {port}; give them different ports")]
    SamePort { port: u16 },
}

impl Setting {
    /// `section.key`.
    pub(crate) fn name(&self) -> String {
        format!("{}.{}", self.section, self.key)
    }

    /// `RUVECTOR__SECTION__KEY`.
    pub(crate) fn variable(&self) -> String {
        format!("RUVECTOR__{}__{}", self.section, self.key).to_ascii_uppercase()
    }

    /// The default as text.
    pub(crate) fn default_text(&self) -> String {
        match self.kind {
            Kind::Text(text) | Kind::Word(text, _) => text.to_owned(),
            Kind::Number(default, _, _) => default().to_string(),
            Kind::NumberOr(word, _, _) => word.to_owned(),
        }
    }

    /// What it takes, in words.
    pub(crate) fn expected(&self) -> String {
        match self.kind {
            Kind::Text(_) => "a text".to_owned(),
            Kind::Word(_, words) => format!("one of {}", words.join(", ")),
            Kind::Number(_, min, max) => format!("a whole number from {min} to {max}"),
            Kind::NumberOr(word, min, max) => format!("{word} or a whole number from {min} to {max}"),
        }
    }

    /// Reads a value given as text at `place`.
    pub(crate) fn parse(&self, text: &str, place: String) -> Result<Value, SettingError> {
        let value = match self.kind {
            Kind::Text(_) => (!text.is_empty()).then(|| Value::Text(text.to_owned())),
            Kind::Word(_, words) => words.contains(&text).then(|| Value::Text(text.to_owned())),
            Kind::NumberOr(word, _, _) if word == text => Some(Value::Text(word.to_owned())),
            Kind::Number(_, min, max) | Kind::NumberOr(_, min, max) => {
                let number = text.parse::<u64>().ok();
                number
                    .filter(|number| (min..=max).contains(number))
                    .map(Value::Number)
            }
        };
        value.ok_or_else(|| SettingError::Value {
            place,
            given: text.to_owned(),
            expected: self.expected(),
        })
    }
}

/// The flags of `serve`.
pub(crate) fn arguments() -> Vec<Arg> {
    TABLE
        .iter()
        .map(|setting| {
            let text = format!("{} [default: {}]", setting.doc, setting.default_text());
            let value_name = match setting.kind {
                Kind::Number(..) | Kind::NumberOr(..) => "N",
                _ => "TEXT",
            };
            Arg::new(setting.flag)
                .long(setting.flag)
                .value_name(value_name)
                .help(format!("{text} [env: {}]", setting.variable()))
                .help_heading(heading(setting.section))
        })
        .collect()
}

/// The flags that were given, by flag.
pub(crate) fn flags(matches: &ArgMatches) -> BTreeMap<&'static str, String> {
    TABLE
        .iter()
        .filter_map(|setting| {
            let given = matches.get_one::<String>(setting.flag)?;
            Some((setting.flag, given.clone()))
        })
        .collect()
}

pub(crate) fn heading(section: &str) -> &'static str {
    match section {
        "service" => "Service",
        "storage" => "Storage",
        "log" => "Log",
        _ => "Limits",
    }
}
