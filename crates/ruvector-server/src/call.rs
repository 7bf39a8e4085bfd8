//! One request on its way to the engine: bounds, body, timeout, a thread to work on. Never runs engine code on
//! an async thread, and never stops a write once it was accepted.

use std::cell::OnceCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::response::Response;
use ruvector_api::{ApiError, ExplainView};
use ruvector_core::{Ctx, Database, Trace, Wait};
use ruvector_types::{Invalid, Limits, PayloadPath, PointId, Problem};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::OwnedSemaphorePermit;

use crate::answer::{self, Refusal};
use crate::app::App;
use crate::params::Params;

/// A request whose head was read and whose body was not.
pub(crate) struct Call {
    started: Instant,
    params: Params,
    timeout: Duration,
    headers: HeaderMap,
    body: Body,
}

impl FromRequest<App> for Call {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &App) -> Result<Self, Refusal> {
        let started = Instant::now();
        let params = Params::read(request.uri())?;
        let (parts, body) = request.into_parts();
        Ok(Call {
            started,
            params,
            timeout: params.timeout.unwrap_or(app.config.request_timeout),
            headers: parts.headers,
            body,
        })
    }
}

/// What a handler's closure works with, on a thread of its own.
pub(crate) struct Job {
    pub(crate) database: Database,
    pub(crate) ctx: Ctx,
    pub(crate) wait: Wait,
    body: Bytes,
    /// When its time ends, and what it was.
    ends: Instant,
    timeout: Duration,
    /// Set if the request is to be explained.
    trace: OnceCell<Arc<Trace>>,
}

impl Job {
    /// The body, read as `T`.
    pub(crate) fn body<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        ruvector_api::from_json(&self.body)
    }

    /// What is left of the request's time.
    pub(crate) fn time_left(&self) -> Duration {
        self.ends.saturating_duration_since(Instant::now())
    }

    /// The refusal of a request whose time is up.
    pub(crate) fn timed_out(&self) -> ApiError {
        ApiError::Timeout {
            after_ms: self.timeout.as_millis() as u64,
        }
    }

    /// The context of a read that may ask to be explained.
    pub(crate) fn explained(&self, explain: Option<bool>) -> Ctx {
        let mut ctx = self.ctx.clone();
        if explain == Some(true) {
            let trace = self.trace.get_or_init(|| Arc::new(Trace::detailed()));
            ctx.trace = Some(trace.clone());
        }
        ctx
    }

    /// The limits of the database.
    pub(crate) fn limits(&self) -> &Limits {
        self.database.limits()
    }
}

/// How many of a kind of work may run at once.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Bound to the processor: no more than it has cores.
    Read,
    /// Waits for the disk, together with others: one fsync serves them all.
    Write,
}

/// What is held until the work ends, not until the caller stops waiting.
struct Permits {
    _in_flight: OwnedSemaphorePermit,
    _body: Option<OwnedSemaphorePermit>,
    _reader: Option<OwnedSemaphorePermit>,
}

impl Call {
    /// Carries out a read and answers.
    pub(crate) async fn read<T, W>(self, app: App, work: W) -> Response
    where
        T: Serialize,
        W: FnOnce(&Job) -> Result<T, ApiError> + Send + 'static,
    {
        self.run(app, Kind::Read, work).await
    }

    /// Carries out a write and answers. The write goes on if the caller goes away or the time is up.
    pub(crate) async fn write<T, W>(self, app: App, work: W) -> Response
    where
        T: Serialize,
        W: FnOnce(&Job) -> Result<T, ApiError> + Send + 'static,
    {
        self.run(app, Kind::Write, work).await
    }

    async fn run<T, W>(self, app: App, kind: Kind, work: W) -> Response
    where
        T: Serialize,
        W: FnOnce(&Job) -> Result<T, ApiError> + Send + 'static,
    {
        let (started, timeout) = (self.started, self.timeout);
        let after_ms = timeout.as_millis() as u64;
        let answer = tokio::time::timeout(timeout, self.work(app, kind, work)).await;
        match answer.unwrap_or(Err(ApiError::Timeout { after_ms })) {
            Ok(body) => answer::json(body),
            Err(error) => answer::failure(&error, started),
        }
    }

    async fn work<T, W>(self, app: App, kind: Kind, work: W) -> Result<Vec<u8>, ApiError>
    where
        T: Serialize,
        W: FnOnce(&Job) -> Result<T, ApiError> + Send + 'static,
    {
        let config = &app.config;
        let in_flight = app.in_flight.clone().try_acquire_owned();
        let in_flight = in_flight.map_err(|_| busy(config.in_flight_max, "in_flight_max"))?;
        let (body, body_permit) = read_body(&app, &self.headers, self.body).await?;
        let reader = match kind {
            Kind::Write => None,
            Kind::Read => {
                let permit = app.readers.clone().acquire_owned().await;
                Some(permit.map_err(|_| ApiError::Closing)?)
            }
        };
        let permits = Permits {
            _in_flight: in_flight,
            _body: body_permit,
            _reader: reader,
        };
        let left = self.timeout.saturating_sub(self.started.elapsed());
        let job = Job {
            ctx: app.database.deadline_in(left),
            database: app.database.clone(),
            wait: self.params.wait,
            body,
            ends: self.started + self.timeout,
            timeout: self.timeout,
            trace: OnceCell::new(),
        };
        let started = self.started;
        let done = tokio::task::spawn_blocking(move || {
            let result = work(&job)?;
            let explain = job.trace.get().map(|trace| ExplainView::new(trace));
            let body = ruvector_api::success(&result, started.elapsed().as_secs_f64(), explain);
            drop(permits);
            body
        });
        done.await.unwrap_or_else(|failure| {
            tracing::error!(%failure, "a request's work ended abnormally");
            Err(ApiError::Panicked)
        })
    }
}

fn busy(limit: usize, limit_name: &'static str) -> ApiError {
    ApiError::Busy { limit, limit_name }
}

/// Reads the body within its limits. A body that says nothing of its length counts as the largest.
async fn read_body(
    app: &App,
    headers: &HeaderMap,
    body: Body,
) -> Result<(Bytes, Option<OwnedSemaphorePermit>), ApiError> {
    let limit = app.config.body_bytes_max;
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let length = length.and_then(|text| text.parse::<usize>().ok());
    if length == Some(0) || (length.is_none() && axum::body::HttpBody::is_end_stream(&body)) {
        return Ok((Bytes::new(), None));
    }
    check_media_type(headers)?;
    if length.is_some_and(|length| length > limit) {
        return Err(ApiError::BodyTooLarge { limit });
    }
    let kib = u32::try_from(length.unwrap_or(limit).div_ceil(1024)).unwrap_or(u32::MAX);
    let permit = app.bodies_kib.clone().try_acquire_many_owned(kib);
    let permit = permit.map_err(|_| busy(app.config.bodies_bytes_max, "bodies_bytes_max"))?;
    match axum::body::to_bytes(body, limit).await {
        Ok(bytes) => Ok((bytes, Some(permit))),
        Err(_) if length.is_none() => Err(ApiError::BodyTooLarge { limit }),
        Err(_) => Err(ApiError::BodyCut),
    }
}

/// Refuses a body that says it is something else than JSON.
fn check_media_type(headers: &HeaderMap) -> Result<(), ApiError> {
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return Ok(());
    };
    let given = String::from_utf8_lossy(value.as_bytes()).into_owned();
    let essence = given.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(ApiError::MediaType { given })
}

/// The collection named in the path.
pub(crate) struct Name(pub(crate) String);

impl FromRequestParts<App> for Name {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let name = Path::<String>::from_request_parts(parts, app).await;
        Ok(Name(name.map_err(|_| ApiError::BadUrl)?.0))
    }
}

/// The collection and the payload field named in the path.
pub(crate) struct NameAndField(pub(crate) String, pub(crate) PayloadPath);

impl FromRequestParts<App> for NameAndField {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let pair = Path::<(String, String)>::from_request_parts(parts, app).await;
        let Path((name, field)) = pair.map_err(|_| ApiError::BadUrl)?;
        Ok(NameAndField(name, ruvector_api::index_path(&field)?))
    }
}

/// The collection and the point named in the path.
pub(crate) struct NameAndId(pub(crate) String, pub(crate) PointId);

impl FromRequestParts<App> for NameAndId {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let pair = Path::<(String, String)>::from_request_parts(parts, app).await;
        let Path((name, id)) = pair.map_err(|_| ApiError::BadUrl)?;
        let id = PointId::parse(&id)
            .map_err(|error| ApiError::BadPathParameter(Invalid::new("id", Problem::BadId(error))))?;
        Ok(NameAndId(name, id))
    }
}
