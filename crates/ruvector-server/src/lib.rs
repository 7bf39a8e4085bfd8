//! The REST and gRPC servers over the embedded engine. Never touches a file and never decides what a request means:
//! `ruvector-api` reads it, `ruvector-core` carries it out.
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod aliases;
mod answer;
mod app;
mod body;
mod call;
mod collections;
mod config;
mod connection;
mod docs;
mod grpc;
mod health;
mod indexes;
mod job;
mod long_reads;
mod params;
mod patience;
mod points;
mod recommend;
mod routes;
mod search;
mod serve;
mod unserved;
mod updates;
mod vector_fields;

pub use config::ServerConfig;
pub use docs::open_api;
pub use serve::{Listeners, ServeError, serve};
