/**
 * What can be looked at as a whole. A subject is a key, never an event: reconciling it never asks why it was woken.
 *
 * - `pull-request`: the gate of one pull request
 * - `conversation`: the unanswered comments on one issue or pull request
 * - `merge-group`: the gate of a commit that GitHub's merge queue made
 * - `issue`: whether an issue pauses the repository by its label
 * - `repository`: the config and the list of open pull requests
 * - `receipts`: what pauses have shut, where nobody was told yet
 * - `hard-stop`: the ruleset that refuses updates of the paused branches
 * - `pauses`: the pauses of a repository that end by themselves
 * - `lane`: what came on one promotion branch: landings, health windows, known-good, rollbacks
 * - `deployment-rule`: a workflow run that waits at an environment which the app guards
 */
export type Subject =
  | { kind: "pull-request"; repositoryId: number; number: number }
  | { kind: "conversation"; repositoryId: number; number: number }
  | { kind: "merge-group"; repositoryId: number; sha: string }
  | { kind: "issue"; repositoryId: number; number: number }
  | { kind: "repository"; repositoryId: number }
  | { kind: "receipts"; repositoryId: number }
  | { kind: "hard-stop"; repositoryId: number }
  | { kind: "pauses"; repositoryId: number }
  | { kind: "lane"; repositoryId: number; branch: string }
  | { kind: "deployment-rule"; repositoryId: number; workflowRun: number }

/** The key of a subject; equal subjects have equal keys. */
export function subjectKey(subject: Subject): string {
  const base = `${subject.kind}:${subject.repositoryId}`
  if (subject.kind === "merge-group") return `${base}:${subject.sha}`
  if (subject.kind === "deployment-rule") return `${base}:${subject.workflowRun}`
  if (subject.kind === "lane") return `${base}:${subject.branch}`
  return "number" in subject ? `${base}:${subject.number}` : base
}

/**
 * Reads a key back.
 *
 * @throws on text that is no subject's key; such a job must not be retried.
 */
export function parseSubject(key: string): Subject {
  const group = /^merge-group:(\d{1,15}):([0-9a-f]{40,64})$/.exec(key)
  if (group?.[2] !== undefined) return { kind: "merge-group", repositoryId: Number(group[1]), sha: group[2] }
  const lane = /^lane:(\d{1,15}):([^:]{1,255})$/.exec(key)
  if (lane?.[2] !== undefined) return { kind: "lane", repositoryId: Number(lane[1]), branch: lane[2] }
  const rule = /^deployment-rule:(\d{1,15}):(\d{1,15})$/.exec(key)
  if (rule !== null) return { kind: "deployment-rule", repositoryId: Number(rule[1]), workflowRun: Number(rule[2]) }
  const [, kind, id, of] = /^([a-z-]+):(\d{1,15})(?::(\d{1,10}))?$/.exec(key) ?? []
  const repositoryId = Number(id)
  const number = of === undefined ? null : Number(of)
  if (number === null && isWhole(kind)) return { kind, repositoryId }
  const numbered = kind === "pull-request" || kind === "conversation" || kind === "issue"
  if (number !== null && numbered) return { kind, repositoryId, number }
  throw new Error(`not a subject: ${key.slice(0, 80)}`)
}

type WholeKind = Exclude<
  Subject,
  { number: number } | { sha: string } | { branch: string } | { workflowRun: number }
>["kind"]

const wholeKinds: ReadonlySet<string | undefined> = new Set<WholeKind>([
  "repository",
  "pauses",
  "receipts",
  "hard-stop",
])

function isWhole(kind: string | undefined): kind is WholeKind {
  return wholeKinds.has(kind)
}
