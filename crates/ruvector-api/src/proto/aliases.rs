//! Aliases as messages, and questions about collections that take a name alone. Never changes one.

use std::collections::BTreeMap;

use ruvector_types::{AliasAction, Limits};

use super::given::required;
use super::messages::{self as m, alias_operations::Action};
use super::terms::timeout;
use crate::ApiError;
use crate::alias::check_count;

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

impl m::ChangeAliases {
    /// The engine's actions.
    pub fn into_actions(self, limits: &Limits) -> Result<Vec<AliasAction>, ApiError> {
        let m::ChangeAliases {
            actions,
            timeout: seconds,
        } = self;
        timeout(seconds)?;
        check_count(&actions, limits)?;
        let one = |(at, given)| {
            let m::AliasOperations { action } = given;
            let what = "create_alias, rename_alias or delete_alias";
            Ok(match required(action, &format!("actions[{at}]"), what)? {
                Action::CreateAlias(m::CreateAlias {
                    collection_name: collection,
                    alias_name: alias,
                }) => AliasAction::Create { alias, collection },
                Action::RenameAlias(m::RenameAlias {
                    old_alias_name: from,
                    new_alias_name: to,
                }) => AliasAction::Rename { from, to },
                Action::DeleteAlias(m::DeleteAlias { alias_name: alias }) => AliasAction::Delete { alias },
            })
        };
        actions.into_iter().enumerate().map(one).collect()
    }
}

impl m::ListAliasesResponse {
    /// All aliases, each with its collection, and the seconds it took.
    pub fn of(aliases: BTreeMap<String, String>, time: f64) -> m::ListAliasesResponse {
        let one = |(alias_name, collection_name)| m::AliasDescription {
            alias_name,
            collection_name,
        };
        m::ListAliasesResponse {
            aliases: aliases.into_iter().map(one).collect(),
            time,
        }
    }
}
