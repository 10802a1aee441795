/** Organisations and teams, as their owners arrange them. */
import { refusal } from "../api.ts"
import { createTeam as makeTeam, removeMember, setMember, setTeamMember } from "../act/organization.ts"
import { createAccount } from "../act/repository.ts"
import type { MembershipState, Organization, OrganizationMember, Team, TeamMember } from "../organization.ts"
import type { Account, GitHubState } from "../state.ts"

/** Names an organisation and a person in it. */
export type InOrganization = { org: string; login: string }

/** Makes a person a member of an organisation (an owner with role `admin`), or changes their membership. */
export function joinOrganization(
  state: GitHubState,
  args: InOrganization & { role?: OrganizationMember["role"]; state?: MembershipState },
): void {
  const { role = "member", state: membership = "active" } = args
  setMember(organizationNamed(state, args.org), { account: personNamed(state, args.login), role, state: membership })
}

/** Takes a person out of an organisation and all its teams. */
export function leaveOrganization(state: GitHubState, args: InOrganization): void {
  removeMember(organizationNamed(state, args.org), personNamed(state, args.login))
}

/** Makes a team with these active members; whoever is not there yet is made. `parent`: slug of the team above. */
export function createTeam(
  state: GitHubState,
  args: { org: string; slug: string; members?: string[]; parent?: string },
): { id: number } {
  const organization = organizationNamed(state, args.org)
  const parent = args.parent === undefined ? undefined : teamNamed(organization, args.parent)
  const team = makeTeam(organization, args.slug, parent)
  for (const login of args.members ?? []) addTeamMember(state, { org: args.org, team: args.slug, login })
  return { id: team.id }
}

/** Puts a person in a team, or changes their membership; `pending` is an invitation. */
export function addTeamMember(
  state: GitHubState,
  args: InOrganization & { team: string; role?: TeamMember["role"]; state?: MembershipState },
): void {
  const organization = organizationNamed(state, args.org)
  const { role = "member", state: membership = "active" } = args
  const account = personNamed(state, args.login)
  setTeamMember(organization, teamNamed(organization, args.team), { account, role, state: membership })
}

/** Takes a person out of a team. */
export function removeTeamMember(state: GitHubState, args: InOrganization & { team: string }): void {
  const team = teamNamed(organizationNamed(state, args.org), args.team)
  team.members.delete(personNamed(state, args.login).id)
}

function organizationNamed(state: GitHubState, login: string): Organization {
  const organization = state.accounts.get(login.toLowerCase())?.organization
  if (!organization) throw refusal(404, `No organisation ${login} on the test GitHub`)
  return organization
}

function teamNamed(organization: Organization, slug: string): Team {
  const team = organization.teams.get(slug)
  if (!team) throw refusal(404, `No team ${slug} on the test GitHub`)
  return team
}

function personNamed(state: GitHubState, login: string): Account {
  return state.accounts.get(login.toLowerCase()) ?? createAccount(state, login)
}
