import { z } from "zod"
import type { HeardLabel } from "../promotion/hearsay.ts"
import type { Actor } from "../ledger/entry.ts"
import { parseSha, type Sha } from "../lib/brand.ts"
import type { CheckFact, PullRequestFact } from "../promotion/fact.ts"

/**
 * The shapes in which GitHub's GraphQL API tells of a pull request, and their translation into facts. Narrow (only what
 * is used) and tolerant (more fields do not matter); what does not fit throws, and the reconcile is done again.
 */

const shaSchema = z.string().transform((text, context): Sha => {
  const parsed = parseSha(text)
  if (parsed !== undefined) return parsed
  context.addIssue({ code: "custom", message: "not a commit id" })
  return z.NEVER
})

const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))

const actorSchema = z.object({ __typename: z.string(), login: z.string(), databaseId: z.number().nullish() }).nullable()

const labelEvent = z.object({
  __typename: z.enum(["LabeledEvent", "UnlabeledEvent"]),
  createdAt: instant,
  label: z.object({ name: z.string() }),
  actor: actorSchema,
})

const checkRun = z.object({
  __typename: z.literal("CheckRun"),
  databaseId: z.number(),
  name: z.string(),
  status: z.string(),
  conclusion: z.string().nullable(),
  startedAt: instant.nullable(),
  completedAt: instant.nullable(),
  detailsUrl: z.string().nullish(),
  checkSuite: z.object({ app: z.object({ databaseId: z.number(), slug: z.string() }).nullable() }),
})

const statusContext = z.object({
  __typename: z.literal("StatusContext"),
  id: z.string(),
  context: z.string(),
  state: z.string(),
  createdAt: instant,
  targetUrl: z.string().nullish(),
  creator: actorSchema,
})

const contexts = z.object({
  pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
  nodes: z.array(z.discriminatedUnion("__typename", [checkRun, statusContext])),
})

/** The fields of a pull request that {@link pullRequestFields} asks for. */
export const pullRequestAnswer = z.object({
  number: z.int(),
  state: z.enum(["OPEN", "CLOSED", "MERGED"]),
  isDraft: z.boolean(),
  mergeCommit: z.object({ oid: shaSchema }).nullable(),
  mergedBy: z.object({ login: z.string() }).nullable(),
  headRefOid: shaSchema,
  headRefName: z.string(),
  baseRefName: z.string(),
  updatedAt: instant,
  author: actorSchema,
  labels: z.object({
    pageInfo: z.object({ hasNextPage: z.boolean() }),
    nodes: z.array(z.object({ name: z.string() })),
  }),
  timelineItems: z.object({ nodes: z.array(labelEvent) }),
  commits: z.object({
    nodes: z.array(
      z.object({ commit: z.object({ oid: shaSchema, statusCheckRollup: z.object({ contexts }).nullable() }) }),
    ),
  }),
})

/** One pull request as GitHub told it. */
export type PullRequestAnswer = z.infer<typeof pullRequestAnswer>

const actorFields = "__typename login ... on User { databaseId } ... on Bot { databaseId }"

/** GraphQL fragment that reads everything a verdict stands on, in one go. Its operation declares `$after: String`. */
export const pullRequestFields = `
  fragment PullRequestFields on PullRequest {
    number state isDraft mergeCommit { oid } mergedBy { login } headRefOid headRefName baseRefName updatedAt
    author { ${actorFields} }
    labels(first: 100) { pageInfo { hasNextPage } nodes { name } }
    timelineItems(last: 20, itemTypes: [LABELED_EVENT, UNLABELED_EVENT]) {
      nodes {
        __typename
        ... on LabeledEvent { createdAt label { name } actor { ${actorFields} } }
        ... on UnlabeledEvent { createdAt label { name } actor { ${actorFields} } }
      }
    }
    commits(last: 1) { nodes { commit { oid statusCheckRollup { contexts(first: 100, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes {
        __typename
        ... on CheckRun {
          databaseId name status conclusion startedAt completedAt detailsUrl checkSuite { app { databaseId slug } }
        }
        ... on StatusContext { id context state createdAt targetUrl creator { ${actorFields} } }
      }
    } } } } }
  }`

/** What one answer tells of a pull request. `nextChecks` is the cursor of further checks; null: that was all. */
export type PullRequestSight = {
  fact: PullRequestFact
  checks: CheckFact[]
  labels: HeardLabel[]
  nextChecks: string | null
  /** False when the answer contradicts itself or leaves something out that cannot be paged. */
  coherent: boolean
}

/** Translates an answer into facts. */
export function sightOf(answer: PullRequestAnswer): PullRequestSight {
  const commit = answer.commits.nodes[0]?.commit
  const found = commit?.statusCheckRollup?.contexts
  return {
    fact: pullRequestFact(answer),
    checks: commit === undefined ? [] : (found?.nodes ?? []).map((node) => checkFact(node, commit.oid)),
    labels: answer.timelineItems.nodes.map((event) => labelHeard(event, answer.number)),
    nextChecks: found?.pageInfo.hasNextPage === true ? found.pageInfo.endCursor : null,
    coherent: commit?.oid === answer.headRefOid && !answer.labels.pageInfo.hasNextPage,
  }
}

function pullRequestFact(answer: PullRequestAnswer): PullRequestFact {
  const merged = answer.state === "MERGED"
  return {
    number: answer.number,
    state: answer.state === "OPEN" ? "open" : "closed",
    merged,
    mergeCommit: merged ? (answer.mergeCommit?.oid ?? null) : null,
    mergedBy: merged ? (answer.mergedBy?.login ?? null) : null,
    draft: answer.isDraft,
    headSha: answer.headRefOid,
    headRef: answer.headRefName,
    baseRef: answer.baseRefName,
    author: actorOf(answer.author) ?? { kind: "user", login: "ghost", id: null },
    labels: answer.labels.nodes.map((label) => label.name),
    updatedAtMs: answer.updatedAt,
  }
}

/** GraphQL names a bot without the `[bot]` that REST and webhooks put behind it. */
function actorOf(actor: z.infer<typeof actorSchema>): Actor | null {
  if (actor === null) return null
  const bot = actor.__typename === "Bot"
  const login = bot && !actor.login.endsWith("[bot]") ? `${actor.login}[bot]` : actor.login
  return { kind: bot ? "app" : "user", login, id: actor.databaseId ?? null }
}

function labelHeard(event: z.infer<typeof labelEvent>, number: number): HeardLabel {
  return {
    kind: "label",
    number,
    atMs: event.createdAt,
    label: event.label.name,
    on: event.__typename === "LabeledEvent",
    actor: actorOf(event.actor),
    actorIsBot: event.actor?.__typename === "Bot",
    cause: null,
  }
}

function checkFact(node: z.infer<typeof checkRun> | z.infer<typeof statusContext>, sha: Sha): CheckFact {
  if (node.__typename === "CheckRun") {
    const { app } = node.checkSuite
    return {
      source: "check-run",
      id: node.databaseId,
      name: node.name,
      app: app?.slug ?? null,
      appId: app?.databaseId ?? null,
      sha,
      status: node.status.toLowerCase(),
      conclusion: node.conclusion?.toLowerCase() ?? null,
      url: node.detailsUrl ?? null,
      atMs: Math.max(node.startedAt ?? 0, node.completedAt ?? 0),
    }
  }
  const creator = node.creator
  return {
    source: "status",
    id: node.createdAt,
    name: node.context,
    app: creator?.__typename === "Bot" ? creator.login.replace(/\[bot\]$/, "") : null,
    appId: null,
    sha,
    status: "completed",
    conclusion: node.state.toLowerCase(),
    url: node.targetUrl ?? null,
    atMs: node.createdAt,
  }
}
