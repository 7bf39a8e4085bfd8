//! Speaks REST with a running server: one request, one answer, over connections that are kept open. Never retries.

use std::sync::OnceLock;
use std::time::Duration;

use serde_json::Value;
use ureq::config::Config;
use ureq::http::{Request, Uri};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Error};

use crate::error::CliError;

const ANSWER_BYTES_MAX: u64 = 256 << 20;
const CONNECT: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_secs(120);
const MESSAGE_CHARS_MAX: usize = 300;

/// A connection to a server.
pub(crate) struct Client {
    agent: Agent,
    url: String,
    api_key: Option<String>,
}

impl Client {
    /// For the server at `url`, e.g. `http://127.0.0.1:6333`.
    pub(crate) fn new(url: &str) -> Client {
        Client::with(url, None, ANSWER)
    }

    /// The same with a key that each request carries, and so long for an answer.
    pub(crate) fn with(url: &str, api_key: Option<&str>, timeout: Duration) -> Client {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_connect(Some(CONNECT))
            .timeout_global(Some(timeout))
            .build();
        Client {
            agent: Agent::with_parts(config, DefaultConnector::default(), Resolved::default()),
            url: url.trim_end_matches('/').to_owned(),
            api_key: api_key.map(str::to_owned),
        }
    }

    /// The result of a request. A refusal of the server is an error with its message.
    pub(crate) fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, CliError> {
        let mut answer = self.answer(method, path, body)?;
        Ok(answer["result"].take())
    }

    /// As [`Client::send`], the whole answer.
    pub(crate) fn answer(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, CliError> {
        match self.try_send(method, path, body)? {
            (200, answer) => Ok(answer),
            (status, answer) => {
                let message = answer["status"]["error"].as_str().unwrap_or("no message");
                Err(CliError::Refused {
                    status,
                    message: message.to_owned(),
                })
            }
        }
    }

    /// The status and the whole answer of a request.
    pub(crate) fn try_send(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(u16, Value), CliError> {
        let bytes = match body {
            Some(body) => serde_json::to_vec(body).map_err(CliError::Json)?,
            None => Vec::new(),
        };
        let (status, bytes) = self.exchange(method, path, &bytes)?;
        match serde_json::from_slice(&bytes) {
            Ok(answer) => Ok((status, answer)),
            Err(_) if status == 200 => Err(CliError::Answer("it is not JSON")),
            Err(_) => Err(refused(status, &bytes)),
        }
    }

    /// The bytes that answer a request; a refusal of the server is an error with its message.
    pub(crate) fn bytes(&self, method: &str, path: &str, body: &[u8]) -> Result<Vec<u8>, CliError> {
        match self.exchange(method, path, body)? {
            (200, bytes) => Ok(bytes),
            (status, bytes) => Err(refused(status, &bytes)),
        }
    }

    fn exchange(&self, method: &str, path: &str, body: &[u8]) -> Result<(u16, Vec<u8>), CliError> {
        let url = format!("{}{path}", self.url);
        let failed = |source: Error| match source {
            Error::ConnectionFailed | Error::HostNotFound | Error::Io(_) => CliError::NoServer {
                url: self.url.clone(),
            },
            other => CliError::Http {
                url: url.clone(),
                source: Box::new(other),
            },
        };
        let mut request = Request::builder()
            .method(method)
            .uri(&url)
            .header("content-type", "application/json");
        if let Some(key) = &self.api_key {
            request = request.header("api-key", key);
        }
        let request = request.body(body).map_err(|error| failed(error.into()))?;
        let mut response = self.agent.run(request).map_err(failed)?;
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(ANSWER_BYTES_MAX);
        Ok((status, body.read_to_vec().map_err(failed)?))
    }
}

/// A refusal with its message: the one of an answer in JSON, or the beginning of whatever else it is.
pub(crate) fn refused(status: u16, bytes: &[u8]) -> CliError {
    let answer: Value = serde_json::from_slice(bytes).unwrap_or_default();
    let message = match answer["status"]["error"].as_str() {
        Some(message) => message.to_owned(),
        None => String::from_utf8_lossy(&bytes[..bytes.len().min(4 * MESSAGE_CHARS_MAX)])
            .chars()
            .filter(|letter| !letter.is_control())
            .take(MESSAGE_CHARS_MAX)
            .collect(),
    };
    CliError::Refused { status, message }
}

/// Looks a server's name up once: a look-up for every request would cost a thread each time.
#[derive(Debug, Default)]
struct Resolved {
    lookup: DefaultResolver,
    found: OnceLock<(Uri, ResolvedSocketAddrs)>,
}

impl Resolver for Resolved {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        if let Some((known, addresses)) = self.found.get()
            && known.authority() == uri.authority()
        {
            return Ok(addresses.clone());
        }
        let addresses = self.lookup.resolve(uri, config, timeout)?;
        self.found.get_or_init(|| (uri.clone(), addresses.clone()));
        Ok(addresses)
    }
}

/// A name as one segment of a URL's path (RFC 3986, section 2.3).
pub(crate) fn segment(name: &str) -> String {
    name.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
