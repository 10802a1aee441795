import type { Clock } from "../lib/clock.ts"
import type { Role } from "../promotion/permission.ts"

/** How long an answer of GitHub about a person's role or team is used again for judging approvals, in milliseconds. */
const keepMs = 5 * 60_000

/** Most answers kept. */
const limitKept = 5000

/**
 * What GitHub lately said people may do, so that not every wake of a pull request asks again for each of its approvers.
 * Only for judging approvals: a command is allowed by an answer that was asked for at the time of the command.
 */
export type Standing = {
  keepRole(repositoryId: number, login: string, role: Role): void
  keepTeam(repositoryId: number, key: string, member: boolean): void
  /** Forgets what is known about a repository. */
  forget(repositoryId: number): void
  /** What is known about a repository now: roles by login, membership by `teamKey`. */
  of(repositoryId: number): { roles: Map<string, Role>; teams: Map<string, boolean> }
}

type Kept<Value> = { value: Value; atMs: number }

/** Opens an empty memory. */
export function openStanding(clock: Clock): Standing {
  const roles = new Map<number, Map<string, Kept<Role>>>()
  const teams = new Map<number, Map<string, Kept<boolean>>>()
  return {
    keepRole: (repositoryId, login, role) => keep(roles, { repositoryId, key: login, value: role, clock }),
    keepTeam: (repositoryId, key, member) => keep(teams, { repositoryId, key, value: member, clock }),
    forget: (repositoryId) => {
      roles.delete(repositoryId)
      teams.delete(repositoryId)
    },
    of: (repositoryId) => ({
      roles: fresh(roles.get(repositoryId), clock),
      teams: fresh(teams.get(repositoryId), clock),
    }),
  }
}

type Keeping<Value> = { repositoryId: number; key: string; value: Value; clock: Clock }

function keep<Value>(all: Map<number, Map<string, Kept<Value>>>, keeping: Keeping<Value>): void {
  const { repositoryId, key, value, clock } = keeping
  const known = all.get(repositoryId) ?? new Map<string, Kept<Value>>()
  all.set(repositoryId, known)
  known.delete(key)
  known.set(key, { value, atMs: clock.now().getTime() })
  const oldest = known.keys().next()
  if (known.size > limitKept && oldest.done !== true) known.delete(oldest.value)
}

function fresh<Value>(known: Map<string, Kept<Value>> | undefined, clock: Clock): Map<string, Value> {
  const nowMs = clock.now().getTime()
  const young = [...(known ?? [])].filter(([, kept]) => nowMs - kept.atMs < keepMs)
  return new Map(young.map(([key, kept]) => [key, kept.value]))
}
