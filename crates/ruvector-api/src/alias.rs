//! Requests that change aliases, and the lists of them. Never looks a name up.

use std::collections::BTreeMap;

use ruvector_types::{AliasAction, Limits};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ApiError;
use crate::selector::{at_most, not_empty};

/// Body of `POST /collections/aliases`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeAliases {
    /// What is done, in this order and as one.
    actions: Vec<WireAliasAction>,
}

/// One change; exactly one member is given.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WireAliasAction {
    /// Let an alias stand for a collection, whatever it stood for before.
    create_alias: Option<CreateAlias>,
    /// Take an alias away; nothing happens if there is none.
    delete_alias: Option<DeleteAlias>,
    /// Call an alias something else.
    rename_alias: Option<RenameAlias>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateAlias {
    collection_name: String,
    alias_name: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DeleteAlias {
    alias_name: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RenameAlias {
    old_alias_name: String,
    new_alias_name: String,
}

/// Result of `GET /aliases` and `GET /collections/{name}/aliases`.
#[derive(Debug, Serialize, ToSchema)]
pub struct AliasesView {
    aliases: Vec<AliasView>,
}

/// An alias and what it stands for.
#[derive(Debug, Serialize, ToSchema)]
struct AliasView {
    alias_name: String,
    collection_name: String,
}

impl ChangeAliases {
    /// The engine's actions.
    pub fn into_actions(self, limits: &Limits) -> Result<Vec<AliasAction>, ApiError> {
        check_count(&self.actions, limits)?;
        let actions = self.actions.into_iter().enumerate();
        actions
            .map(|(at, action)| {
                action
                    .into_action()
                    .map_err(|error| error.within(format_args!("actions[{at}]")))
            })
            .collect()
    }
}

/// Refuses no actions, or too many.
pub(crate) fn check_count<T>(actions: &[T], limits: &Limits) -> Result<(), ApiError> {
    not_empty(actions, "actions")?;
    let given = actions.len();
    at_most(given, limits.aliases_max, "actions", "aliases_max")
}

impl WireAliasAction {
    fn into_action(self) -> Result<AliasAction, ApiError> {
        match (self.create_alias, self.delete_alias, self.rename_alias) {
            (Some(create), None, None) => Ok(AliasAction::Create {
                alias: create.alias_name,
                collection: create.collection_name,
            }),
            (None, Some(delete), None) => Ok(AliasAction::Delete {
                alias: delete.alias_name,
            }),
            (None, None, Some(rename)) => Ok(AliasAction::Rename {
                from: rename.old_alias_name,
                to: rename.new_alias_name,
            }),
            _ => {
                let rule = "takes one of create_alias, delete_alias and rename_alias";
                Err(ApiError::rule("action", rule))
            }
        }
    }
}

impl AliasesView {
    /// All aliases, each with its collection.
    pub fn all(aliases: BTreeMap<String, String>) -> AliasesView {
        let view = |(alias_name, collection_name)| AliasView {
            alias_name,
            collection_name,
        };
        AliasesView {
            aliases: aliases.into_iter().map(view).collect(),
        }
    }

    /// Those of one collection.
    pub fn of(collection: &str, aliases: Vec<String>) -> AliasesView {
        let with = |alias| (alias, collection.to_owned());
        AliasesView::all(aliases.into_iter().map(with).collect())
    }
}
