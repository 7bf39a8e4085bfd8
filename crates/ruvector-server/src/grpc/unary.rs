//! One call on its way to the engine: its head, its message, its time; where it is carried out is decided as for REST.
//! Never reads a message's meaning.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use prost::Message;
use ruvector_api::ApiError;
use ruvector_api::proto::{self, WireError};
use ruvector_core::Wait;

use super::answer::{self, Reply};
use super::calls::{Calls, Manner, Served};
use super::frame;
use crate::app::App;
use crate::body;
use crate::job::{Job, Kind, Terms};

/// Answers any call.
pub(super) async fn answer(app: App, calls: Arc<Calls>, request: Request) -> Response {
    match carry_out(app, &calls, request).await {
        Ok(reply) => reply.into_response(),
        Err(error) => answer::failure(&error),
    }
}

async fn carry_out(app: App, calls: &Calls, request: Request) -> Result<Reply, ApiError> {
    let started = Instant::now();
    check_media_type(request.headers())?;
    let path = request.uri().path();
    let served = calls.get(path).ok_or_else(|| proto::no_call(path))?;
    let (parts, message) = request.into_parts();
    let patience = timeout_of(&parts.headers)?;
    let time = patience.map_or(app.config.request_timeout, |time| {
        time.min(app.config.request_timeout)
    });
    let held = within(time, read(&app, &parts.headers, message)).await?;
    let timeout = match served
        .call
        .timeout
        .and_then(|number| proto::varint(&held.bytes, number))
    {
        // A message that is packed says it too late.
        Some(seconds) if !held.is_gzip => proto::Terms::timeout(seconds)?,
        _ => app.config.request_timeout,
    };
    let timeout = patience.map_or(timeout, |time| time.min(timeout));
    let terms = Terms {
        // Messages say for themselves whether they wait.
        wait: Wait::Accepted,
        started,
        timeout,
        gzip_answer: accepts_gzip(&parts.headers),
    };
    let job = Job::new(&app, terms, held)?;
    let left = job.time_left();
    if left.is_zero() {
        // What is ready at once would be answered, and a write begun that nobody waits for.
        return Err(timed_out(timeout));
    }
    match tokio::time::timeout(left, begin(app, served, job)).await {
        Ok(answer) => answer,
        Err(_) => Err(timed_out(timeout)),
    }
}

async fn begin(app: App, served: &Served, mut job: Job) -> Result<Reply, ApiError> {
    let (work, key) = (served.work.clone(), served.key);
    let with_app = app.clone();
    let work = move |job: &Job| work(&with_app, job);
    if served.manner == Manner::QuickRead
        && let Some(answer) = job.attempt_here(&app, key, &work)
    {
        return answer;
    }
    let kind = match served.manner {
        Manner::QuickRead | Manner::Read => Kind::Read,
        Manner::Write => Kind::Write,
    };
    job.carry_out(app, (kind, key), work).await
}

/// The message of a job. Looked over before anything is made of it; what it takes in memory is counted.
pub(super) fn message<M: Message + Default>(app: &App, call: proto::Call, job: &Job) -> Result<M, ApiError> {
    let bytes = job.bytes();
    let limit = app.config.bodies_bytes();
    let taken = proto::shapes().check(call, bytes, limit, job.limits())?;
    job.take_memory(taken)?;
    M::decode(bytes).map_err(|error| WireError::Decode(error).into())
}

async fn read(app: &App, headers: &HeaderMap, message: Body) -> Result<body::Held, ApiError> {
    let held = body::read_any(app, headers, message).await?;
    frame::open(headers, held)
}

async fn within<T>(time: Duration, work: impl Future<Output = Result<T, ApiError>>) -> Result<T, ApiError> {
    tokio::time::timeout(time, work)
        .await
        .unwrap_or_else(|_| Err(timed_out(time)))
}

fn timed_out(time: Duration) -> ApiError {
    let after_ms = time.as_millis() as u64;
    ApiError::Timeout { after_ms }
}

/// Refuses what is no gRPC of protobuf messages.
fn check_media_type(headers: &HeaderMap) -> Result<(), ApiError> {
    let given = headers
        .get(CONTENT_TYPE)
        .map_or(&b""[..], |value| value.as_bytes());
    match given {
        b"application/grpc" | b"application/grpc+proto" => Ok(()),
        _ => Err(ApiError::MediaType {
            given: String::from_utf8_lossy(given).into_owned(),
        }),
    }
}

/// The time that the caller waits (`grpc-timeout`): up to eight digits and a unit.
fn timeout_of(headers: &HeaderMap) -> Result<Option<Duration>, ApiError> {
    let Some(value) = headers.get("grpc-timeout") else {
        return Ok(None);
    };
    let parsed = value.to_str().ok().and_then(|text| {
        let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let is_number = (1..=8).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        let count = digits.parse::<u64>().ok().filter(|_| is_number)?;
        Some(match unit {
            "H" => Duration::from_secs(count * 3600),
            "M" => Duration::from_secs(count * 60),
            "S" => Duration::from_secs(count),
            "m" => Duration::from_millis(count),
            "u" => Duration::from_micros(count),
            "n" => Duration::from_nanos(count),
            _ => return None,
        })
    });
    parsed.map(Some).ok_or_else(|| ApiError::BadParameter {
        name: "grpc-timeout".to_owned(),
        rule: "takes up to 8 digits and one of the units H, M, S, m, u and n",
    })
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all("grpc-accept-encoding").into_iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','))
        .any(|name| name.trim() == "gzip")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::*;

    /// Goal: a timeout is read as the protocol writes it, and anything else is refused. Method: a table.
    #[test]
    fn timeouts() {
        let read = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("grpc-timeout", text.parse().unwrap());
            timeout_of(&headers).ok().flatten()
        };
        assert_eq!(read("5S"), Some(Duration::from_secs(5)));
        assert_eq!(read("99999999H"), Some(Duration::from_secs(99_999_999 * 3600)));
        assert_eq!(read("250m"), Some(Duration::from_millis(250)));
        for text in ["", "S", "5", "5s", "-5S", "+5S", "123456789S", "5 S", "５S"] {
            let mut headers = HeaderMap::new();
            headers.insert(
                "grpc-timeout",
                axum::http::HeaderValue::from_bytes(text.as_bytes()).unwrap(),
            );
            assert!(timeout_of(&headers).is_err(), "{text}");
        }
    }
}
