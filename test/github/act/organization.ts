/** Who is in an organisation and in its teams. Apps hear nothing of it here: none of ours asks for these events. */
import { freshIds } from "../ids.ts"
import type { Organization, OrganizationMember, Team, TeamMember } from "../organization.ts"
import type { Account } from "../state.ts"

/** Makes a person a member, or changes their membership. */
export function setMember(organization: Organization, member: OrganizationMember): void {
  organization.members.set(member.account.id, member)
}

/** Takes a person out of the organisation and of all its teams. */
export function removeMember(organization: Organization, account: Account): void {
  organization.members.delete(account.id)
  for (const team of organization.teams.values()) team.members.delete(account.id)
}

/** Makes a team without members. */
export function createTeam(organization: Organization, slug: string, parent?: Team): Team {
  const team: Team = { ...freshIds("T"), slug, parent, members: new Map() }
  organization.teams.set(slug, team)
  return team
}

/** Puts a person in a team, and in the organisation first if they are not in it, as GitHub does. */
export function setTeamMember(organization: Organization, team: Team, member: TeamMember): void {
  const { account, state } = member
  if (!organization.members.has(account.id)) setMember(organization, { account, role: "member", state })
  team.members.set(account.id, member)
}
