//! Puts the settings together: flag before environment (ours, then Qdrant's) before file before default. Never takes a setting it does
//! not know.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ruvector_server::ServerConfig;
use ruvector_types::Limits;

use super::qdrant;
use super::row::{Kind, Setting, SettingError, Value};
use super::table::TABLE;

/// What `serve` runs with.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) http_host: String,
    pub(crate) http_port: u16,
    pub(crate) grpc_port: u16,
    pub(crate) server: ServerConfig,
    pub(crate) storage: PathBuf,
    pub(crate) maintenance_threads: u32,
    pub(crate) build_threads_max: u32,
    /// `None`: half of the memory.
    pub(crate) promoted_bytes_max: Option<u64>,
    pub(crate) filter_cache_bytes_max: u64,
    pub(crate) log_level: String,
    pub(crate) limits: Limits,
    /// Variables of Qdrant that are set and have no effect here.
    pub(crate) unknown_variables: Vec<String>,
}

const PREFIX: &str = "RUVECTOR__";

/// Reads flags (by flag), environment variables and the file.
pub(crate) fn load(
    flags: &BTreeMap<&'static str, String>,
    environment: impl Iterator<Item = (OsString, OsString)>,
    file: Option<&Path>,
) -> Result<Settings, SettingError> {
    let environment: Vec<(String, OsString)> = environment
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .collect();
    let variables = variables(&environment)?;
    let qdrant = qdrant::read(&environment)?;
    let mut in_file = file.map(read_file).transpose()?.unwrap_or_default();
    let mut values = BTreeMap::new();
    for setting in TABLE {
        let name = setting.name();
        let from_file = in_file.remove(&name);
        let value = if let Some(text) = flags.get(setting.flag) {
            setting.parse(text, format!("--{}", setting.flag))?
        } else if let Some(text) = variables.get(&setting.variable()) {
            setting.parse(text, setting.variable())?
        } else if let Some((variable, text)) = qdrant.values.get(name.as_str()) {
            setting.parse(text, (*variable).to_owned())?
        } else if let (Some(text), Some(path)) = (&from_file, file) {
            setting.parse(text, format!("{}: {name}", path.display()))?
        } else {
            default_value(setting)
        };
        values.insert(name, value);
    }
    if let (Some((name, _)), Some(path)) = (in_file.pop_first(), file) {
        let file = path.to_owned();
        return Err(SettingError::UnknownKey { file, name });
    }
    let settings = Values(values).into_settings()?;
    Ok(Settings {
        unknown_variables: qdrant.unknown,
        ..settings
    })
}

fn default_value(setting: &Setting) -> Value {
    match setting.kind {
        Kind::Text(text) | Kind::Word(text, _) | Kind::NumberOr(text, _, _) => Value::Text(text.to_owned()),
        Kind::Number(default, _, _) => Value::Number(default()),
    }
}

/// The variables with our prefix; one that names no setting is an error.
fn variables(environment: &[(String, OsString)]) -> Result<BTreeMap<String, String>, SettingError> {
    let mut variables = BTreeMap::new();
    for (name, value) in environment {
        if !name.starts_with(PREFIX) {
            continue;
        }
        if !TABLE.iter().any(|setting| setting.variable() == *name) {
            let name = name.clone();
            return Err(SettingError::UnknownVariable { name });
        }
        variables.insert(name.clone(), text_of(name, value)?.to_owned());
    }
    Ok(variables)
}

/// A variable's value, which must be UTF-8.
pub(super) fn text_of<'a>(name: &str, value: &'a OsStr) -> Result<&'a str, SettingError> {
    value.to_str().ok_or_else(|| SettingError::Value {
        place: name.to_owned(),
        given: value.to_string_lossy().into_owned(),
        expected: "valid UTF-8".to_owned(),
    })
}

/// The file's values as text, by `section.key`.
fn read_file(path: &Path) -> Result<BTreeMap<String, String>, SettingError> {
    let text = std::fs::read_to_string(path).map_err(|source| SettingError::Read {
        file: path.to_owned(),
        source,
    })?;
    let table: toml::Table = text.parse().map_err(|source| SettingError::Toml {
        file: path.to_owned(),
        source,
    })?;
    let mut values = BTreeMap::new();
    for (section, entries) in table {
        let toml::Value::Table(entries) = entries else {
            let file = path.to_owned();
            return Err(SettingError::UnknownKey { file, name: section });
        };
        for (key, value) in entries {
            let text = match value {
                toml::Value::String(text) => text,
                toml::Value::Integer(number) => number.to_string(),
                toml::Value::Float(number) => number.to_string(),
                other => {
                    return Err(SettingError::Value {
                        place: format!("{}: {section}.{key}", path.display()),
                        given: other.type_str().to_owned(),
                        expected: "a text or a number".to_owned(),
                    });
                }
            };
            values.insert(format!("{section}.{key}"), text);
        }
    }
    Ok(values)
}

/// All settings by name. Every name asked for is in the table, which a test checks.
struct Values(BTreeMap<String, Value>);

impl Values {
    fn number(&self, name: &str) -> u64 {
        self.number_unless_word(name).unwrap_or(0)
    }

    fn number_unless_word(&self, name: &str) -> Option<u64> {
        match self.0.get(name) {
            Some(Value::Number(number)) => Some(*number),
            _ => None,
        }
    }

    fn size(&self, name: &str) -> usize {
        usize::try_from(self.number(name)).unwrap_or(usize::MAX)
    }

    fn narrow(&self, name: &str) -> u32 {
        u32::try_from(self.number(name)).unwrap_or(u32::MAX)
    }

    fn port(&self, name: &str) -> u16 {
        u16::try_from(self.number(name)).unwrap_or(0)
    }

    fn millis(&self, name: &str) -> Duration {
        Duration::from_millis(self.number(name))
    }

    fn text(&self, name: &str) -> String {
        match self.0.get(name) {
            Some(Value::Text(text)) => text.clone(),
            _ => String::new(),
        }
    }

    fn into_settings(self) -> Result<Settings, SettingError> {
        let http_port = self.port("service.http_port");
        let grpc_port = self.port("service.grpc_port");
        if http_port == grpc_port && http_port != 0 {
            return Err(SettingError::SamePort { port: http_port });
        }
        let search_threads = match self.size("service.search_threads") {
            0 => ServerConfig::default().readers_max,
            threads => threads,
        };
        Ok(Settings {
            http_host: self.text("service.http_host"),
            http_port,
            grpc_port,
            server: ServerConfig {
                body_bytes_max: self.size("service.body_bytes_max"),
                bodies_bytes_max: self.size("service.bodies_bytes_max"),
                in_flight_max: self.size("service.in_flight_max"),
                connections_max: self.size("service.connections_max"),
                request_timeout: self.millis("service.request_timeout_ms"),
                readers_max: search_threads,
                drain_timeout: self.millis("service.drain_timeout_ms"),
            },
            storage: PathBuf::from(self.text("storage.path")),
            maintenance_threads: self.narrow("storage.maintenance_threads"),
            build_threads_max: self.narrow("storage.build_threads_max"),
            promoted_bytes_max: self.number_unless_word("storage.promoted_bytes_max"),
            filter_cache_bytes_max: self.number("storage.filter_cache_bytes_max"),
            log_level: self.text("log.level"),
            limits: self.limits(),
            unknown_variables: Vec::new(),
        })
    }

    fn limits(&self) -> Limits {
        Limits {
            collections_max: self.size("limits.collections_max"),
            aliases_max: self.size("limits.aliases_max"),
            shards_max: self.narrow("limits.shards_max"),
            vector_fields_max: self.size("limits.vector_fields_max"),
            vector_dim_max: self.narrow("limits.vector_dim_max"),
            sparse_values_max: self.size("limits.sparse_values_max"),
            multivector_rows_max: self.size("limits.multivector_rows_max"),
            multivector_numbers_max: self.size("limits.multivector_numbers_max"),
            hnsw_m_max: self.narrow("limits.hnsw_m_max"),
            hnsw_ef_construct_max: self.narrow("limits.hnsw_ef_construct_max"),
            hnsw_ef_max: self.narrow("limits.hnsw_ef_max"),
            batch_points_max: self.size("limits.batch_points_max"),
            batch_bytes_max: self.size("limits.batch_bytes_max"),
            payload_bytes_max: self.size("limits.payload_bytes_max"),
            payload_depth_max: self.size("limits.payload_depth_max"),
            limit_max: self.size("limits.limit_max"),
            offset_max: self.size("limits.offset_max"),
            query_text_bytes_max: self.size("limits.query_text_bytes_max"),
            query_depth_max: self.size("limits.query_depth_max"),
            query_stages_max: self.size("limits.query_stages_max"),
            query_examples_max: self.size("limits.query_examples_max"),
            query_diverse_max: self.size("limits.query_diverse_max"),
            payload_indexes_max: self.size("limits.payload_indexes_max"),
            stop_words_max: self.size("limits.stop_words_max"),
            stop_word_bytes_max: self.size("limits.stop_word_bytes_max"),
            token_chars_max: self.narrow("limits.token_chars_max"),
            filter_depth_max: self.size("limits.filter_depth_max"),
            filter_conditions_max: self.size("limits.filter_conditions_max"),
            filter_values_max: self.size("limits.filter_values_max"),
            filter_text_bytes_max: self.size("limits.filter_text_bytes_max"),
            filter_polygon_points_max: self.size("limits.filter_polygon_points_max"),
            ..Limits::default()
        }
    }
}

#[cfg(test)]
mod tests {
    //! Goal: defaults are the engine's, precedence holds, unknown names are refused. Method: loads with flags,
    //! variables and a file.
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect()
    }

    #[test]
    fn defaults_are_the_engines() {
        let settings = load(&BTreeMap::new(), std::iter::empty(), None).unwrap();
        assert_eq!(settings.limits, Limits::default());
        assert_eq!(settings.http_port, 6333);
        assert_eq!(
            format!("{:?}", settings.server),
            format!("{:?}", ServerConfig::default())
        );
        assert_eq!(settings.storage, PathBuf::from("./storage"));
        assert_eq!(
            (settings.maintenance_threads, settings.log_level.as_str()),
            (1, "info")
        );
        assert_eq!(settings.promoted_bytes_max, None);
    }

    #[test]
    fn a_number_or_a_word() {
        let load = |text: &str| {
            let flags = BTreeMap::from([("promoted-bytes-max", text.to_owned())]);
            load(&flags, std::iter::empty(), None).map(|settings| settings.promoted_bytes_max)
        };
        assert_eq!(load("half").unwrap(), None);
        assert_eq!(load("0").unwrap(), Some(0));
        assert_eq!(load("1000000").unwrap(), Some(1_000_000));
        let error = load("all").unwrap_err().to_string();
        assert!(error.contains("half or a whole number from 0"), "{error}");
    }

    #[test]
    fn precedence_and_unknown_names() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ruvector.toml");
        let write = |text: &str| std::fs::write(&path, text).unwrap();
        let port = |flags: &[(&'static str, &str)], env: &[(&str, &str)], file: bool| {
            let flags = flags
                .iter()
                .map(|(flag, text)| (*flag, (*text).to_owned()))
                .collect();
            let file = file.then_some(path.as_path());
            load(&flags, variables(env).into_iter(), file).map(|settings| settings.http_port)
        };
        write("[service]\nhttp_port = 1\n[storage]\npath = \"x\"\n");
        let env = [("RUVECTOR__SERVICE__HTTP_PORT", "2")];
        assert_eq!(port(&[("http-port", "3")], &env, true).unwrap(), 3);
        assert_eq!(port(&[], &env, true).unwrap(), 2);
        assert_eq!(port(&[], &[], true).unwrap(), 1);
        assert_eq!(port(&[], &[("PATH", "x")], false).unwrap(), 6333);

        let error = |result: Result<u16, SettingError>| result.unwrap_err().to_string();
        assert!(error(port(&[("http-port", "70000")], &[], false)).contains("--http-port: \"70000\""));
        assert!(error(port(&[], &[("RUVECTOR__SERVICE__HTTPPORT", "1")], false)).contains("HTTPPORT"));
        assert!(error(port(&[("grpc-port", "6333")], &[], false)).contains("both 6333"));
        write("[service]\nhttp_prot = 1\n");
        assert!(error(port(&[], &[], true)).contains("service.http_prot"));
        write("http_port = 1\n");
        assert!(error(port(&[], &[], true)).contains("\"http_port\""));
        write("[service\n");
        assert!(error(port(&[], &[], true)).contains("ruvector.toml"));
        write("[service]\nhttp_port = \"many\"\n");
        assert!(error(port(&[], &[], true)).contains("service.http_port: \"many\""));
    }
}
