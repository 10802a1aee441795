/** Apps and installations as GitHub shows them. */
import type { components } from "@octokit/openapi-types"
import type { App, GitHubState, Installation, Repository } from "../state.ts"
import { fullNameOf } from "../access.ts"
import { accountView } from "./account.ts"

/** https://docs.github.com/en/rest/apps/apps#get-an-app */
export function appView(state: GitHubState, app: App) {
  return {
    id: app.id,
    slug: app.slug,
    client_id: app.clientId,
    node_id: app.nodeId,
    owner: accountView(state, app.owner),
    name: app.name,
    description: "",
    external_url: state.urls.html,
    html_url: `${state.urls.html}/apps/${app.slug}`,
    created_at: app.createdAt,
    updated_at: app.createdAt,
    permissions: app.permissions,
    events: app.events,
  } satisfies components["schemas"]["integration"]
}

/** The form inside webhook payloads: without `client_id`. */
export function hookAppView(state: GitHubState, app: App) {
  const { client_id: _clientId, ...view } = appView(state, app)
  return view
}

/** How the repositories of an installation were chosen. */
export function selectionOf(installation: Installation): "all" | "selected" {
  return installation.coversAll ? "all" : "selected"
}

/** https://docs.github.com/en/rest/apps/apps#get-an-installation-for-the-authenticated-app */
export function installationView(state: GitHubState, installation: Installation) {
  return {
    id: installation.id,
    account: accountView(state, installation.account),
    repository_selection: selectionOf(installation),
    access_tokens_url: `${state.urls.api}/app/installations/${installation.id}/access_tokens`,
    repositories_url: `${state.urls.api}/installation/repositories`,
    html_url: `${state.urls.html}/settings/installations/${installation.id}`,
    app_id: installation.app.id,
    app_slug: installation.app.slug,
    target_id: installation.account.id,
    target_type: installation.account.type === "Organization" ? "Organization" : "User",
    permissions: installation.permissions,
    events: installation.events,
    created_at: installation.createdAt,
    updated_at: installation.updatedAt,
    single_file_name: null,
    has_multiple_single_files: false,
    single_file_paths: [],
    suspended_by: installation.suspendedBy ? accountView(state, installation.suspendedBy) : null,
    suspended_at: installation.suspendedAt ?? null,
  } satisfies components["schemas"]["installation"]
}

/** A repository as installation events list it. */
export function repositoryStub(repository: Repository) {
  return {
    id: repository.id,
    node_id: repository.nodeId,
    name: repository.name,
    full_name: fullNameOf(repository),
    private: repository.isPrivate,
  }
}
