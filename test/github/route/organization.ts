/** Members of organisations and teams. https://docs.github.com/en/rest/orgs/members https://docs.github.com/en/rest/teams/members */
import { refusal } from "../api.ts"
import type { Answer, ApiCall, PlainRoute } from "../api.ts"
import { isOwner, type Organization, teamMembership } from "../organization.ts"
import type { Account } from "../state.ts"
import { accountView, organizationView } from "../view/account.ts"

/** Routes below `/orgs/{org}`. */
export const organizationRoutes: PlainRoute[] = [
  { method: "GET", path: "/orgs/:org/memberships/:login", handle: getMembership },
  { method: "GET", path: "/orgs/:org/teams/:slug/memberships/:login", handle: getTeamMembership },
]

type Found = { account: Account; organization: Organization }

function getMembership(call: ApiCall): Answer {
  const { account, organization } = readableOrganization(call)
  const member = organization.members.get(personOf(call).id)
  if (!member) throw refusal(404, "Not Found")
  const url = `${call.state.urls.api}/orgs/${account.login}`
  return {
    status: 200,
    body: {
      url: `${url}/memberships/${member.account.login}`,
      state: member.state,
      role: member.role,
      organization_url: url,
      user: accountView(call.state, member.account),
      organization: organizationView(call.state, account),
    },
  }
}

/** An owner of the organisation counts as maintainer of the teams they are in. */
function getTeamMembership(call: ApiCall): Answer {
  const { account, organization } = readableOrganization(call)
  const team = organization.teams.get(String(call.params["slug"]))
  const member = team && teamMembership(organization, team, personOf(call))
  if (!team || !member) throw refusal(404, "Not Found")
  const role = isOwner(organization, member.account) ? "maintainer" : member.role
  const url = `${call.state.urls.api}/organizations/${account.id}/team/${team.id}/memberships/${member.account.login}`
  return { status: 200, body: { state: member.state, role, url } }
}

/** Members of an organisation are nobody else's business: 404 for who is neither installed on it nor in it. */
function readableOrganization(call: ApiCall): Found {
  const { caller, state } = call
  const account = state.accounts.get(String(call.params["org"]).toLowerCase())
  const organization = account?.organization
  if (caller.kind === "anonymous") throw refusal(401, "Requires authentication")
  if (caller.kind === "app") throw refusal(403, "Resource not accessible by integration")
  if (!account || !organization) throw refusal(404, "Not Found")
  if (caller.kind === "person") {
    if (organization.members.get(caller.account.id)?.state === "active") return { account, organization }
    throw refusal(404, "Not Found")
  }
  if (caller.token.installation.account !== account) throw refusal(404, "Not Found")
  if (caller.token.permissions["members"] === undefined) throw refusal(403, "Resource not accessible by integration")
  return { account, organization }
}

function personOf(call: ApiCall): Account {
  const account = call.state.accounts.get(String(call.params["login"]).toLowerCase())
  if (!account) throw refusal(404, "Not Found")
  return account
}
