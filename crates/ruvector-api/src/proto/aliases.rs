//! Aliases as messages, and questions about collections that take a name alone. Never changes one.

use super::messages as m;
use super::terms::timeout;
use crate::ApiError;

impl m::DeleteCollection {
    /// The collection's name.
    pub fn into_name(self) -> Result<String, ApiError> {
        let m::DeleteCollection {
            collection_name,
            timeout: seconds,
        } = self;
        timeout(seconds)?;
        Ok(collection_name)
    }
}

impl m::ListCollectionsResponse {
    /// From the names, in their order, and the seconds it took.
    pub fn of(names: Vec<String>, time: f64) -> m::ListCollectionsResponse {
        let collections = names.into_iter().map(|name| m::CollectionDescription { name });
        m::ListCollectionsResponse {
            collections: collections.collect(),
            time,
        }
    }
}

impl m::CollectionExistsResponse {
    /// Whether there is one, and the seconds it took to know.
    pub fn of(exists: bool, time: f64) -> m::CollectionExistsResponse {
        m::CollectionExistsResponse {
            result: Some(m::CollectionExists { exists }),
            time,
        }
    }
}

impl m::CollectionOperationResponse {
    /// Whether anything was done, and the seconds it took.
    pub fn of(result: bool, time: f64) -> m::CollectionOperationResponse {
        m::CollectionOperationResponse { result, time }
    }
}
