//! The calls that are served, by path, and how each is carried out. Never carries one out.

use std::collections::HashMap;
use std::sync::Arc;

use prost::Message;
use ruvector_api::ApiError;
use ruvector_api::proto::{self, Call};

use super::answer::Reply;
use super::{collections, points, search, unary};
use crate::app::App;
use crate::job::Job;
use crate::long_reads::LongReads;

/// How a call is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// A read that is mostly short: begun at once.
    QuickRead,
    /// A read on a thread of its own.
    Read,
    /// A write.
    Write,
}

type Work = Arc<dyn Fn(&App, &Job) -> Result<Reply, ApiError> + Send + Sync>;

/// One call.
pub(super) struct Served {
    pub(super) call: Call,
    pub(super) manner: Manner,
    /// The path's place among those with long reads.
    pub(super) key: u8,
    pub(super) work: Work,
}

/// All calls that are served.
pub(super) struct Calls(HashMap<&'static str, Served>);

impl Calls {
    /// The call of a path.
    pub(super) fn get(&self, path: &str) -> Option<&Served> {
        self.0.get(path)
    }

    fn add<Q, A>(&mut self, manner: Manner, path: &'static str, answer: fn(&Job, Q) -> Result<A, ApiError>)
    where
        Q: Message + Default + 'static,
        A: Message + 'static,
    {
        let Some(call) = proto::shapes().call(path) else {
            debug_assert!(false, "the interface has no {path}");
            return;
        };
        let work = move |app: &App, job: &Job| {
            let request = unary::message::<Q>(app, call, job)?;
            Ok(Reply::new(&answer(job, request)?, job.gzip_answer()))
        };
        let served = Served {
            call,
            manner,
            key: LongReads::key(path),
            work: Arc::new(work),
        };
        self.0.insert(path, served);
    }

    /// Every call.
    pub(super) fn all() -> Calls {
        let mut calls = Calls(HashMap::new());
        calls.add(
            Manner::QuickRead,
            "/qdrant.Qdrant/HealthCheck",
            collections::health,
        );
        calls.add_collections();
        calls.add_reads();
        calls.add_writes();
        calls
    }

    fn add_collections(&mut self) {
        use Manner::{Read, Write};
        self.add(Write, "/qdrant.Collections/Create", collections::create);
        self.add(Write, "/qdrant.Collections/Update", collections::update);
        self.add(Write, "/qdrant.Collections/Delete", collections::delete);
        self.add(Read, "/qdrant.Collections/Get", collections::describe);
        self.add(Read, "/qdrant.Collections/List", collections::list);
        self.add(Read, "/qdrant.Collections/CollectionExists", collections::exists);
        self.add(
            Write,
            "/qdrant.Collections/UpdateAliases",
            collections::change_aliases,
        );
        self.add(Read, "/qdrant.Collections/ListAliases", collections::list_aliases);
        self.add(
            Read,
            "/qdrant.Collections/ListCollectionAliases",
            collections::list_aliases_of,
        );
    }

    fn add_reads(&mut self) {
        use Manner::{QuickRead, Read};
        self.add(QuickRead, "/qdrant.Points/Search", search::search);
        self.add(QuickRead, "/qdrant.Points/SearchBatch", search::search_batch);
        self.add(QuickRead, "/qdrant.Points/Query", search::query);
        self.add(QuickRead, "/qdrant.Points/QueryBatch", search::query_batch);
        self.add(QuickRead, "/qdrant.Points/Recommend", search::recommend);
        self.add(
            QuickRead,
            "/qdrant.Points/RecommendBatch",
            search::recommend_batch,
        );
        self.add(QuickRead, "/qdrant.Points/Get", points::get);
        self.add(QuickRead, "/qdrant.Points/Scroll", points::scroll);
        self.add(QuickRead, "/qdrant.Points/Count", points::count);
        self.add(Read, "/qdrant.Points/Facet", points::facet);
    }

    fn add_writes(&mut self) {
        use Manner::Write;
        self.add(Write, "/qdrant.Points/Upsert", points::upsert);
        self.add(Write, "/qdrant.Points/Delete", points::delete);
        self.add(Write, "/qdrant.Points/UpdateVectors", points::update_vectors);
        self.add(Write, "/qdrant.Points/DeleteVectors", points::delete_vectors);
        self.add(Write, "/qdrant.Points/SetPayload", points::set_payload);
        self.add(
            Write,
            "/qdrant.Points/OverwritePayload",
            points::overwrite_payload,
        );
        self.add(Write, "/qdrant.Points/DeletePayload", points::delete_payload);
        self.add(Write, "/qdrant.Points/ClearPayload", points::clear_payload);
        self.add(Write, "/qdrant.Points/UpdateBatch", points::update_batch);
        self.add(Write, "/qdrant.Points/CreateFieldIndex", points::create_index);
        self.add(Write, "/qdrant.Points/DeleteFieldIndex", points::delete_index);
        self.add(Write, "/qdrant.Points/CreateVectorName", points::add_vector_field);
        self.add(
            Write,
            "/qdrant.Points/DeleteVectorName",
            points::remove_vector_field,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: each call of the interface is served, or stands among those that are not, with a reason.
    #[test]
    fn every_call_is_accounted_for() {
        let calls = Calls::all();
        let unserved = |path: &str| proto::UNSERVED_CALLS.iter().any(|(known, _)| *known == path);
        let mut count = 0;
        for path in proto::shapes().paths() {
            assert_ne!(calls.get(path).is_some(), unserved(path), "{path}");
            count += 1;
        }
        assert_eq!(count, calls.0.len() + proto::UNSERVED_CALLS.len());
        assert!(count > 50);
    }
}
