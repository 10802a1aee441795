import { expect } from "vitest"
import { scenario, useDatabase } from "../harness/scenario.ts"
import type { Scenario } from "../harness/verbs.ts"

useDatabase()

const dayMs = 24 * 3600 * 1000

/** Numbers of the pull requests whose asks and reports are still known. */
async function known({ database }: Scenario): Promise<{ asks: string[]; reports: number[] }> {
  const asks = await database.prisma.ask.findMany({ orderBy: [{ kind: "asc" }, { number: "asc" }] })
  const reports = await database.prisma.gateReport.findMany({ orderBy: { number: "asc" } })
  return { asks: asks.map(({ kind, number }) => `${kind} on #${number}`), reports: reports.map(({ number }) => number) }
}

async function later(t: Scenario, days: number): Promise<void> {
  t.clock.advance(days * dayMs)
  await t.app.sweep()
  await t.quiet()
}

scenario("what is settled is forgotten after thirty days; what an open pull request stands on is not", async (t) => {
  const open = await t.openPullRequest()
  const closed = await t.openPullRequest()
  for (const pr of [open, closed]) {
    await t.check(pr)
    await t.people.label({ repo: t.repo, by: "tess", number: pr.number, label: "promotion-paused" })
    await t.says(pr, "olga", "/pause-promotion\n/resume-promotion")
  }
  await t.quiet()
  await t.push(open)
  await t.people.closePullRequest({ repo: t.repo, by: "max", number: closed.number })
  await t.check(open)
  await t.quiet()
  const all = { asks: ["comment on #1", "comment on #2", "label on #1", "label on #2"], reports: [1, 1, 2] }
  expect(await known(t)).toEqual(all)
  await later(t, 29)
  expect(await known(t)).toEqual(all)
  await later(t, 2)
  expect(await known(t)).toEqual({ asks: ["label on #1"], reports: [1] })
  const entries = (await t.ledger()).length
  t.github.calls.clear()
  await later(t, 1)
  expect((await t.ledger()).length).toBe(entries)
  expect(t.github.calls.work().filter(({ method, path }) => method !== "GET" && path !== "/graphql")).toEqual([])
  expect(t.gate(open)?.conclusion).toBe("success")
})

scenario("a comment delivered again as late as GitHub can is not run again", async (t) => {
  const pr = await t.openPullRequest()
  await t.check(pr)
  const comment = await t.says(pr, "olga", "/pause-promotion\n/resume-promotion")
  const delivery = t.github.deliveries.pending().find(({ event }) => event === "issue_comment")
  await t.quiet()
  const entries = (await t.ledger()).length
  await later(t, 3)
  const headers = new Map(Object.entries(delivery?.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]))
  const header = (name: string): string | null => headers.get(name) ?? null
  expect((await t.app.door({ header, body: delivery?.body ?? "" })).status).toBe(200)
  await t.quiet()
  expect((await t.ledger()).length).toBe(entries)
  // Not even when it comes under another GUID, and its own ask is all that tells.
  const renamed = (name: string): string | null => (name === "x-github-delivery" ? "another" : header(name))
  expect((await t.app.door({ header: renamed, body: delivery?.body ?? "" })).status).toBe(200)
  await t.quiet()
  expect((await t.ledger()).length).toBe(entries)
  expect(t.reactions(comment)).toEqual(["portcullis[bot]: +1"])
})

scenario("reviews of closed pull requests are forgotten, and merge groups after a day", async (t) => {
  await t.people.requireMergeQueue({ repo: t.repo })
  const [open, closed] = [await t.openPullRequest(), await t.openPullRequest()]
  for (const pr of [open, closed]) await t.reviews(pr, "olga")
  await t.check(open)
  await t.quiet()
  await t.people.closePullRequest({ repo: t.repo, by: "max", number: closed.number })
  await t.people.enqueuePullRequest({ repo: t.repo, by: "max", number: open.number })
  await t.quiet()
  await t.people.dequeuePullRequest({ repo: t.repo, by: "max", number: open.number })
  const kinds = async (): Promise<string[]> => {
    const facts = await t.database.prisma.fact.findMany({ where: { kind: { in: ["merge-group", "review"] } } })
    return facts.map(({ kind, number }) => `${kind} ${number ?? ""}`.trim()).toSorted()
  }
  await t.quiet()
  expect(await kinds()).toEqual(["merge-group", `review ${open.number}`, `review ${closed.number}`])
  await later(t, 2)
  expect(await kinds()).toEqual([`review ${open.number}`, `review ${closed.number}`])
  await later(t, 30)
  expect(await kinds()).toEqual([`review ${open.number}`])
})
