//! Speaks REST with a running server: one request, one answer. Never retries.

use std::time::Duration;

use serde_json::Value;
use ureq::Agent;
use ureq::http::Request;

use crate::error::CliError;

const ANSWER_BYTES_MAX: u64 = 256 << 20;

/// A connection to a server.
pub(crate) struct Client {
    agent: Agent,
    url: String,
}

impl Client {
    /// For the server at `url`, e.g. `http://127.0.0.1:6333`.
    pub(crate) fn new(url: &str) -> Client {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(120)))
            .build();
        Client {
            agent: config.into(),
            url: url.trim_end_matches('/').to_owned(),
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
        let url = format!("{}{path}", self.url);
        let failed = |source: ureq::Error| match source {
            ureq::Error::ConnectionFailed | ureq::Error::HostNotFound | ureq::Error::Io(_) => {
                CliError::NoServer {
                    url: self.url.clone(),
                }
            }
            other => CliError::Http {
                url: url.clone(),
                source: Box::new(other),
            },
        };
        let bytes = match body {
            Some(body) => serde_json::to_vec(body).map_err(CliError::Json)?,
            None => Vec::new(),
        };
        let request = Request::builder()
            .method(method)
            .uri(&url)
            .header("content-type", "application/json")
            .body(bytes)
            .map_err(|error| failed(error.into()))?;
        let mut response = self.agent.run(request).map_err(failed)?;
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(ANSWER_BYTES_MAX);
        let bytes = body.read_to_vec().map_err(failed)?;
        let answer = serde_json::from_slice(&bytes);
        Ok((status, answer.map_err(|_| CliError::Answer("it is not JSON"))?))
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
