import { barred, isApprovedByOperator, isOfThisChange, type ApproverInput } from "../review/approval.ts"
import type { Change } from "../change/change.ts"
import { compareConfigsOnce } from "./config-compare-once.ts"
import { loosens } from "./config-compare.ts"
import type { ConfigDifference } from "./config-difference.ts"
import type { ConfigReading } from "./config-file.ts"
import {
  builtInConfig,
  configKey,
  configPath,
  type ConfigInForce,
  type ConfigProblems,
  type PromotionConfig,
} from "./config.ts"
import type { PullRequestFact } from "../fact.ts"
import type { Judged } from "../review/review.ts"
import type { Need, Snapshot } from "../gate/snapshot.ts"
import type { Approval } from "../state.ts"

/**
 * What was read of a config file; `base-unread`: it extends the organisation's file (`of`), which the one in force does
 * not, so what that says is not known.
 */
export type ProposedReading = ConfigReading | { status: "base-unread"; of: string }

/** The config file as a head has it: its blob id, null when there is none, and what was read of it, null: not yet. */
export type HeadConfig = { blob: string | null; reading: ProposedReading | null }

/**
 * What a pull request would make of the gate's own config.
 *
 * - `valid`: another config, which differs from the one in force by `differences`
 * - `invalid`: no config at all; the one in force would stay, and nobody could change it but by mending the file
 * - `removed`: no file, so nothing would hold any more
 * - `base-unread`: it cannot be told
 */
export type ConfigProposal = {
  differences: readonly ConfigDifference[]
  /** Whether it needs an operator's approval. */
  loosens: boolean
  /** Whether an operator who had no hand in it approved exactly this change, compared with the config in force now. */
  approved: boolean
  /** Whether somebody approved it who had no hand in it, but compared with a config that is in force no more. */
  approvedBefore: boolean
} & (
  | { status: "valid"; config: PromotionConfig }
  | { status: "removed"; config: PromotionConfig }
  | { status: "base-unread"; of: string }
  | ({ status: "invalid" } & ConfigProblems)
)

/** Why the gate is shut by a change of its config, if it is. */
export function proposalReason(proposal: ConfigProposal | null): "config-invalid" | "protected-path" | null {
  if (proposal === null) return null
  if (proposal.status === "invalid") return "config-invalid"
  return proposal.loosens && !proposal.approved ? "protected-path" : null
}

/** Whether a pull request changes the gate's config, as far as that is known, or what must be asked to know it. */
export function findProposal(
  { headConfig, change, sight }: Pick<Snapshot, "headConfig" | "change" | "sight">,
  { pullRequest, config }: { pullRequest: PullRequestFact; config: ConfigInForce },
): Judged<boolean> {
  const known = change?.headSha === pullRequest.headSha && change.baseRef === pullRequest.baseRef ? change : null
  if (headConfig === null) {
    // Where the diff was read anyway it tells; elsewhere the look tells that comes before the gate opens.
    const asks = known !== null && touchesConfig(known) && sight === "none"
    return asks ? needs({ kind: "sight" }) : { needs: null, result: false }
  }
  if (headConfig.blob === config.blob) return { needs: null, result: false }
  // Another file than the default branch's, but perhaps only because the branch is behind.
  if (known === null) return needs({ kind: "change" })
  if (!touchesConfig(known)) return { needs: null, result: false }
  if (headConfig.blob !== null && headConfig.reading === null)
    return needs({ kind: "config-file", blob: headConfig.blob })
  return { needs: null, result: true }
}

/**
 * Whether a pull request into a default branch that is no promotion branch changes the gate's config, or what must be asked
 * to know it. Where GitHub does not tell the file, the diff alone decides.
 */
export function findUngatedChange(
  { headConfig, change, sight }: Pick<Snapshot, "headConfig" | "change" | "sight">,
  { pullRequest, config }: { pullRequest: PullRequestFact; config: ConfigInForce },
): Judged<boolean> {
  if (headConfig === null && sight === "none") return needs({ kind: "sight" })
  if (headConfig !== null && headConfig.blob === config.blob) return { needs: null, result: false }
  const known = change?.headSha === pullRequest.headSha && change.baseRef === pullRequest.baseRef ? change : null
  return known === null ? needs({ kind: "change" }) : { needs: null, result: touchesConfig(known) }
}

function needs(need: Need): Judged<never> {
  return { needs: [need], result: null }
}

/** Whether a change is one of the config file, or may be, because not all of it was told. */
export function touchesConfig({ files, complete }: Change): boolean {
  return (
    !complete ||
    files.some(
      ({ path, previousPath, status }) => path === configPath || (previousPath === configPath && status !== "copied"),
    )
  )
}

type ProposalInput = {
  headConfig: HeadConfig | null
  config: ConfigInForce
  defaultBranch: string
  pullRequest: PullRequestFact
  approvals: readonly Approval[]
  approver: ApproverInput
}

/** Judges what a pull request that changes the config would make of it. Roles that are not known must be asked first. */
export function judgeProposal(input: ProposalInput): Judged<ConfigProposal> {
  const { pullRequest, approver } = input
  const read = readProposal(input)
  if (!read.loosens) return { needs: null, result: { ...read, approved: false, approvedBefore: false } }
  const given = input.approvals.filter((one) => isOfThisChange(one, pullRequest, approver.change))
  const approvals = given.filter((one) => one.config === configKey(input.config))
  const approved = isApprovedByOperator(approvals, approver)
  if (typeof approved === "object") return { needs: approved, result: null }
  const approvedBefore = !approved && given.some((one) => !approvals.includes(one) && barred(one.by, approver) === null)
  return { needs: null, result: { ...read, approved, approvedBefore } }
}

type Unapproved<Proposal> = Proposal extends unknown ? Omit<Proposal, "approved" | "approvedBefore"> : never

function readProposal({ headConfig, config, defaultBranch, approver }: ProposalInput): Unapproved<ConfigProposal> {
  const reading = headConfig?.blob == null ? null : headConfig.reading
  if (reading?.status === "invalid") {
    const { problems, more } = reading
    return { status: "invalid", problems, more, differences: [], loosens: false }
  }
  if (reading?.status === "base-unread") {
    return { status: "base-unread", of: reading.of, differences: [], loosens: true }
  }
  const becomes = reading === null ? builtInConfig : reading.config
  const key = isNamed(config, becomes)
    ? JSON.stringify([configKey(config), headConfig?.blob ?? null, defaultBranch])
    : null
  const told = isKnown(config)
    ? compareConfigsOnce(key, { was: config.config, becomes, defaultBranch })
    : [{ path: "", was: "a file that was never valid", becomes: "a valid file", effect: "unclear" } as const]
  const differences = isOnTop(approver.change, config) ? told : [...told, mixed]
  if (reading === null) return { status: "removed", config: becomes, differences, loosens: true }
  return { status: "valid", config: becomes, differences, loosens: differences.some(loosens) }
}

/** Whether the files' ids say all of both: beside an invalid file another holds, and one unread is under another. */
function isNamed(config: ConfigInForce, becomes: PromotionConfig): boolean {
  if (config.status === "invalid") return false
  const extended = config.config._extends ?? becomes._extends
  return extended === undefined || (config.status === "valid" && config.base !== undefined)
}

/**
 * Whether the file was changed from the very one on the default branch, so that the merge lands it as the head has it. It
 * mixes two changes of one file otherwise, and two that each loosen nothing may do so together.
 */
function isOnTop(change: Change | null, { blob }: ConfigInForce): boolean {
  const before = change?.configBefore ?? null
  if (before === null) return false
  return blob === null ? /^0+$/.test(before) : blob.startsWith(before)
}

const mixed: ConfigDifference = {
  path: "",
  was: "the file on the default branch",
  becomes: "not known: the branch began with another one, and the merge mixes both; update the branch",
  effect: "unclear",
}

/** What the operators want is unknown while no valid file was ever seen. */
function isKnown(config: ConfigInForce): boolean {
  return config.status !== "invalid" || config.lastValid
}
