//! Environment variables of Qdrant whose meaning we have, read as our settings. Never takes one for granted that would
//! protect a server: such a one is refused, the rest that we do not know is named for a warning.

use std::collections::BTreeMap;
use std::ffi::OsString;

use super::load::text_of;
use super::row::SettingError;

const PREFIX: &str = "QDRANT__";

/// A variable of Qdrant, and the setting it stands for.
pub(crate) struct Synonym {
    pub(crate) variable: &'static str,
    /// `section.key`.
    pub(crate) setting: &'static str,
    unit: Unit,
}

/// How its value becomes ours.
#[derive(Clone, Copy)]
enum Unit {
    Same,
    /// Words that may be in capitals.
    Word,
    /// Mebibytes, where ours are bytes.
    Mebibytes,
}

impl Synonym {
    /// What is to be said of its unit, for the list of settings.
    pub(crate) fn unit_note(&self) -> &'static str {
        match self.unit {
            Unit::Same => "",
            Unit::Word => ", in capitals or not",
            Unit::Mebibytes => ", in MiB",
        }
    }
}

const fn synonym(variable: &'static str, setting: &'static str, unit: Unit) -> Synonym {
    Synonym {
        variable,
        setting,
        unit,
    }
}

/// Every variable that is understood.
pub(crate) const SYNONYMS: &[Synonym] = &[
    synonym("QDRANT__SERVICE__HOST", "service.http_host", Unit::Same),
    synonym("QDRANT__SERVICE__HTTP_PORT", "service.http_port", Unit::Same),
    synonym("QDRANT__SERVICE__GRPC_PORT", "service.grpc_port", Unit::Same),
    synonym(
        "QDRANT__SERVICE__MAX_REQUEST_SIZE_MB",
        "service.body_bytes_max",
        Unit::Mebibytes,
    ),
    synonym(
        "QDRANT__STORAGE__PERFORMANCE__MAX_SEARCH_THREADS",
        "service.search_threads",
        Unit::Same,
    ),
    synonym("QDRANT__STORAGE__STORAGE_PATH", "storage.path", Unit::Same),
    synonym(
        "QDRANT__STORAGE__HNSW_INDEX__MAX_INDEXING_THREADS",
        "storage.build_threads_max",
        Unit::Same,
    ),
    synonym("QDRANT__LOG_LEVEL", "log.level", Unit::Word),
];

/// Variables that ask for protection which the server does not give; unless empty or `false`, they stop the start.
pub(crate) const PROTECTIONS: &[&str] = &[
    "QDRANT__SERVICE__API_KEY",
    "QDRANT__SERVICE__ALT_API_KEY",
    "QDRANT__SERVICE__READ_ONLY_API_KEY",
    "QDRANT__SERVICE__JWT_RBAC",
    "QDRANT__SERVICE__ENABLE_TLS",
];

/// What Qdrant's variables say.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// By setting: the variable and the value in our unit.
    pub(crate) values: BTreeMap<&'static str, (&'static str, String)>,
    /// Variables without effect, by name.
    pub(crate) unknown: Vec<String>,
}

/// Reads the variables that begin with `QDRANT__`.
pub(crate) fn read(environment: &[(String, OsString)]) -> Result<Found, SettingError> {
    let mut found = Found::default();
    for (name, value) in environment {
        if !name.starts_with(PREFIX) {
            continue;
        }
        let text = text_of(name, value)?;
        if let Some(synonym) = SYNONYMS.iter().find(|synonym| synonym.variable == name) {
            let value = (synonym.variable, synonym.unit.ours(text));
            found.values.insert(synonym.setting, value);
        } else if PROTECTIONS.contains(&name.as_str()) && !matches!(text, "" | "false") {
            return Err(SettingError::Unprotected { name: name.clone() });
        } else {
            found.unknown.push(name.clone());
        }
    }
    found.unknown.sort();
    Ok(found)
}

impl Unit {
    /// The value in our unit. One that is no number is left for the setting to refuse.
    fn ours(self, text: &str) -> String {
        match self {
            Unit::Same => text.to_owned(),
            Unit::Word => text.to_ascii_lowercase(),
            Unit::Mebibytes => match text.parse::<u64>() {
                Ok(mebibytes) => mebibytes.saturating_mul(1 << 20).to_string(),
                Err(_) => text.to_owned(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    //! Goal: Qdrant's names set what ours set, after ours and before the file; what is not understood is named, what would
    //! protect is refused. Method: loads with variables, every synonym among them.
    use super::super::load::{Settings, load};
    use super::super::table::TABLE;
    use super::*;

    fn with(variables: &[(&str, &str)], file: Option<&std::path::Path>) -> Result<Settings, SettingError> {
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()));
        load(&BTreeMap::new(), variables, file)
    }

    #[test]
    fn every_synonym_is_a_setting() {
        for synonym in SYNONYMS {
            assert!(synonym.variable.starts_with(PREFIX));
            assert!(TABLE.iter().any(|setting| setting.name() == synonym.setting));
        }
        let settings = with(
            &[
                ("QDRANT__SERVICE__HOST", "::1"),
                ("QDRANT__SERVICE__HTTP_PORT", "1"),
                ("QDRANT__SERVICE__GRPC_PORT", "2"),
                ("QDRANT__SERVICE__MAX_REQUEST_SIZE_MB", "3"),
                ("QDRANT__STORAGE__PERFORMANCE__MAX_SEARCH_THREADS", "4"),
                ("QDRANT__STORAGE__STORAGE_PATH", "data"),
                ("QDRANT__STORAGE__HNSW_INDEX__MAX_INDEXING_THREADS", "5"),
                ("QDRANT__LOG_LEVEL", "WARN"),
            ],
            None,
        );
        let settings = settings.unwrap();
        assert_eq!(
            (
                settings.http_host.as_str(),
                settings.http_port,
                settings.grpc_port
            ),
            ("::1", 1, 2)
        );
        assert_eq!(
            (settings.server.body_bytes_max, settings.server.readers_max),
            (3 << 20, 4)
        );
        assert_eq!(
            (settings.storage.to_str(), settings.build_threads_max),
            (Some("data"), 5)
        );
        assert_eq!(
            (settings.log_level.as_str(), settings.unknown_variables.len()),
            ("warn", 0)
        );
    }

    #[test]
    fn precedence_unknown_names_and_protection() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ruvector.toml");
        std::fs::write(&file, "[service]\nhttp_port = 1\n").unwrap();
        let theirs = ("QDRANT__SERVICE__HTTP_PORT", "2");
        let ours = ("RUVECTOR__SERVICE__HTTP_PORT", "3");
        assert_eq!(with(&[theirs], Some(&file)).unwrap().http_port, 2);
        assert_eq!(with(&[theirs, ours], Some(&file)).unwrap().http_port, 3);

        let unknown = [
            ("QDRANT__TELEMETRY_DISABLED", "true"),
            ("QDRANT__CLUSTER__ENABLED", "false"),
            ("QDRANT__SERVICE__ENABLE_TLS", "false"),
            ("QDRANT_PORT", "tcp://x"),
        ];
        let names = [
            "QDRANT__CLUSTER__ENABLED",
            "QDRANT__SERVICE__ENABLE_TLS",
            "QDRANT__TELEMETRY_DISABLED",
        ];
        assert_eq!(with(&unknown, None).unwrap().unknown_variables, names);

        let error = |name: &str, value: &str| with(&[(name, value)], None).unwrap_err().to_string();
        for name in PROTECTIONS {
            assert!(error(name, "true").contains(name));
        }
        assert!(error("QDRANT__SERVICE__HTTP_PORT", "x").contains("QDRANT__SERVICE__HTTP_PORT: \"x\""));
        let huge = u64::MAX.to_string();
        for size in ["x", "0", "-1", huge.as_str()] {
            let message = error("QDRANT__SERVICE__MAX_REQUEST_SIZE_MB", size);
            assert!(
                message.contains("QDRANT__SERVICE__MAX_REQUEST_SIZE_MB"),
                "{message}"
            );
        }
    }
}
