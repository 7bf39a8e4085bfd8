//! The gRPC interface of Qdrant over the engine. Never decides what a message means: `ruvector-api` reads it,
//! `ruvector-core` carries it out; bounds and threads are those of REST.

mod answer;
mod calls;
mod collections;
mod frame;
mod points;
mod search;
mod services;
mod unary;

pub(crate) use services::router;
