import { z } from "zod"
import type { IssueFact } from "../promotion/fact.ts"
import type { HeardLabel } from "../promotion/hearsay.ts"
import type { GitHubClient, RepositoryAddress } from "./client.ts"
import { storable } from "../lib/clip.ts"
import { actorFields, actorOf, actorSchema, instant } from "./sight.ts"

/** What a read tells of an issue: what it is now, and who made it so. */
export type IssueSight = { fact: IssueFact; changes: HeardLabel[] }

const labelled = { createdAt: instant, actor: actorSchema, label: z.object({ name: z.string() }) }
const moved = { createdAt: instant, actor: actorSchema }

const event = z.discriminatedUnion("__typename", [
  z.object({ __typename: z.literal("LabeledEvent"), ...labelled }),
  z.object({ __typename: z.literal("UnlabeledEvent"), ...labelled }),
  z.object({ __typename: z.literal("ClosedEvent"), ...moved }),
  z.object({ __typename: z.literal("ReopenedEvent"), ...moved }),
])

/** The fields of an issue that {@link issueFields} asks for. */
export const issueAnswer = z.object({
  number: z.int(),
  title: z.string(),
  state: z.enum(["OPEN", "CLOSED"]),
  updatedAt: instant,
  labels: z.object({ nodes: z.array(z.object({ name: z.string() })) }),
  timelineItems: z.object({ nodes: z.array(event) }),
})

/** GraphQL fragment that reads whether an issue is open and labelled, and who made it so. */
export const issueFields = `
  fragment IssueFields on Issue {
    number title state updatedAt
    labels(first: 100) { nodes { name } }
    timelineItems(last: 50, itemTypes: [LABELED_EVENT, UNLABELED_EVENT, CLOSED_EVENT, REOPENED_EVENT]) {
      nodes {
        __typename
        ... on LabeledEvent { createdAt label { name } actor { ${actorFields} } }
        ... on UnlabeledEvent { createdAt label { name } actor { ${actorFields} } }
        ... on ClosedEvent { createdAt actor { ${actorFields} } }
        ... on ReopenedEvent { createdAt actor { ${actorFields} } }
      }
    }
  }`

/** Longest title kept. */
const limitTitle = 1000

/** Translates the answer. */
export function issueSightOf(answer: z.infer<typeof issueAnswer>): IssueSight {
  const { number, title, state, updatedAt, labels, timelineItems } = answer
  const names = labels.nodes.map((label) => label.name)
  const fact = {
    number,
    open: state === "OPEN",
    title: storable(title, limitTitle),
    labels: names,
    updatedAtMs: updatedAt,
  }
  return { fact, changes: timelineItems.nodes.map((node) => changeOf(node, number)) }
}

function changeOf(node: z.infer<typeof event>, number: number): HeardLabel {
  const common = {
    kind: "label",
    number,
    atMs: node.createdAt,
    actor: actorOf(node.actor),
    actorIsBot: node.actor?.__typename === "Bot",
    cause: null,
  } as const
  switch (node.__typename) {
    case "LabeledEvent":
      return { ...common, label: node.label.name, on: true }
    case "UnlabeledEvent":
      return { ...common, label: node.label.name, on: false }
    case "ClosedEvent":
      return { ...common, label: "", on: false, by: "closed" }
    case "ReopenedEvent":
      return { ...common, label: "", on: true, by: "reopened" }
  }
}

const query = `
  query Issue($owner: String!, $name: String!, $number: Int!) {
    repository(owner: $owner, name: $name) { issue(number: $number) { ...IssueFields } }
  }
  ${issueFields}`

const answerSchema = z.object({ repository: z.object({ issue: issueAnswer }) })

/** Reads an issue. Throws what Octokit throws; `NOT_FOUND` when it is gone, or none. */
export async function readIssue(client: GitHubClient, address: RepositoryAddress, number: number): Promise<IssueSight> {
  const answer = await client.graphql(query, { owner: address.owner, name: address.name, number })
  return issueSightOf(answerSchema.parse(answer).repository.issue)
}
