import type { CheckFact } from "../fact.ts"

/**
 * Whether the gate holds anything at all: what stands around it on GitHub, as it was read, and what is wrong with it.
 * What could not be read is a finding of its own; nothing is guessed.
 */

/** A check that must pass before a merge; `appId` null: whoever reports it. */
export type RequiredCheck = { context: string; appId: number | null }

/** What was read of a branch's rules. Null: it could not be read. */
export type BranchGuard = {
  /** From rulesets. */
  byRules: readonly RequiredCheck[] | null
  /** From classic branch protection. */
  byProtection: readonly RequiredCheck[] | null
  mergeQueue: boolean | null
}

/** What the app was granted there. */
export type Granted = { permissions: Readonly<Record<string, string>>; events: readonly string[] }

/** What is wrong, by code; `detail` is the name or number that belongs to it. */
export type Finding = { code: FindingCode; detail: string | null }

/** Machine-readable word for a finding. */
export type FindingCode =
  | "gate-not-required"
  | "gate-required-of-any-app"
  | "gate-required-of-another-app"
  | "merge-queue-without-gate"
  | "gate-of-another-app"
  | "permission-missing"
  | "event-missing"
  | "branch-rules-unread"
  | "merge-queue-unread"
  | "grant-unread"
  | "config-without-gate"

/** What a diagnosis is made from. */
export type DiagnosisInput = {
  /** Name under which the gate is reported. */
  gateName: string
  ownAppId: number
  /** An advisory gate holds nothing, so nobody needs to require it. */
  mode: "advisory" | "enforce"
  /** Whether the config lets a team approve. */
  teams: boolean
  guard: BranchGuard
  /** Null: it could not be read. */
  granted: Granted | null
  /** Slugs of other apps that reported a check of the gate's name. */
  impostors: readonly string[]
}

/** What the app asks for in `app.yml`; a test holds both together. `members` is needed for teams only. */
export const neededPermissions: Readonly<Record<string, "read" | "write">> = {
  checks: "write",
  statuses: "read",
  contents: "write",
  pull_requests: "write",
  issues: "write",
  merge_queues: "write",
  members: "read",
  deployments: "write",
  actions: "read",
  metadata: "read",
}

/** The events that the app asks for in `app.yml`. */
export const neededEvents: readonly string[] = [
  "pull_request",
  "pull_request_review",
  "check_run",
  "status",
  "merge_group",
  "issue_comment",
  "issues",
  "push",
  "deployment",
  "deployment_status",
  "deployment_protection_rule",
  "repository",
]

/** Names everything that is wrong, the gravest first. */
export function diagnose(input: DiagnosisInput): Finding[] {
  return [...requirementFindings(input), ...queueFindings(input), ...impostorFindings(input), ...grantFindings(input)]
}

function requirementFindings({ guard, gateName, ownAppId, mode }: DiagnosisInput): Finding[] {
  if (mode === "advisory") return []
  const required = [...(guard.byRules ?? []), ...(guard.byProtection ?? [])].filter(
    ({ context }) => context === gateName,
  )
  if (required.some(({ appId }) => appId === ownAppId)) return []
  // One that was not read could require it of this app.
  if (guard.byRules === null || guard.byProtection === null) return [finding("branch-rules-unread")]
  if (required.length === 0) return [finding("gate-not-required")]
  const other = required.find(({ appId }) => appId !== null)
  if (other === undefined) return [finding("gate-required-of-any-app")]
  return [finding("gate-required-of-another-app", String(other.appId))]
}

/** Where heads in the queue get no gate, a required gate holds the queue for ever. */
function queueFindings({ guard, granted }: DiagnosisInput): Finding[] {
  if (guard.mergeQueue === null) return [finding("merge-queue-unread")]
  if (!guard.mergeQueue || granted === null) return []
  return granted.events.includes("merge_group") ? [] : [finding("merge-queue-without-gate")]
}

/** Other apps among the checks of one commit that report one of the gate's name. */
export function impostorsAmong(
  checks: readonly CheckFact[],
  { gateName, ownAppId }: Pick<DiagnosisInput, "gateName" | "ownAppId">,
): Finding[] {
  const others = checks.filter(({ name, appId }) => name === gateName && appId !== null && appId !== ownAppId)
  return impostorFindings({ impostors: others.map(({ app }) => app ?? "unknown") })
}

function impostorFindings({ impostors }: Pick<DiagnosisInput, "impostors">): Finding[] {
  return [...new Set(impostors)].toSorted().map((slug) => finding("gate-of-another-app", slug))
}

const levels = ["read", "write", "admin"]

function grantFindings({ granted, teams }: DiagnosisInput): Finding[] {
  if (granted === null) return [finding("grant-unread")]
  const lacking = Object.entries(neededPermissions).filter(([name, level]) => {
    if (name === "members" && !teams) return false
    return levels.indexOf(granted.permissions[name] ?? "") < levels.indexOf(level)
  })
  const unheard = neededEvents.filter((event) => !granted.events.includes(event))
  return [
    ...lacking.map(([name, level]) => finding("permission-missing", `${name}: ${level}`)),
    ...unheard.map((event) => finding("event-missing", event)),
  ]
}

function finding(code: FindingCode, detail: string | null = null): Finding {
  return { code, detail }
}
