import type { Actor } from "../../src/ledger/entry.ts"
import type { Approver, RiskLevel } from "../../src/promotion/config/config-rules.ts"
import { builtInConfig, type PromotionConfig } from "../../src/promotion/config/config.ts"
import { decide, type Plan } from "../../src/promotion/gate/decide.ts"
import type { PullRequestFact } from "../../src/promotion/fact.ts"
import type { Role } from "../../src/promotion/permission.ts"
import type { Snapshot } from "../../src/promotion/gate/snapshot.ts"
import type { Approval } from "../../src/promotion/state.ts"
import { after, isOpen, lawsOfAll, same, worldAfter, type Law } from "./laws.ts"
import { isLetPast } from "./urgent-laws.ts"
import { readChange, readComment, trueRoles } from "./review-world.ts"

/**
 * What must hold of every gate that asks for policy and review, said without the code that decides it: no function of
 * `src/` but `decide` and the fold is used to say it.
 */

/** The first law that a decision about the snapshot breaks, in words; null when it keeps them all. */
export function brokenReviewLaw(snapshot: Snapshot): string | null {
  try {
    const plan = decide(snapshot)
    for (const law of [...lawsOfAll, ...laws]) {
      const broken = law(snapshot, plan)
      if (broken !== null) return broken
    }
    return settles(snapshot)
  } catch (error) {
    return `a decision never throws: ${String(error)}`
  }
}

const laws: readonly Law[] = [
  openOnlyForAKnownChange,
  openOnlyWithEnoughApprovals,
  agentsNeedAnOperator,
  whoAsksForChangesIsHeard,
  countedCommentsWereSeen,
  approvedByTheEntitled,
  voidedStaysVoid,
  whoseWorkIsOnTheLedger,
  takenBackLandsByFreshApproval,
]

/** Whatever the stages are, and wherever they stand: what was judged is what the newest `policy_evaluated` says. */
function whoseWorkIsOnTheLedger({ promotion: known }: Snapshot, { verdict, entries, promotion }: Plan): string | null {
  if (verdict === null || verdict.risk === null) return null
  const said = entries.findLast((entry) => entry.type === "policy_evaluated")?.payload
  if (said === undefined && promotion?.evaluated !== known?.evaluated) return "an evaluation comes by an entry"
  const { agent } = verdict
  const who = agent?.agent === true ? [agent.how, agent.task, agent.run, agent.requester] : null
  const told: unknown = JSON.parse(promotion?.evaluated ?? "[]")
  const [, , risk, by] = Array.isArray(told) ? (told as unknown[]) : []
  return same([risk, by], [verdict.risk.level, who]) ? null : "risk and agent are on the ledger"
}

/** Whatever the branch asks for: what hurt once is let in by somebody who may, and who said so since. */
function takenBackLandsByFreshApproval(snapshot: Snapshot, plan: Plan): string | null {
  const open = openGate(snapshot, plan)
  const { change, takenBack } = snapshot
  if (open === null || isLetPast("review", snapshot, plan)) return null
  const culprit = takenBack.find(
    ({ brought, headSha }) => headSha === open.pullRequest.headSha || (brought !== null && brought === change?.patchId),
  )
  if (culprit === undefined) return null
  const { low, medium, high } = open.config.review
  const anyone = [...low.from, ...medium.from, ...high.from, { kind: "role", role: "maintain" } as const]
  const since = approvalsOf(snapshot, plan, anyone).filter(({ atMs }) => atMs > culprit.atMs)
  return since.length === 0 ? "what was taken back lands again by a fresh approval only" : null
}

type Known = { config: PromotionConfig; pullRequest: PullRequestFact; stages: ReadonlySet<string> }

/** The open gate's config and pull request; null where none stands open. */
function openGate(snapshot: Snapshot, plan: Plan): Known | null {
  const { config, pullRequest } = snapshot
  if (!isOpen(plan) || config === null || pullRequest === null) return null
  const rules = config.config.branches?.[pullRequest.baseRef]
  return { config: config.config, pullRequest, stages: new Set(rules?.stages.map(({ kind }) => kind)) }
}

/** The same where a review is asked for, and nobody may let it past one. */
function reviewedGate(snapshot: Snapshot, plan: Plan): Known | null {
  const open = openGate(snapshot, plan)
  return open?.stages.has("review") === true && !isLetPast("review", snapshot, plan) ? open : null
}

function isOf(change: Snapshot["change"], { headSha, baseRef }: PullRequestFact): change is NonNullable<typeof change> {
  return change !== null && change.headSha === headSha && change.baseRef === baseRef
}

function openOnlyForAKnownChange(snapshot: Snapshot, plan: Plan): string | null {
  const open = openGate(snapshot, plan)
  if (open === null) return null
  if (snapshot.config?.status === "invalid") return "a config that was never valid opens nothing"
  const judged = open.stages.has("policy") || open.stages.has("review")
  return judged && !isOf(snapshot.change, open.pullRequest) ? "an unread change opens nothing" : null
}

const strength: readonly Role[] = ["none", "read", "triage", "write", "maintain", "admin"]

function mayApprove(login: string, from: readonly Approver[], { lately }: Snapshot): boolean {
  return from.some((one) => {
    if (one.kind === "user") return one.login.toLowerCase() === login.toLowerCase()
    if (one.kind === "team") return lately.teams.get(`${one.org}/${one.slug}:${login}`) === true
    return strength.indexOf(lately.roles.get(login) ?? "none") >= strength.indexOf(one.role)
  })
}

function isInvolved({ kind, login }: Actor, snapshot: Snapshot): boolean {
  const { change, config, pullRequest, head } = snapshot
  const listed = [
    ...(change?.commits.people ?? []),
    ...(config?.config.agents.logins ?? []),
    pullRequest?.author.login ?? "",
    head?.pusher ?? "",
  ]
  return kind !== "user" || listed.some((one) => one.toLowerCase() === login.toLowerCase())
}

/** What a reviewer last thought: of all reviews that hold an opinion the one given last. */
function lastOpinion(login: string, { reviews }: Snapshot) {
  const own = reviews.filter(
    ({ reviewer, state }) => reviewer.login.toLowerCase() === login.toLowerCase() && state !== "other",
  )
  return own.reduce<(typeof own)[number] | undefined>(
    (last, one) =>
      last !== undefined && (last.atMs > one.atMs || (last.atMs === one.atMs && last.id > one.id)) ? last : one,
    undefined,
  )
}

function stands({ id, by, atMs }: Approval, snapshot: Snapshot): boolean {
  const [source, number] = id.split(":")
  if (source === "comment") {
    return snapshot.comments.every((one) => one.commentId !== Number(number) || one.standing)
  }
  const last = lastOpinion(by.login, snapshot)
  const second = 1000
  if (source === "button") return last?.state !== "changes_requested" || last.atMs + second < atMs
  return last?.state === "approved" && last.id === Number(number)
}

function isExact({ sha, baseRef, patchId }: Approval, { pullRequest, change }: Snapshot): boolean {
  if (sha === pullRequest?.headSha && baseRef === pullRequest.baseRef) return true
  return patchId !== null && patchId === change?.patchId
}

/** Approvals of exactly this change, by people who had no hand in it and may do so, that were not taken back. */
function approvalsOf(snapshot: Snapshot, plan: Plan, from: readonly Approver[]): Approval[] {
  const approvals = after(snapshot, plan).promotion?.approvals ?? []
  return approvals.filter(
    (one) =>
      isExact(one, snapshot) &&
      stands(one, snapshot) &&
      !isInvolved(one.by, snapshot) &&
      mayApprove(one.by.login, from, snapshot),
  )
}

/** Who approved exactly this change, had no hand in it, may do so, and has not taken it back. */
function approvers(snapshot: Snapshot, plan: Plan, from: readonly Approver[]): Set<string> {
  return new Set(approvalsOf(snapshot, plan, from).map(({ by }) => by.login.toLowerCase()))
}

function isAgents({ change, pullRequest, config }: Snapshot): boolean {
  const logins = config?.config.agents.logins ?? []
  const people = [pullRequest?.author.login ?? "", ...(change?.commits.people ?? [])]
  return (
    change?.commits.complete !== true ||
    pullRequest?.author.kind !== "user" ||
    pullRequest.labels.includes("agent") ||
    change.commits.trailers.length > 0 ||
    people.some((login) => logins.includes(login))
  )
}

/** The level that the rules of these configs lead to at least; what is unread could be anything. */
function riskOf(snapshot: Snapshot, config: PromotionConfig): RiskLevel {
  const files = snapshot.change?.files ?? []
  const lines = files.reduce((sum, { additions, deletions }) => sum + additions + deletions, 0)
  const unread = snapshot.change?.complete !== true
  const holds = config.risk.some(
    ({ author, paths, changed_lines_over: over }) =>
      (author !== undefined && isAgents(snapshot)) ||
      (paths !== undefined && (unread || files.some(({ path }) => path.startsWith("src/auth/")))) ||
      (over !== undefined && (unread || lines > over)),
  )
  if (holds) return "high"
  const raises = config.policy.content.some(({ action }) => action === "raise-risk")
  const evil = files.some(({ added }) => added?.some(({ text }) => text.includes("http://")))
  return raises && (unread || evil) ? "medium" : "low"
}

function openOnlyWithEnoughApprovals(snapshot: Snapshot, plan: Plan): string | null {
  const open = reviewedGate(snapshot, plan)
  if (open === null) return null
  const { review } = open.config
  const level = riskOf(snapshot, open.config)
  const twoHumans = review.agents === "two-humans" && isAgents(snapshot)
  const needed = Math.max(review[level].approvals, twoHumans ? 2 : 0)
  if (needed > 0 && snapshot.change?.commits.complete !== true) return "unread commits may be anybody's"
  if (approvers(snapshot, plan, review[level].from).size >= needed) return null
  const wait = level === "low" && !twoHumans ? review.low.auto_approve_after : undefined
  const sinceMs = after(snapshot, plan).promotion?.proposedAtMs ?? Infinity
  const waited = wait !== undefined && sinceMs + wait <= snapshot.nowMs
  return waited ? null : "open needs enough live approvals of different people for exactly this change"
}

/** Whether the change is in a folder that one of these globs names. */
function touches({ change }: Snapshot, globs: readonly string[]): boolean {
  const folders = globs.map((glob) => glob.replace("**", ""))
  return change?.files.some(({ path }) => folders.some((one) => path.startsWith(one))) === true
}

function agentsNeedAnOperator(snapshot: Snapshot, plan: Plan): string | null {
  const open = openGate(snapshot, plan)
  if (open === null || !open.stages.has("policy")) return null
  const { policy } = open.config
  if (touches(snapshot, policy.forbidden_paths)) return "forbidden is forbidden"
  const evil = snapshot.change?.files.some(({ added }) => added?.some(({ text }) => text.includes("http://")))
  const actions = evil === true ? policy.content.map(({ action }) => action) : []
  if (actions.includes("block")) return "a blocked line is blocked"
  const guarded = touches(snapshot, [".github/workflows/**", ...policy.protected_paths])
  const asks = (isAgents(snapshot) && guarded) || actions.includes("require-approval")
  if (!asks && snapshot.change?.complete !== false) return null
  if (snapshot.change?.commits.complete !== true) return "unread commits may be the operator's own"
  const operators = approvers(snapshot, plan, [{ kind: "role", role: "maintain" }])
  return operators.size > 0 ? null : "what only an operator may let pass needs an operator"
}

function whoAsksForChangesIsHeard(snapshot: Snapshot, plan: Plan): string | null {
  const open = reviewedGate(snapshot, plan)
  if (open === null) return null
  const { low, medium, high } = open.config.review
  const from: Approver[] = [...low.from, ...medium.from, ...high.from, { kind: "role", role: "write" }]
  const asking = snapshot.reviews.filter(
    ({ reviewer }) => lastOpinion(reviewer.login, snapshot)?.state === "changes_requested",
  )
  const may = asking.some(({ reviewer }) => mayApprove(reviewer.login, from, snapshot))
  return may ? "whoever may approve and asks for changes shuts the gate" : null
}

function countedCommentsWereSeen(snapshot: Snapshot, plan: Plan): string | null {
  if (!plan.entries.some(({ type }) => type === "promotion_ready")) return null
  const ids = (plan.promotion?.approvals ?? []).flatMap(({ id }) => /^comment:(\d+)/.exec(id)?.[1] ?? [])
  return ids.every((id) => snapshot.seenComments.has(Number(id)))
    ? null
    : "an approving comment is read before it opens"
}

function approvedByTheEntitled(snapshot: Snapshot, plan: Plan): string | null {
  const { low, medium, high } = snapshot.config?.config.review ?? builtInConfig.review
  const from: Approver[] = [...low.from, ...medium.from, ...high.from, { kind: "role", role: "maintain" }]
  for (const { type, actor, payload, sha } of plan.entries) {
    if (type !== "approved") continue
    const may = mayApprove(actor.login, from, snapshot)
    if (!may || isInvolved(actor, snapshot)) return "only the approval of somebody entitled is written down"
    const last = lastOpinion(actor.login, snapshot)
    if (last?.state !== "approved" || last.sha !== sha) return "only what was approved is written down"
    if (payload.approval_id !== `review:${last.id}`) return "an approval is known by its review"
    if (last.atMs <= (snapshot.retargetedAtMs ?? -1)) return "what was approved went into the same branch"
    if (payload.patch_id !== snapshot.change?.patchId) return "an approval is of the change as it was read"
  }
  return null
}

function voidedStaysVoid(snapshot: Snapshot, plan: Plan): string | null {
  const voided = new Set(snapshot.promotion?.voided)
  for (const { type, payload } of plan.entries) {
    if (type === "approval_dismissed") voided.add(payload.approval_id)
    if (type === "approved" && voided.has(payload.approval_id)) return "what was voided never comes back"
  }
  return null
}

/** Rounds in which everything must have been asked; the shell gives up after eight decisions. */
const limitLooks = 7

/** The snapshot once everything was asked, and the plan then; null when it never ends. */
export function settled(first: Snapshot): { snapshot: Snapshot; plan: Plan } | null {
  let snapshot = first
  for (let looks = 0; looks <= limitLooks; looks += 1) {
    const plan = decide(snapshot)
    if (plan.needs.length === 0) return { snapshot, plan }
    for (const need of plan.needs) snapshot = answered(snapshot, need)
  }
  return null
}

function answered(snapshot: Snapshot, need: Plan["needs"][number]): Snapshot {
  const { roles, teams } = snapshot.lately
  switch (need.kind) {
    case "sight":
      return { ...snapshot, sight: "complete" }
    case "role":
      return {
        ...snapshot,
        lately: { teams, roles: new Map([...roles, [need.login, trueRoles.get(need.login) ?? "none"]]) },
      }
    case "team": {
      const member = [`${need.org}/${need.slug}:${need.login}`, need.login === "tim"] as const
      return { ...snapshot, lately: { roles, teams: new Map([...teams, member]) } }
    }
    case "change":
      if (snapshot.pullRequest === null) throw new Error("nobody knows which change")
      return { ...snapshot, change: readChange(snapshot.pullRequest, snapshot.change) }
    case "commit":
    case "config-file":
      throw new Error("no head has another config file here")
    case "comment": {
      const others = snapshot.comments.filter((one) => one.commentId !== need.commentId || !one.standing)
      const known = others.some((one) => one.commentId === need.commentId)
      const comments = known ? others : [...others, readComment(need.commentId)]
      return { ...snapshot, comments, seenComments: new Set([...snapshot.seenComments, need.commentId]) }
    }
  }
}

function settles(first: Snapshot): string | null {
  if (first.config === null) return null
  const end = settled(first)
  if (end === null) return "what is asked is asked in a few rounds"
  for (const law of [...lawsOfAll, ...laws]) {
    const broken = law(end.snapshot, end.plan)
    if (broken !== null) return broken
  }
  const world = worldAfter(end.snapshot, end.plan)
  const again = decide({ ...world, nowMs: end.snapshot.nowMs })
  if (again.needs.length > 0) return "what was settled asks nothing"
  if (again.entries.length > 0) return `what was settled stays so, without another ${again.entries[0]?.type}`
  return same(again.verdict, end.plan.verdict) ? null : "what was settled keeps its verdict"
}
