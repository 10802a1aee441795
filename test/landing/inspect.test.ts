import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { sha, type Sha } from "../../src/lib/brand.ts"
import { inspect, openGround, pushToMain, tip, wrongCommit, type Ground } from "./ground.ts"
import { short } from "./judge.ts"

// One landing at a time, read from the test GitHub as it is read from GitHub, and judged.

let ground: Ground
beforeEach(async () => {
  ground = await openGround()
  await pushToMain(ground, { "src/cart.ts": lines(40), "docs/a.md": "# A\n", "src/core/tax.ts": lines(30, "tax") })
})
afterEach(async () => {
  expect(ground.shop.github.unknownRequests).toEqual([])
  await ground.shop.github.close()
})

function lines(count: number, word = "line", changes: Record<number, string> = {}): string {
  return Array.from({ length: count }, (_, index) => `${changes[index] ?? `${word} ${index}`}\n`).join("")
}

type Opened = { number: number; headSha: string }
type Files = Record<string, string | null | { mode: "100644"; content: Buffer }>

function open(head: string, files: Files): Promise<Opened> {
  return ground.shop.github.people.openPullRequest({ repo: ground.shop.repo, by: "max", head, files })
}

/** Lands it as GitHub does; what stood on the branch before and after. */
async function land(
  pull: Opened,
  method: "merge" | "squash" | "rebase",
): Promise<{ before: Sha; landed: Sha; head: string }> {
  const before = await tip(ground)
  const { people } = ground.shop.github
  const { sha: landed } = await people.mergePullRequest({
    repo: ground.shop.repo,
    by: "olga",
    number: pull.number,
    method,
  })
  return { before, landed: sha(landed), head: pull.headSha }
}

/** Requests that judging takes. */
async function requestsOf(landing: { before: Sha; landed: Sha; head: string }): Promise<string[]> {
  const { calls } = ground.shop.github
  calls.clear()
  expect((await inspect(ground, landing)).kind).toBe("clean")
  return calls.work().map(({ method, path }) => `${method} ${path.replaceAll(/[0-9a-f]{40}/g, "…")}`)
}

describe("a clean landing", () => {
  for (const method of ["merge", "squash", "rebase"] as const) {
    test(`by ${method}, of several commits, on a branch that has moved on in the same files`, async () => {
      const pull = await open("work", {
        "src/cart.ts": lines(40, "line", { 3: "three" }),
        "docs/b.md": "# B\n",
        "src/core/tax.ts": null,
        "src/tax.ts": lines(30, "tax", { 1: "one" }),
      })
      const { people } = ground.shop.github
      const files = { "src/cart.ts": lines(40, "line", { 3: "three", 20: "twenty" }) }
      const { headSha } = await people.pushToPullRequest({
        repo: ground.shop.repo,
        by: "max",
        number: pull.number,
        files,
      })
      await pushToMain(ground, {
        "src/cart.ts": lines(40, "line", { 36: "thirty-six" }),
        "src/core/tax.ts": lines(30, "tax", { 20: "twenty" }),
      })
      const landing = await land({ ...pull, headSha }, method)
      expect(await inspect(ground, landing)).toEqual({ kind: "clean" })
    })
  }

  test("costs two requests where nothing came between, or only in other folders", async () => {
    const first = await open("first", { "src/cart.ts": lines(40, "line", { 3: "three" }) })
    const second = await open("second", { "docs/a.md": "# Other\n" })
    expect(await requestsOf(await land(first, "squash"))).toMatchInlineSnapshot(`
      [
        "GET /repos/acme/shop/compare/…...…?per_page=1&page=2",
        "POST /graphql",
      ]
    `)
    expect(await requestsOf(await land(second, "squash"))).toHaveLength(2)
  })

  test("costs one more for each level of folders that both changed, and one for the texts", async () => {
    const pull = await open("work", { "src/core/tax.ts": lines(30, "tax", { 3: "three" }) })
    await pushToMain(ground, { "src/core/tax.ts": lines(30, "tax", { 20: "twenty" }) })
    expect(await requestsOf(await land(pull, "squash"))).toHaveLength(5)
  })

  test("of nothing but bytes that are no UTF-8, and of texts too long for GraphQL", async () => {
    const bytes = (text: string): Files[string] => ({ mode: "100644", content: Buffer.from(text, "latin1") })
    const long = "a line that is repeated so often that the file gets long\n".repeat(12_000)
    const { people } = ground.shop.github
    const start = { "latin.txt": bytes(`é\n${lines(10)}è\n`), "long.txt": `begin\n${long}end\n` }
    await people.commit({ repo: ground.shop.repo, by: "olga", files: start })
    const pull = await open("work", { "latin.txt": bytes(`ë\n${lines(10)}è\n`), "long.txt": `Begin\n${long}end\n` })
    const meanwhile = { "latin.txt": bytes(`é\n${lines(10)}ê\n`), "long.txt": `begin\n${long}End\n` }
    await people.commit({ repo: ground.shop.repo, by: "olga", files: meanwhile })
    const landing = await land(pull, "squash")
    expect(await inspect(ground, landing)).toEqual({ kind: "clean" })
    const landed = await wrongCommit(ground, { like: landing.landed, tree: landing.head })
    expect(short(await inspect(ground, { ...landing, landed }))).toMatchInlineSnapshot(`
      [
        "lost of branch: latin.txt -1 +1 ()",
        "lost of branch: long.txt -1 +1 ()",
      ]
    `)
  })

  test("of a file too large to be compared is told by its patch", async () => {
    const long = "a line that is repeated so often that the file gets very long\n".repeat(20_000)
    await pushToMain(ground, { "long.txt": `begin\n${long}end\n` })
    const pull = await open("work", { "long.txt": `Begin\n${long}end\n` })
    await pushToMain(ground, { "long.txt": `begin\n${long}End\n` })
    const landing = await land(pull, "squash")
    expect(await inspect(ground, landing)).toEqual({ kind: "clean" })
    const landed = await wrongCommit(ground, { like: landing.landed, files: { "long.txt": `Begin\n${long}Other\n` } })
    expect(short(await inspect(ground, { ...landing, landed }))).toMatchInlineSnapshot(`
      [
        "unknown: too-large",
        "long.txt",
      ]
    `)
  })
})
