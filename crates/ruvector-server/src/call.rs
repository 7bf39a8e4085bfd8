//! One request on its way to the engine: its head, its body, its time. Never runs engine code itself and never
//! reads a body's meaning.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use ruvector_api::ApiError;
use ruvector_types::{Invalid, PayloadPath, PointId, Problem};
use serde::Serialize;

use crate::answer::{self, Refusal, Reply};
use crate::app::App;
use crate::body;
pub(crate) use crate::job::Job;
use crate::job::{Kind, Terms};
use crate::long_reads::LongReads;
use crate::params::Params;

/// A request whose head was read and whose body was not.
pub(crate) struct Call {
    started: Instant,
    params: Params,
    timeout: Duration,
    /// The path's place among those with long reads.
    key: u8,
    headers: HeaderMap,
    body: Body,
}

impl FromRequest<App> for Call {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &App) -> Result<Self, Refusal> {
        let started = Instant::now();
        let params = Params::read(request.uri())?;
        let key = LongReads::key(request.uri().path());
        let (parts, body) = request.into_parts();
        Ok(Call {
            started,
            params,
            timeout: params.timeout.unwrap_or(app.config.request_timeout),
            key,
            headers: parts.headers,
            body,
        })
    }
}

impl Call {
    /// Carries out a read and answers.
    pub(crate) async fn read<T, W>(self, app: App, work: W) -> Response
    where
        T: Serialize,
        W: FnOnce(&Job) -> Result<T, ApiError> + Send + 'static,
    {
        self.carry_out(app, Kind::Read, work).await
    }

    /// As [`Call::read`], for reads that mostly take less time than handing them to a thread: begun at once, and
    /// begun again on a thread of its own if it takes longer.
    pub(crate) async fn quick_read<T, W>(self, app: App, work: W) -> Response
    where
        T: Serialize,
        W: Fn(&Job) -> Result<T, ApiError> + Send + 'static,
    {
        let (started, timeout, key) = (self.started, self.timeout, self.key);
        let work = move |job: &Job| job.finish(work(job));
        let answer = async {
            let mut job = self.job(&app).await?;
            match job.attempt_here(&app, key, &work) {
                Some(answer) => answer,
                None => job.carry_out(app, (Kind::Read, key), work).await,
            }
        };
        respond(tokio::time::timeout(timeout, answer).await, (started, timeout))
    }

    /// Carries out a write and answers. The write goes on if the caller goes away or the time is up.
    pub(crate) async fn write<T, W>(self, app: App, work: W) -> Response
    where
        T: Serialize,
        W: FnOnce(&Job) -> Result<T, ApiError> + Send + 'static,
    {
        self.carry_out(app, Kind::Write, work).await
    }

    async fn carry_out<T, W>(self, app: App, kind: Kind, work: W) -> Response
    where
        T: Serialize,
        W: FnOnce(&Job) -> Result<T, ApiError> + Send + 'static,
    {
        let (started, timeout, key) = (self.started, self.timeout, self.key);
        let answer = async {
            let job = self.job(&app).await?;
            let work = move |job: &Job| job.finish(work(job));
            job.carry_out(app, (kind, key), work).await
        };
        respond(tokio::time::timeout(timeout, answer).await, (started, timeout))
    }

    /// Reads the body. Only then does the request take a place among those in flight: who sends slowly holds up nobody.
    async fn job(self, app: &App) -> Result<Job, ApiError> {
        let body = body::read(app, &self.headers, self.body).await?;
        let terms = Terms {
            wait: self.params.wait,
            started: self.started,
            timeout: self.timeout,
            gzip_answer: answer::wants_gzip(&self.headers),
        };
        Job::new(app, terms, body)
    }
}

fn respond(
    answer: Result<Result<Reply, ApiError>, tokio::time::error::Elapsed>,
    (started, timeout): (Instant, Duration),
) -> Response {
    let after_ms = timeout.as_millis() as u64;
    match answer.unwrap_or(Err(ApiError::Timeout { after_ms })) {
        Ok(reply) => reply.into_response(),
        Err(error) => answer::failure(&error, started),
    }
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

/// The collection and the vector named in the path.
pub(crate) struct NameAndVector(pub(crate) String, pub(crate) String);

impl FromRequestParts<App> for NameAndVector {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let pair = Path::<(String, String)>::from_request_parts(parts, app).await;
        let Path((name, vector)) = pair.map_err(|_| ApiError::BadUrl)?;
        Ok(NameAndVector(name, vector))
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
