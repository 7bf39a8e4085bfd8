//! Goal: the gRPC interface answers as REST does, and nothing that is sent to it breaks it. Method: a server in this
//! process, messages of the interface and bytes that are none, over plain HTTP/2.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

#[path = "../harness/mod.rs"]
mod harness;

mod answers;
mod caller;
mod durable;
mod filters;
mod hostile;
mod services;
