//! The work of one request: what a handler's closure sees, where it runs, and the permits it holds. Never runs a long
//! read on an async thread (ADR 12), and never stops a write once it was accepted.

use std::cell::{OnceCell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ruvector_api::{ApiError, ExplainView};
use ruvector_core::{Ctx, Database, ErrorKind, Trace, Wait};
use ruvector_types::Limits;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::OwnedSemaphorePermit;

use crate::answer::Reply;
use crate::app::App;
use crate::body::Held;

/// Time that a read may take on an async thread. One that takes longer is given up and begun again elsewhere.
const SHORT: Duration = Duration::from_millis(2);
/// Bytes of a body up to which reading it takes no time that counts.
const SHORT_BODY_BYTES: usize = 64 << 10;

/// Bytes of a body up to which what it takes in memory is not counted: with as many requests as there may be, it is little.
const SMALL_BODY_BYTES: usize = 16 << 10;

/// How many of a kind of work may run at once.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Bound to the processor: no more than it has cores.
    Read,
    /// Waits for the disk, together with others: one fsync serves them all.
    Write,
}

/// What a handler's closure works with.
pub(crate) struct Job {
    pub(crate) database: Database,
    pub(crate) ctx: Ctx,
    pub(crate) wait: Wait,
    app: App,
    body: Held,
    started: Instant,
    timeout: Duration,
    gzip_answer: bool,
    /// Set if the request is to be explained.
    trace: OnceCell<Arc<Trace>>,
    /// Memory that the work takes beside the body, counted as bodies are.
    memory: RefCell<Vec<OwnedSemaphorePermit>>,
    /// Held until the work ends, not until the caller stops waiting.
    _in_flight: OwnedSemaphorePermit,
}

/// What a request says of its job beside its body.
pub(crate) struct Terms {
    pub(crate) wait: Wait,
    pub(crate) started: Instant,
    pub(crate) timeout: Duration,
    pub(crate) gzip_answer: bool,
}

impl Job {
    /// A job of its own place among those in flight, if there is one.
    pub(crate) fn new(app: &App, terms: Terms, body: Held) -> Result<Job, ApiError> {
        let in_flight = app.in_flight.clone().try_acquire_owned();
        let mut job = Job {
            database: app.database.clone(),
            ctx: Ctx::default(),
            wait: terms.wait,
            app: app.clone(),
            body,
            started: terms.started,
            timeout: terms.timeout,
            gzip_answer: terms.gzip_answer,
            trace: OnceCell::new(),
            memory: RefCell::default(),
            _in_flight: in_flight.map_err(|_| ApiError::Busy {
                limit: app.config.in_flight_max,
                limit_name: "in_flight_max",
            })?,
        };
        job.begin(Duration::MAX);
        Ok(job)
    }

    /// The body, read as `T`. What it takes in memory is counted before.
    pub(crate) fn body<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        let bytes = &self.body.bytes;
        if bytes.len() > SMALL_BODY_BYTES {
            self.take_memory(ruvector_api::json_memory(bytes))?;
        }
        ruvector_api::from_json(bytes)
    }

    /// The body's bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.body.bytes
    }

    /// Whether the caller takes an answer packed by gzip.
    pub(crate) fn gzip_answer(&self) -> bool {
        self.gzip_answer
    }

    /// Seconds since the request's head was read.
    pub(crate) fn seconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    /// Counts memory that the work takes against what all bodies may hold, until the work ends.
    pub(crate) fn take_memory(&self, bytes: usize) -> Result<(), ApiError> {
        let app = &self.app;
        let limit = app.config.bodies_bytes();
        if bytes.saturating_add(self.body.bytes.len()) > limit {
            return Err(ApiError::MemoryTooLarge { limit });
        }
        let permits = u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX);
        let permit = app.bodies_kib.clone().try_acquire_many_owned(permits);
        let permit = permit.map_err(|_| ApiError::Busy {
            limit: app.config.bodies_bytes_max,
            limit_name: "bodies_bytes_max",
        })?;
        self.memory.borrow_mut().push(permit);
        Ok(())
    }

    /// What is left of the request's time.
    pub(crate) fn time_left(&self) -> Duration {
        self.timeout.saturating_sub(self.started.elapsed())
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

    /// The work begins now, and has at most `time_max`.
    fn begin(&mut self, time_max: Duration) {
        self.ctx = self.database.deadline_in(self.time_left().min(time_max));
        self.trace = OnceCell::new();
        self.memory.take();
    }

    /// The reply over REST.
    pub(crate) fn finish<T: Serialize>(&self, result: Result<T, ApiError>) -> Result<Reply, ApiError> {
        let result = result?;
        let explain = self.trace.get().map(|trace| ExplainView::new(trace));
        let body = ruvector_api::success(&result, self.started.elapsed().as_secs_f64(), explain)?;
        Ok(Reply::new(body, self.gzip_answer))
    }

    /// Carries out a read here, on an async thread, if it is short; `None` if it is not, and must be begun elsewhere.
    pub(crate) fn attempt_here<R, W>(&mut self, app: &App, key: u8, work: &W) -> Option<Result<R, ApiError>>
    where
        W: Fn(&Job) -> Result<R, ApiError>,
    {
        let is_short = self.body.bytes.len() <= SHORT_BODY_BYTES && !self.body.is_gzip;
        if !is_short || !app.long_reads.expects_short(key) {
            return None;
        }
        self.begin(SHORT);
        let is_cut = self.time_left() > SHORT;
        let answer = catch_unwind(AssertUnwindSafe(|| work(self)));
        match answer {
            Ok(Err(ApiError::Engine(error))) if is_cut && error.kind() == ErrorKind::Timeout => {
                app.long_reads.was_long(key);
                None
            }
            Ok(answer) => Some(answer),
            Err(_) => {
                tracing::error!("a request's work ended abnormally");
                Some(Err(ApiError::Panicked))
            }
        }
    }

    /// Carries out the work on a thread that may block.
    pub(crate) async fn carry_out<R, W>(
        mut self,
        app: App,
        (kind, key): (Kind, u8),
        work: W,
    ) -> Result<R, ApiError>
    where
        R: Send + 'static,
        W: FnOnce(&Job) -> Result<R, ApiError> + Send + 'static,
    {
        let reader = match kind {
            Kind::Write => None,
            Kind::Read => {
                let permit = app.readers.clone().acquire_owned().await;
                Some(permit.map_err(|_| ApiError::Closing)?)
            }
        };
        let done = tokio::task::spawn_blocking(move || {
            self.body.inflate(&app)?;
            self.begin(Duration::MAX);
            let begun = Instant::now();
            let answer = work(&self);
            if kind == Kind::Read && begun.elapsed() < SHORT {
                app.long_reads.was_short(key);
            }
            drop(reader);
            answer
        });
        done.await.unwrap_or_else(|failure| {
            tracing::error!(%failure, "a request's work ended abnormally");
            Err(ApiError::Panicked)
        })
    }
}
