//! The REST server over the embedded engine.
