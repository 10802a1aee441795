/** Organisations: who is in them, and their teams. Plain data, as in `state.ts`. */
import type { Account } from "./state.ts"

/** `pending`: invited, and not yet accepted. https://docs.github.com/en/rest/orgs/members#get-organization-membership-for-a-user */
export type MembershipState = "active" | "pending"

/** A member of an organisation; `admin` is GitHub's word for an owner. */
export type OrganizationMember = { account: Account; role: "admin" | "member"; state: MembershipState }

/** A member of a team. */
export type TeamMember = { account: Account; role: "member" | "maintainer"; state: MembershipState }

/** A team. Members of a child team are members of its parent too. https://docs.github.com/en/rest/teams/members */
export type Team = {
  id: number
  nodeId: string
  slug: string
  parent: Team | undefined
  /** By account id. */
  members: Map<number, TeamMember>
}

/** What an account of type `Organization` has besides: members by account id, teams by slug. */
export type Organization = { members: Map<number, OrganizationMember>; teams: Map<string, Team> }

/** The membership of a person in a team, or in one of its child teams; undefined for none. */
export function teamMembership(organization: Organization, team: Team, account: Account): TeamMember | undefined {
  const own = team.members.get(account.id)
  if (own) return own
  for (const child of organization.teams.values()) {
    const inherited = child.parent === team ? teamMembership(organization, child, account) : undefined
    if (inherited) return inherited
  }
  return undefined
}

/** Whether an account owns the organisation: an owner is admin of every repository in it. */
export function isOwner(organization: Organization | undefined, account: Account): boolean {
  const member = organization?.members.get(account.id)
  return member?.role === "admin" && member.state === "active"
}
