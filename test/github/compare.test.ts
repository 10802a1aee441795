import { execFileSync } from "node:child_process"
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest"
import { findRepository } from "./access.ts"
import { githubLimits } from "./limits.ts"
import { openShop } from "./shop.ts"
import type { Shop } from "./shop.ts"

let shop: Shop
let base: string
let head: string
let number: number
beforeAll(async () => {
  shop = await openShop()
  const { people } = shop.github
  const lines = Array.from({ length: 40 }, (_, index) => `line ${index}`)
  await people.commit({
    repo: shop.repo,
    by: "max",
    files: {
      "old name.txt": lines.join("\n"),
      "logo.bin": { mode: "100644", content: Buffer.from([0, 1, 2, 255]) },
      "run.sh": "echo 1\n",
      "latin.txt": { mode: "100644", content: Buffer.from([0xe9, 10]) },
    },
  })
  const pull = await people.openPullRequest({
    repo: shop.repo,
    by: "max",
    head: "cents",
    files: {
      "old name.txt": null,
      "new\tnamé.txt": `${lines.join("\n")}\nend`,
      "logo.bin": { mode: "100644", content: Buffer.from([0, 1, 3, 255]) },
      "run.sh": { mode: "100755", content: "echo 1\n" },
      "latin.txt": { mode: "100644", content: Buffer.from([0xe8, 10]) },
      "src/price.ts": "export const a = 2\n",
    },
  })
  await people.commit({ repo: shop.repo, by: "max", files: { "meanwhile.txt": "main went on\n" } })
  base = (await people.resolve({ repo: shop.repo, revision: "main" })).sha
  head = pull.headSha
  number = pull.number
})
beforeEach(() => {
  shop.github.state.limits = githubLimits()
})
afterAll(() => shop.github.close())

const accept = { accept: "application/vnd.github.diff" }
const get = (path: string, headers: Record<string, string> = accept) =>
  shop.ask("GET", `/repos/acme/shop${path}`, { as: shop.token, headers })

test("a comparison as a diff is what git writes, three-dot, byte for byte", async () => {
  const store = findRepository(shop.github.state, shop.repo)?.store.dir ?? ""
  const expected = execFileSync("git", ["-C", store, "diff", `${base}...${head}`])
  const answer = await shop.github.fetch(`http://github.test/repos/acme/shop/compare/${base}...${head}`, {
    headers: { ...accept, authorization: `token ${shop.token}` },
  })
  expect(answer.headers.get("content-type")).toBe("application/vnd.github.diff; charset=utf-8")
  expect(Buffer.from(await answer.arrayBuffer())).toEqual(expected)
  const text = expected.toString()
  expect(text).toContain("rename from old name.txt\n")
  expect(text).toContain('rename to "new\\tnam\\303\\251.txt"\n')
  expect(text).toContain("old mode 100644\nnew mode 100755\n")
  expect(text).toContain("Binary files a/logo.bin and b/logo.bin differ\n")
  expect(text).not.toContain("meanwhile")
  expect((await get(`/compare/main...cents`)).body).toEqual((await get(`/pulls/${number}`)).body)
  expect((await get(`/compare/${head}...${head}`)).body).toBeUndefined()
  expect((await get(`/compare/${base}...${"0".repeat(40)}`)).status).toBe(404)
})

test("the head of a fork's pull request is found by its id alone", async () => {
  const { people } = shop.github
  const { repo: fork } = await people.fork({ repo: shop.repo, by: "rita" })
  const work = { by: "rita", branch: "typo", files: { "README.md": "# The shop\n" } }
  const { sha } = await people.commit({ repo: fork, ...work })
  expect((await get(`/compare/main...${sha}`)).status).toBe(404)
  await people.openPullRequest({ repo: shop.repo, by: "rita", head: "rita:typo" })
  expect((await get(`/compare/main...${sha}`)).body).toContain("+# The shop\n")
  expect((await get(`/compare/main...rita:typo`)).body).toContain("+# The shop\n")
})

test.each([
  [{ diffLines: 5 }, "Sorry, the diff exceeded the maximum number of lines (5)"],
  [{ diffBytes: 99 }, "Sorry, the diff exceeded the maximum number of bytes (99)"],
  [{ diffFiles: 1 }, "Sorry, the diff exceeded the maximum number of files (1)."],
])("a diff over the limit %o is refused", async (limit, message) => {
  Object.assign(shop.github.state.limits, limit)
  const comparison = await get(`/compare/${base}...${head}`)
  expect(comparison.status).toBe(406)
  expect((comparison.body as { message: string }).message.slice(0, message.length)).toBe(message)
  expect(comparison.body).toMatchObject({
    errors: [{ resource: "Comparison", field: "diff", code: "too_large" }],
  })
  const pull = await get(`/pulls/${number}`)
  expect(pull.body).toMatchObject({ errors: [{ resource: "PullRequest", field: "diff", code: "too_large" }] })
  expect((await get(`/compare/${base}...${head}`, {})).status).toBe(200)
})

test.each(["/commits/main", "/pulls/1/files"])(
  "%s has no diff here, and a test that asks for one fails",
  async (path) => {
    expect((await get(path)).status).toBe(501)
    expect((await get("/compare/main...cents", { accept: "application/vnd.github.v3.patch" })).status).toBe(501)
    expect(shop.github.state.unknownRequests.splice(0)).toEqual([
      `GET /repos/acme/shop${path} as diff`,
      "GET /repos/acme/shop/compare/main...cents as patch",
    ])
  },
)

test("files of a pull request come without patch where there is none to show", async () => {
  const patches = async () => {
    const { body } = await get(`/pulls/${number}/files`, {})
    const files = body as { filename: string; patch?: string; additions: number }[]
    return Object.fromEntries(files.map((file) => [file.filename, file.patch]))
  }
  const all = await patches()
  expect(all["logo.bin"]).toBeUndefined()
  expect(all["run.sh"]).toBeUndefined()
  expect(all["src/price.ts"]).toMatch(/^@@ /)
  shop.github.state.limits.patchLines = 3
  const short = await patches()
  expect(short["src/price.ts"]).toBeUndefined()
  expect(short["latin.txt"]).toMatch(/^@@ /)
  shop.github.state.limits.patchBytes = 3
  expect((await patches())["latin.txt"]).toBeUndefined()
})
