import { z } from "zod"
import type { HeardLabel } from "../promotion/hearsay.ts"
import type { Actor } from "../ledger/entry.ts"
import { parseSha, type Sha } from "../lib/brand.ts"
import { storable } from "../lib/clip.ts"
import { parseReviewState } from "../promotion/review/approval.ts"
import { configPath } from "../promotion/config/config.ts"
import {
  descriptionLimit,
  type CheckFact,
  type ConfigFileFact,
  type PullRequestFact,
  type ReviewFact,
} from "../promotion/fact.ts"

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

/** A moment, as milliseconds since 1970. */
export const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))

/** Who did something; null for a deleted account. */
export const actorSchema = z
  .object({ __typename: z.string(), login: z.string(), databaseId: z.number().nullish() })
  .nullable()

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

/** One page of the checks of a commit, as {@link contextFields} asks for them. */
export const contexts = z.object({
  pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
  nodes: z.array(z.discriminatedUnion("__typename", [checkRun, statusContext])),
})

const review = z.object({
  databaseId: z.number(),
  state: z.string(),
  submittedAt: instant.nullable(),
  author: actorSchema,
  commit: z.object({ oid: shaSchema }).nullable(),
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
  isCrossRepository: z.boolean(),
  body: z.string(),
  mergeable: z.string(),
  autoMergeRequest: z.object({ mergeMethod: z.string() }).nullable(),
  isInMergeQueue: z.boolean(),
  updatedAt: instant,
  author: actorSchema,
  latestOpinionatedReviews: z
    .object({ pageInfo: z.object({ hasNextPage: z.boolean() }), nodes: z.array(review.nullable()).nullable() })
    .nullable(),
  labels: z.object({
    pageInfo: z.object({ hasNextPage: z.boolean() }),
    nodes: z.array(z.object({ name: z.string() })),
  }),
  timelineItems: z.object({ nodes: z.array(labelEvent) }),
  retargets: z.object({ nodes: z.array(z.object({ createdAt: instant })) }),
  commits: z.object({
    nodes: z.array(
      z.object({
        commit: z.object({
          oid: shaSchema,
          file: z.object({ oid: z.string() }).nullable(),
          statusCheckRollup: z.object({ contexts }).nullable(),
        }),
      }),
    ),
  }),
})

/** One pull request as GitHub told it. */
export type PullRequestAnswer = z.infer<typeof pullRequestAnswer>

/** What is asked of an actor. */
export const actorFields = "__typename login ... on User { databaseId } ... on Bot { databaseId }"

/** What is asked of the checks of a commit. */
export const contextFields = `
  pageInfo { hasNextPage endCursor }
  nodes {
    __typename
    ... on CheckRun {
      databaseId name status conclusion startedAt completedAt detailsUrl checkSuite { app { databaseId slug } }
    }
    ... on StatusContext { id context state createdAt targetUrl creator { ${actorFields} } }
  }`

/** GraphQL fragment that reads everything a verdict stands on, in one go. Its operation declares `$after: String`. */
export const pullRequestFields = `
  fragment PullRequestFields on PullRequest {
    number state isDraft mergeCommit { oid } mergedBy { login } headRefOid headRefName baseRefName updatedAt
    isCrossRepository body mergeable autoMergeRequest { mergeMethod } isInMergeQueue
    author { ${actorFields} }
    latestOpinionatedReviews(first: 100) {
      pageInfo { hasNextPage }
      nodes { databaseId state submittedAt author { ${actorFields} } commit { oid } }
    }
    labels(first: 100) { pageInfo { hasNextPage } nodes { name } }
    timelineItems(last: 20, itemTypes: [LABELED_EVENT, UNLABELED_EVENT]) {
      nodes {
        __typename
        ... on LabeledEvent { createdAt label { name } actor { ${actorFields} } }
        ... on UnlabeledEvent { createdAt label { name } actor { ${actorFields} } }
      }
    }
    retargets: timelineItems(
      last: 1, itemTypes: [BASE_REF_CHANGED_EVENT, AUTOMATIC_BASE_CHANGE_SUCCEEDED_EVENT]
    ) {
      nodes {
        ... on BaseRefChangedEvent { createdAt }
        ... on AutomaticBaseChangeSucceededEvent { createdAt }
      }
    }
    commits(last: 1) { nodes { commit { oid file(path: "${configPath}") { oid } statusCheckRollup {
      contexts(first: 100, after: $after) {
      ${contextFields}
    } } } } }
  }`

/** What one answer tells of a pull request. `nextChecks` is the cursor of further checks; null: that was all. */
export type PullRequestSight = {
  fact: PullRequestFact
  checks: CheckFact[]
  reviews: ReviewFact[]
  labels: HeardLabel[]
  /** Which config file the head has; null: not told. */
  configFile: ConfigFileFact | null
  /** When it was last made to go into another branch; null: never. */
  retargetedAtMs: number | null
  /** Whether it waits in GitHub's merge queue. */
  queued: boolean
  nextChecks: string | null
  /** False when the answer contradicts itself or leaves something out that cannot be paged. */
  coherent: boolean
}

/** Translates an answer into facts. */
export function sightOf(answer: PullRequestAnswer): PullRequestSight {
  const commit = answer.commits.nodes[0]?.commit
  const found = commit?.statusCheckRollup?.contexts
  const reviews = answer.latestOpinionatedReviews
  return {
    fact: pullRequestFact(answer),
    checks: commit === undefined ? [] : (found?.nodes ?? []).map((node) => checkFact(node, commit.oid)),
    reviews: (reviews?.nodes ?? []).flatMap((node) => reviewFact(node, answer.number)),
    labels: answer.timelineItems.nodes.map((event) => labelHeard(event, answer.number)),
    configFile: configFileOf(commit),
    retargetedAtMs: newestOf(answer.retargets),
    queued: answer.isInMergeQueue,
    nextChecks: found?.pageInfo.hasNextPage === true ? found.pageInfo.endCursor : null,
    coherent: commit?.oid === answer.headRefOid && !answer.labels.pageInfo.hasNextPage && isWhole(reviews),
  }
}

function configFileOf(commit: PullRequestAnswer["commits"]["nodes"][number]["commit"] | undefined) {
  return commit === undefined ? null : { sha: commit.oid, blob: commit.file?.oid ?? null }
}

function newestOf({ nodes }: PullRequestAnswer["retargets"]): number | null {
  return nodes[0]?.createdAt ?? null
}

function isWhole(reviews: PullRequestAnswer["latestOpinionatedReviews"]): boolean {
  return reviews !== null && reviews.nodes !== null && !reviews.pageInfo.hasNextPage
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
    fork: answer.isCrossRepository,
    author: actorOf(answer.author) ?? ghost,
    body: storable(answer.body, descriptionLimit),
    labels: answer.labels.nodes.map((label) => label.name),
    mergeable: mergeableWords.get(answer.mergeable) ?? "unknown",
    autoMerge: answer.autoMergeRequest !== null,
    updatedAtMs: answer.updatedAt,
  }
}

const mergeableWords = new Map<string, PullRequestFact["mergeable"]>([
  ["MERGEABLE", "yes"],
  ["CONFLICTING", "no"],
])

/** GitHub shows a deleted account as this one. */
const ghost: Actor = { kind: "user", login: "ghost", id: null }

function reviewFact(node: z.infer<typeof review> | null, number: number): ReviewFact[] {
  if (node === null || node.submittedAt === null) return []
  return [
    {
      id: node.databaseId,
      number,
      reviewer: actorOf(node.author) ?? ghost,
      state: parseReviewState(node.state),
      sha: node.commit?.oid ?? null,
      atMs: node.submittedAt,
    },
  ]
}

/** GraphQL names a bot without the `[bot]` that REST and webhooks put behind it. */
export function actorOf(actor: z.infer<typeof actorSchema>): Actor | null {
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

/** Translates a check run or a commit status of a commit. */
export function checkFact(node: z.infer<typeof contexts>["nodes"][number], sha: Sha): CheckFact {
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
