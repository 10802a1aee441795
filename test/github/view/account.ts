/** Accounts as GitHub shows them. */
import type { components } from "@octokit/openapi-types"
import type { Account, GitHubState } from "../state.ts"

/** https://docs.github.com/en/rest/users/users#get-a-user (the short form every object carries). */
export function accountView(state: GitHubState, account: Account) {
  const url = `${state.urls.api}/users/${encodeURIComponent(account.login)}`
  const page = account.type === "Bot" ? `/apps/${account.login.replace("[bot]", "")}` : `/${account.login}`
  return {
    login: account.login,
    id: account.id,
    node_id: account.nodeId,
    avatar_url: `${state.urls.html}/avatars/${account.id}?v=4`,
    gravatar_id: "",
    url,
    html_url: `${state.urls.html}${page}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type: account.type,
    site_admin: false,
  } satisfies components["schemas"]["simple-user"]
}

/** The form payloads carry beside the repository of an organisation. */
export function organizationView(state: GitHubState, account: Account) {
  const url = `${state.urls.api}/orgs/${account.login}`
  return {
    login: account.login,
    id: account.id,
    node_id: account.nodeId,
    url,
    repos_url: `${url}/repos`,
    events_url: `${url}/events`,
    hooks_url: `${url}/hooks`,
    issues_url: `${url}/issues`,
    members_url: `${url}/members{/member}`,
    public_members_url: `${url}/public_members{/member}`,
    avatar_url: `${state.urls.html}/avatars/${account.id}?v=4`,
    description: "",
  }
}

/** The long form of `GET /users/{login}`. */
export function fullAccountView(state: GitHubState, account: Account) {
  return {
    ...accountView(state, account),
    name: account.name,
    company: null,
    blog: "",
    location: null,
    email: account.email,
    hireable: null,
    bio: null,
    public_repos: 0,
    public_gists: 0,
    followers: 0,
    following: 0,
    created_at: "2020-01-01T00:00:00Z",
    updated_at: "2020-01-01T00:00:00Z",
  }
}
