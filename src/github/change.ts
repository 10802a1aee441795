import { z } from "zod"
import { parseSha, type Sha } from "../lib/brand.ts"
import type { Change, ChangedFile, CommitsOfChange } from "../promotion/change/change.ts"
import { configPath } from "../promotion/config/config.ts"
import { changeText, parseDiff, type DiffFile } from "../promotion/change/patch.ts"
import { readSyntax, syntaxKind, type SyntaxKind } from "../promotion/change/syntax.ts"
import { trailersOf } from "../promotion/change/trailer.ts"
import type { GitHubClient, RepositoryAddress } from "./client.ts"
import { patchDigest } from "./patch.ts"

/** Which change is to be read, and of which kinds of files the syntax. */
export type ChangePlace = { address: RepositoryAddress; number: number; syntax: readonly SyntaxKind[] }

/**
 * Reads what a pull request's head changes: its commits, its diff against where it branched off, and the syntax of
 * changed files. Null when there is no such pull request. What GitHub does not tell is left unknown, never guessed.
 *
 * @throws what Octokit throws; the caller asks again later.
 */
export async function readChange(client: GitHubClient, place: ChangePlace): Promise<Change | null> {
  const head = await readCommits(client, place)
  if (head === null) return null
  const diff = await readDiff(client, place, head)
  const complete = diff.files.length === head.changedFiles
  const { headSha, baseRef, commits } = head
  const files = await withSyntax(client, { ...place, headSha }, diff.files)
  const patchId = complete ? diff.patchId : null
  const configBefore = diff.files.find(({ path }) => path === configPath)?.before ?? null
  return { headSha, baseRef, files, complete, patchId, commits, configBefore, syntaxOf: place.syntax }
}

type Head = { headSha: Sha; baseRef: string; changedFiles: number; commits: CommitsOfChange }

const user = z.object({ login: z.string() }).nullable()

const commitNode = z.object({
  commit: z.object({
    message: z.string(),
    authors: z.object({
      pageInfo: z.object({ hasNextPage: z.boolean() }),
      nodes: z.array(z.object({ user }).nullable()).nullable(),
    }),
    committer: z.object({ user }).nullable(),
  }),
})

const headAnswer = z.object({
  repository: z.object({
    pullRequest: z
      .object({
        headRefOid: z.string(),
        baseRefName: z.string(),
        changedFiles: z.int(),
        commits: z.object({
          pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
          nodes: z.array(commitNode.nullable()).nullable(),
        }),
      })
      .nullable(),
  }),
})

const headQuery = `
  query Change($owner: String!, $name: String!, $number: Int!, $after: String) {
    repository(owner: $owner, name: $name) { pullRequest(number: $number) {
      headRefOid baseRefName changedFiles
      commits(first: 100, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes { commit {
          message
          authors(first: 10) { pageInfo { hasNextPage } nodes { user { login } } }
          committer { user { login } }
        } }
      }
    } }
  }`

type HeadPage = NonNullable<z.infer<typeof headAnswer>["repository"]["pullRequest"]>

/** GitHub lists 250 commits of a pull request at most; one with more is not known whole. */
const limitPages = 3

async function readCommits(client: GitHubClient, { address, number }: ChangePlace): Promise<Head | null> {
  const pages: HeadPage[] = []
  let after: string | null = null as string | null
  for (let count = 0; count < limitPages; count += 1) {
    const variables = { owner: address.owner, name: address.name, number, after }
    const { pullRequest } = headAnswer.parse(await client.graphql(headQuery, variables)).repository
    if (pullRequest === null) return null
    pages.push(pullRequest)
    after = pullRequest.commits.pageInfo.endCursor
    if (!pullRequest.commits.pageInfo.hasNextPage) break
  }
  return headOf(pages)
}

function headOf(pages: readonly HeadPage[]): Head | null {
  const [first] = pages
  if (first === undefined) return null
  const headSha = parseSha(first.headRefOid)
  if (headSha === undefined) throw new Error("GitHub told a head that is no commit id")
  if (pages.some((page) => page.headRefOid !== headSha)) throw new Error("the head moved while its commits were read")
  const nodes = pages.flatMap(({ commits }) => commits.nodes ?? [null])
  const whole = pages.at(-1)?.commits.pageInfo.hasNextPage === false
  return {
    headSha,
    baseRef: first.baseRefName,
    changedFiles: first.changedFiles,
    commits: {
      people: [...new Set(nodes.flatMap(peopleOf))],
      trailers: nodes
        .toReversed()
        .flatMap((node) => trailersOf(node?.commit.message ?? ""))
        .slice(0, limitTrailers),
      complete: whole && nodes.every(isTold),
    },
  }
}

type CommitNode = z.infer<typeof commitNode> | null

function peopleOf(node: CommitNode): string[] {
  const people = [...(node?.commit.authors.nodes ?? []), node?.commit.committer]
  return people.flatMap((one) => (one?.user == null ? [] : [one.user.login]))
}

function isTold(node: CommitNode): boolean {
  return node !== null && node.commit.authors.nodes !== null && !node.commit.authors.pageInfo.hasNextPage
}

const limitTrailers = 200

type Diff = { files: DiffFile[]; patchId: string | null }

/**
 * The diff as git writes it, which alone tells modes: symlinks and submodules. Where it is too large for GitHub, or not
 * to be read, the list of files with their counts has to do, and what was added stays unknown.
 *
 * @see https://docs.github.com/en/rest/commits/commits#compare-two-commits
 */
async function readDiff(client: GitHubClient, place: ChangePlace, head: Head): Promise<Diff> {
  try {
    const { data } = await client.request("GET /repos/{owner}/{repo}/compare/{basehead}", {
      owner: place.address.owner,
      repo: place.address.name,
      basehead: `${head.baseRef}...${head.headSha}`,
      mediaType: { format: "diff" },
    })
    const parsed = parseDiff(textOf(data))
    if ("files" in parsed && parsed.files.length === head.changedFiles) {
      const text = changeText(parsed.files)
      return { files: parsed.files, patchId: text === null ? null : patchDigest(text) }
    }
  } catch (error) {
    if (!(error instanceof Error && "status" in error && (error.status === 406 || error.status === 422))) throw error
  }
  return { files: await readFiles(client, place), patchId: null }
}

/** With this media type the answer is text, whatever the types say. */
function textOf(data: unknown): string {
  if (typeof data === "string") return data
  return data instanceof ArrayBuffer ? new TextDecoder().decode(data) : ""
}

const listed = z.array(
  z.object({
    filename: z.string(),
    previous_filename: z.string().optional(),
    status: z.string(),
    additions: z.int(),
    deletions: z.int(),
  }),
)

/** GitHub lists 3,000 files at most. */
const limitFilePages = 30

async function readFiles(client: GitHubClient, { address, number }: ChangePlace): Promise<DiffFile[]> {
  const files: DiffFile[] = []
  for (let page = 1; page <= limitFilePages; page += 1) {
    const { data } = await client.request("GET /repos/{owner}/{repo}/pulls/{pull_number}/files", {
      owner: address.owner,
      repo: address.name,
      pull_number: number,
      per_page: 100,
      page,
    })
    const part = listed.parse(data)
    for (const file of part) {
      const { filename: path, previous_filename: previousPath = null, additions, deletions } = file
      const told = { path, previousPath, status: statusOf(file.status), additions, deletions }
      files.push({ ...told, kind: "text", added: null, patch: null, before: null })
    }
    if (part.length < 100) break
  }
  return files
}

function statusOf(word: string): ChangedFile["status"] {
  if (word === "added" || word === "removed" || word === "renamed" || word === "copied") return word
  return "modified"
}

/** Most files whose syntax is looked at, and how many in one request; of more the syntax stays unknown. */
const limitSyntaxFiles = 100
const filesPerRequest = 20

const blob = z.object({ text: z.string().nullish(), isTruncated: z.boolean().optional() }).nullable()

type AtHead = ChangePlace & { headSha: Sha }

async function withSyntax(client: GitHubClient, place: AtHead, files: readonly DiffFile[]): Promise<ChangedFile[]> {
  const wanted = files
    .filter(({ path, status, kind }) => {
      const of = syntaxKind(path)
      return of !== null && place.syntax.includes(of) && status !== "removed" && kind === "text"
    })
    .slice(0, limitSyntaxFiles)
    .map(({ path }) => path)
  const texts = new Map<string, string>()
  for (let from = 0; from < wanted.length; from += filesPerRequest) {
    const part = await readTexts(client, place, wanted.slice(from, from + filesPerRequest))
    for (const [path, text] of part) texts.set(path, text)
  }
  return files.map(({ patch: _patch, before: _before, ...file }) => {
    const text = texts.get(file.path)
    return { ...file, syntax: text === undefined ? null : readSyntax(file.path, text) }
  })
}

async function readTexts(
  client: GitHubClient,
  { address, headSha }: AtHead,
  paths: readonly string[],
): Promise<[string, string][]> {
  const declared = paths.map((_, index) => `$e${index}: String!`).join(", ")
  const asked = paths.map(
    (_, index) => `f${index}: object(expression: $e${index}) { ... on Blob { text isTruncated } }`,
  )
  const query = `query Files($owner: String!, $name: String!, ${declared}) {
    repository(owner: $owner, name: $name) { ${asked.join("\n")} } }`
  const expressions = Object.fromEntries(paths.map((path, index) => [`e${index}`, `${headSha}:${path}`]))
  const answer = await client.graphql(query, { owner: address.owner, name: address.name, ...expressions })
  const { repository } = z.object({ repository: z.record(z.string(), blob) }).parse(answer)
  return paths.flatMap((path, index): [string, string][] => {
    const found = repository[`f${index}`]
    return found?.isTruncated === false && typeof found.text === "string" ? [[path, found.text]] : []
  })
}
