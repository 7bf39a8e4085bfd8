//! The engine's error: a closed kind for programs, a stable code for catalogues, a sentence for people.

use std::fmt;

use ruvector_io::IoError;
use ruvector_types::{Invalid, PointId};

/// What callers can tell apart. Closed: the edge maps every kind to a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The input breaks a rule; the message names the field and the limit.
    Invalid,
    /// What was named does not exist.
    NotFound,
    /// It exists already, or changed meanwhile.
    Conflict,
    /// Who asks is unknown.
    Unauthenticated,
    /// Who asks may not.
    Denied,
    /// Another process holds the folder.
    Locked,
    /// The request is sound but this version does not serve it.
    NotSupported,
    /// A quota of the database is used up.
    LimitExceeded,
    /// Too many requests of one caller.
    RateLimited,
    /// The disk is full; nothing was written.
    DiskFull,
    /// Too much is going on; try again.
    Busy,
    /// The deadline passed.
    Timeout,
    /// The caller cancelled.
    Cancelled,
    /// The database is closed, or a shard refuses writes until reopened.
    Unavailable,
    /// Stored bytes fail their checksum; they are not served.
    Corrupt,
    /// The operating system failed, or a defect of the engine.
    Internal,
}

/// An error of the engine.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    code: &'static str,
    context: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, code: &'static str, context: impl Into<String>) -> Error {
        Error {
            kind,
            code,
            context: context.into(),
            source: None,
        }
    }

    pub(crate) fn because(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Error {
        self.source = Some(Box::new(source));
        self
    }

    /// An input that is refused.
    pub fn invalid(invalid: Invalid) -> Error {
        Error::new(ErrorKind::Invalid, "invalid_input", invalid.to_string())
    }

    /// The same refusal seen from an enclosing field; another error stays as it is.
    pub(crate) fn within(mut self, outer: impl fmt::Display) -> Error {
        if self.code == "invalid_input" {
            self.context = format!("{outer}.{}", self.context);
        }
        self
    }

    /// What was not found, with the field that asked for it; another error stays as it is.
    pub(crate) fn asked_by(mut self, field: impl fmt::Display) -> Error {
        if self.kind == ErrorKind::NotFound {
            self.context = format!("{field}: {}", self.context);
        }
        self
    }

    pub(crate) fn not_found(name: &str) -> Error {
        Error::new(
            ErrorKind::NotFound,
            "collection_not_found",
            format!("Collection `{name}` doesn't exist!"),
        )
    }

    pub(crate) fn exists(name: &str) -> Error {
        let text = format!("Collection `{name}` already exists!");
        Error::new(ErrorKind::Conflict, "collection_exists", text)
    }

    pub(crate) fn no_point(id: &PointId) -> Error {
        let text = format!("No point with id {id} found");
        Error::new(ErrorKind::NotFound, "point_not_found", text)
    }

    pub(crate) fn no_vector(name: &str, id: &PointId) -> Error {
        let text = format!("Vector with name {name:?} for point {id} not found");
        Error::new(ErrorKind::NotFound, "vector_not_found", text)
    }

    pub(crate) fn corrupt(what: impl Into<String>) -> Error {
        Error::new(ErrorKind::Corrupt, "damaged_data", what)
    }

    /// Classifies an error of the I/O layer met while doing `what`.
    pub(crate) fn io(what: &str, error: IoError) -> Error {
        let (kind, code) = match &error {
            IoError::DiskFull { .. } => (ErrorKind::DiskFull, "disk_full"),
            IoError::Locked { .. } => (ErrorKind::Locked, "folder_locked"),
            IoError::Stopped { .. } => (ErrorKind::Unavailable, "storage_stopped"),
            _ => (ErrorKind::Internal, "io_error"),
        };
        Error::new(kind, code, what).because(error)
    }

    /// Classifies an error of the storage layer met while doing `what`, by the I/O error at its root if there is one.
    pub(crate) fn storage(what: &str, error: impl std::error::Error + Send + Sync + 'static) -> Error {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
        let mut class = (ErrorKind::Corrupt, "damaged_data");
        while let Some(link) = cause {
            if let Some(io) = link.downcast_ref::<IoError>() {
                class = match io {
                    IoError::DiskFull { .. } => (ErrorKind::DiskFull, "disk_full"),
                    IoError::Stopped { .. } => (ErrorKind::Unavailable, "storage_stopped"),
                    IoError::NotFound { .. } => (ErrorKind::Corrupt, "missing_file"),
                    _ => (ErrorKind::Internal, "io_error"),
                };
            }
            cause = link.source();
        }
        Error::new(class.0, class.1, what).because(error)
    }

    /// The kind, for programs.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The stable code, for catalogues and logs.
    pub fn code(&self) -> &'static str {
        self.code
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.context)?;
        let mut cause = self
            .source
            .as_deref()
            .map(|source| source as &(dyn std::error::Error + 'static));
        while let Some(link) = cause {
            write!(f, ": {link}")?;
            cause = link.source();
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl From<Invalid> for Error {
    fn from(invalid: Invalid) -> Self {
        Error::invalid(invalid)
    }
}
