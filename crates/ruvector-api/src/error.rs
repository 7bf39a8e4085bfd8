//! Why a request fails, and the HTTP status that says so: one exhaustive match. Never hides a cause.

use ruvector_core::ErrorKind;
use ruvector_types::{Invalid, Language, PathError, PayloadPath, Problem};

/// A request that fails. `Display` is what the caller reads: it names the field and the limit.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The body is not JSON, or not of the request's shape.
    #[error("Format error in JSON body: {}{source}", place(.field))]
    Json {
        /// Where in the body, e.g. `points[3].vector[7]`; empty for the body itself.
        field: String,
        /// What is wrong, with line and column.
        source: serde_json::Error,
    },
    /// A value that breaks a rule.
    #[error("Validation error in JSON body: [{0}]")]
    Invalid(#[from] Invalid),
    /// A value of another type than its field takes.
    #[error("Format error in JSON body: {field}: expected {expected}, found {found}")]
    WrongType {
        /// Where.
        field: String,
        /// What the field takes.
        expected: &'static str,
        /// What was there.
        found: &'static str,
    },
    /// A name that the place does not know.
    #[error("Format error in JSON body: {field}: unknown name {name:?}; expected {expected}")]
    Unknown {
        /// Where.
        field: String,
        /// The name given.
        name: String,
        /// The names known there.
        expected: &'static str,
    },
    /// A name of no language.
    #[error("Format error in JSON body: {field}: unknown language {name:?}; there are {known}", known = languages())]
    UnknownLanguage {
        /// Where.
        field: String,
        /// The name given.
        name: String,
    },
    /// Something that the place needs.
    #[error("Format error in JSON body: {field}: missing {what}")]
    Missing {
        /// Where.
        field: String,
        /// What.
        what: &'static str,
    },
    /// Two lists that must be of one length.
    #[error("Validation error in JSON body: [{field}: has {given} items, expected {expected} as in ids]")]
    Length {
        /// The list.
        field: String,
        /// Its items.
        given: usize,
        /// The items of the list of ids.
        expected: usize,
    },
    /// A text that is no RFC 3339 time.
    #[error("Format error in JSON body: {field}: {text:?} is not an RFC 3339 date or time")]
    BadTime {
        /// Where.
        field: String,
        /// The text.
        text: String,
    },
    /// An option or operation that this server does not serve.
    #[error("Not supported: {field}: {what}")]
    NotSupported {
        /// The option as the caller spelled its place.
        field: String,
        /// What is not supported, and what is.
        what: &'static str,
    },
    /// A query parameter that is unknown or out of its set.
    #[error("Validation error in query parameters: [{name:?}: {rule}]")]
    BadParameter {
        /// The parameter.
        name: String,
        /// What it takes.
        rule: &'static str,
    },
    /// A part of the URL's path that breaks a rule.
    #[error("Validation error in path parameters: [{0}]")]
    BadPathParameter(Invalid),
    /// A path of the URL that is not percent-encoded UTF-8.
    #[error("Format error in path parameters: the URL's path is not valid percent-encoded UTF-8")]
    BadUrl,
    /// An index that was dropped or replaced while somebody waited for it.
    #[error("Conflict: the index of {field:?} was dropped or replaced before it was built")]
    IndexGone {
        /// The field.
        field: String,
    },
    /// A point that is not there.
    #[error("Not found: point {id} does not exist in collection {collection:?}")]
    NoPoint {
        /// The collection.
        collection: String,
        /// The id.
        id: String,
    },
    /// No route of that path.
    #[error("Not found: there is no route {method} {path}; GET /docs lists them")]
    NoRoute {
        /// The method asked for.
        method: String,
        /// The path asked for.
        path: String,
    },
    /// A route that does not take this method.
    #[error("Method not allowed: {path} does not take {method}; GET /docs lists the routes")]
    NoMethod {
        /// The method asked for.
        method: String,
        /// The path asked for.
        path: String,
    },
    /// A body that does not say it is JSON.
    #[error("Unsupported media type: content-type is {given:?}, expected \"application/json\"")]
    MediaType {
        /// What the request says.
        given: String,
    },
    /// A body in an encoding that is not read.
    #[error("Unsupported media type: content-encoding is {given:?}, expected \"gzip\" or none")]
    ContentEncoding {
        /// What the request says.
        given: String,
    },
    /// A body that says it is packed and is not.
    #[error("Wrong input: the request's body is not gzip, as its content-encoding says")]
    BadGzip,
    /// A body over the limit.
    #[error("Body too large: it has more than {limit} bytes (body_bytes_max)")]
    BodyTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// A body that is within the limit and would not be once it is read.
    #[error("Body too large: once read it would take more than {limit} bytes of memory (bodies_bytes_max)")]
    MemoryTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// A body that stopped before its end.
    #[error("Wrong input: the request's body ended early")]
    BodyCut,
    /// A body whose sender paused too long.
    #[error("Timeout: nothing more of the request's body came for {pause_s} s")]
    BodySlow {
        /// Seconds waited.
        pause_s: u64,
    },
    /// More work at once than the server takes.
    #[error("Too many requests: the server is at its limit of {limit} ({limit_name}); try again in a second")]
    Busy {
        /// The limit.
        limit: usize,
        /// The limit's name with its unit.
        limit_name: &'static str,
    },
    /// More connections than the server keeps.
    #[error("Unavailable: the server has {limit} open connections (connections_max); try again in a second")]
    NoRoom {
        /// The limit.
        limit: usize,
    },
    /// A protobuf message that is none, or not one of the interface.
    #[cfg(feature = "proto")]
    #[error("Format error in body: {0}")]
    Message(#[from] crate::proto::WireError),
    /// No call of that path.
    #[cfg(feature = "proto")]
    #[error("Not found: the interface has no call {path}")]
    NoCall {
        /// The path asked for.
        path: String,
    },
    /// The server is closing.
    #[error("Unavailable: the server is shutting down")]
    Closing,
    /// No answer in time.
    #[error(
        "Timeout: no answer within {after_ms} ms (request_timeout_ms, or the timeout parameter); \
         a write that was accepted may still complete"
    )]
    Timeout {
        /// Milliseconds waited.
        after_ms: u64,
    },
    /// A bug of the server: its log has the details.
    #[error("Internal error: the request failed inside the server; its log has the details")]
    Panicked,
    /// A response that could not be written as JSON.
    #[error("Internal error: the response could not be written: {0}")]
    Response(#[source] serde_json::Error),
    /// The engine refused or failed.
    #[error("{title}: {0}", title = title(.0.kind()))]
    Engine(#[from] ruvector_core::Error),
}

/// Whether a field lies in a filter.
fn is_in_filter(field: &str) -> bool {
    let mut steps = field.split(['.', '[']);
    steps.any(|step| matches!(step, "filter" | "update_filter"))
}

/// Bytes of the text of a refusal; a caller's names in it may be of any length. Clients of gRPC take a few KiB.
const TEXT_BYTES_MAX: usize = 2 << 10;
/// Bytes kept of the end of a longer one, where the rule stands.
const TEXT_END_BYTES: usize = 512;

impl ApiError {
    /// What the caller reads. Of a text that is too long the middle is left out.
    pub fn text(&self) -> String {
        shortened(self.to_string())
    }

    /// The HTTP status. A value that was read and breaks a rule is 422, as clients of this interface know it; what cannot be
    /// read, what the engine refuses, and any fault of a filter is 400.
    pub fn status(&self) -> u16 {
        match self {
            ApiError::Json { .. }
            | ApiError::WrongType { .. }
            | ApiError::Unknown { .. }
            | ApiError::UnknownLanguage { .. }
            | ApiError::Missing { .. }
            | ApiError::BadTime { .. }
            | ApiError::NotSupported { .. }
            | ApiError::BadUrl
            | ApiError::BadGzip
            | ApiError::BodyCut => 400,
            #[cfg(feature = "proto")]
            ApiError::Message(crate::proto::WireError::TooLarge { .. }) => 413,
            #[cfg(feature = "proto")]
            ApiError::Message(_) => 400,
            #[cfg(feature = "proto")]
            ApiError::NoCall { .. } => 404,
            ApiError::NoPoint { .. } | ApiError::NoRoute { .. } => 404,
            ApiError::NoMethod { .. } => 405,
            ApiError::Timeout { .. } | ApiError::BodySlow { .. } => 408,
            ApiError::IndexGone { .. } => 409,
            ApiError::BodyTooLarge { .. } | ApiError::MemoryTooLarge { .. } => 413,
            ApiError::MediaType { .. } | ApiError::ContentEncoding { .. } => 415,
            ApiError::Invalid(invalid) if is_in_filter(&invalid.field) => 400,
            ApiError::Invalid(_)
            | ApiError::Length { .. }
            | ApiError::BadParameter { .. }
            | ApiError::BadPathParameter(_) => 422,
            ApiError::Busy { .. } => 429,
            ApiError::Panicked | ApiError::Response(_) => 500,
            ApiError::NoRoom { .. } | ApiError::Closing => 503,
            ApiError::Engine(error) => status_of(error.kind()),
        }
    }

    /// Seconds after which another try makes sense, for the answers that invite one.
    pub fn retry_after_s(&self) -> Option<u32> {
        matches!(self.status(), 429 | 503).then_some(1)
    }

    /// The same refusal seen from an enclosing field; what names no field stays as it is.
    #[must_use]
    pub(crate) fn within(mut self, outer: impl std::fmt::Display) -> ApiError {
        match &mut self {
            ApiError::Invalid(Invalid { field, .. })
            | ApiError::Json { field, .. }
            | ApiError::WrongType { field, .. }
            | ApiError::Unknown { field, .. }
            | ApiError::UnknownLanguage { field, .. }
            | ApiError::Missing { field, .. }
            | ApiError::Length { field, .. }
            | ApiError::BadTime { field, .. }
            | ApiError::NotSupported { field, .. } => *field = format!("{outer}.{field}"),
            _ => {}
        }
        self
    }

    /// A path of a payload that does not parse.
    pub(crate) fn bad_path(field: impl Into<String>, error: PathError) -> ApiError {
        ApiError::Invalid(Invalid::new(field, Problem::BadPath(error)))
    }

    /// A rule that a value breaks.
    pub(crate) fn rule(field: impl Into<String>, rule: &'static str) -> ApiError {
        ApiError::Invalid(Invalid::new(field, Problem::Contradiction { rule }))
    }
}

fn shortened(text: String) -> String {
    if text.len() <= TEXT_BYTES_MAX {
        return text;
    }
    const MARK: &str = " […] ";
    let begin = text.floor_char_boundary(TEXT_BYTES_MAX - TEXT_END_BYTES - MARK.len());
    let end = text.ceil_char_boundary(text.len() - TEXT_END_BYTES);
    [&text[..begin], MARK, &text[end..]].concat()
}

/// One status for every kind of engine error. An unsupported option is the request's fault: 400, as clients
/// of this interface expect. A collection in use is a conflict with its present state: 409.
fn status_of(kind: ErrorKind) -> u16 {
    match kind {
        ErrorKind::Invalid | ErrorKind::NotSupported | ErrorKind::LimitExceeded => 400,
        ErrorKind::Unauthenticated => 401,
        ErrorKind::Denied => 403,
        ErrorKind::NotFound => 404,
        ErrorKind::Timeout | ErrorKind::Cancelled => 408,
        ErrorKind::Conflict | ErrorKind::Locked => 409,
        ErrorKind::RateLimited | ErrorKind::Busy => 429,
        ErrorKind::Corrupt | ErrorKind::Internal => 500,
        ErrorKind::Unavailable => 503,
        ErrorKind::DiskFull => 507,
    }
}

fn title(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Invalid | ErrorKind::LimitExceeded | ErrorKind::Conflict => "Wrong input",
        ErrorKind::NotSupported => "Not supported",
        ErrorKind::Unauthenticated => "Unauthenticated",
        ErrorKind::Denied => "Denied",
        ErrorKind::NotFound => "Not found",
        ErrorKind::Timeout => "Timeout",
        ErrorKind::Cancelled => "Cancelled",
        ErrorKind::Locked => "Locked",
        ErrorKind::RateLimited | ErrorKind::Busy => "Too many requests",
        ErrorKind::Corrupt => "Damaged data",
        ErrorKind::Internal => "Internal error",
        ErrorKind::Unavailable => "Unavailable",
        ErrorKind::DiskFull => "Disk full",
    }
}

/// The names of all languages.
fn languages() -> String {
    let names: Vec<&str> = (0..u8::MAX)
        .map_while(Language::of_number)
        .map(Language::name)
        .collect();
    names.join(", ")
}

fn place(field: &str) -> String {
    if field.is_empty() {
        String::new()
    } else {
        format!("{field}: ")
    }
}

/// Parses a payload path, naming its field on failure.
pub(crate) fn parse_path(text: &str, field: &str) -> Result<PayloadPath, ApiError> {
    PayloadPath::parse(text).map_err(|error| ApiError::bad_path(field, error))
}
