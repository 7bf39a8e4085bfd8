//! Routes of aliases: change, list. Never looks a name up itself.

use axum::extract::State;
use axum::response::Response;
use ruvector_api::{AliasesView, ChangeAliases, ErrorEnvelope};

use crate::app::App;
use crate::call::{Call, Name};
use crate::docs::Answer;

/// Change aliases: all actions as one, or none
#[utoipa::path(post, path = "/collections/aliases", tag = "collections",
    request_body(content = ChangeAliases, example = json!({"actions": [{"delete_alias": {"alias_name": "live"}},
        {"create_alias": {"collection_name": "glosses-2", "alias_name": "live"}}]})),
    responses((status = 200, body = Answer<bool>), (status = 400, body = ErrorEnvelope), (status = 404, body = ErrorEnvelope),
        (status = 409, body = ErrorEnvelope)))]
pub(crate) async fn change(State(app): State<App>, call: Call) -> Response {
    call.write(app, |job| {
        let request: ChangeAliases = job.body()?;
        job.database
            .change_aliases(&request.into_actions(job.limits())?)?;
        Ok(true)
    })
    .await
}

/// List all aliases
#[utoipa::path(get, path = "/aliases", tag = "collections",
    responses((status = 200, body = Answer<AliasesView>), (status = 400, body = ErrorEnvelope)))]
pub(crate) async fn list(State(app): State<App>, call: Call) -> Response {
    call.read(app, |job| Ok(AliasesView::all(job.database.aliases())))
        .await
}

/// List the aliases of a collection; none if there is no such collection
#[utoipa::path(get, path = "/collections/{name}/aliases", tag = "collections", params(("name" = String, Path)),
    responses((status = 200, body = Answer<AliasesView>), (status = 400, body = ErrorEnvelope)))]
pub(crate) async fn list_of(State(app): State<App>, Name(name): Name, call: Call) -> Response {
    call.read(app, move |job| {
        let aliases = job.database.aliases_of(&name);
        Ok(AliasesView::of(&name, aliases))
    })
    .await
}
