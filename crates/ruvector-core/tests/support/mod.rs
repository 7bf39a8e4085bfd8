//! What the crash and damage tests share: a seeded history of writes, and the check of a database against it.
//! Never looks inside the engine: everything goes through its public interface.
#![allow(dead_code, reason = "each test binary uses its part")]

pub(crate) mod check;
pub(crate) mod history;
pub(crate) mod random;
pub(crate) mod readings;
pub(crate) mod workload;

/// Prints the case at hand when a check, or the engine, panics.
pub(crate) struct Announce(pub(crate) String);

impl Drop for Announce {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("failed at: {}", self.0);
        }
    }
}
