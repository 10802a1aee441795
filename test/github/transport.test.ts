import { createServer } from "node:http"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { startTestGitHubServer } from "./http.ts"
import { seedShop } from "./seed.ts"
import type { Seeded } from "./seed.ts"
import { jwtOf, openShop } from "./shop.ts"
import type { Shop } from "./shop.ts"

let shop: Shop
beforeEach(async () => {
  shop = await openShop()
  shop.github.calls.clear()
})
afterEach(() => shop.github.close())

const at = (path: string) => `/repos/acme/shop${path}`

describe("every answer", () => {
  test("carries the rate limit, which an unchanged 304 does not use up", async () => {
    const first = await shop.ask("GET", at(""), { as: shop.token })
    const etag = first.headers.get("etag") ?? ""
    expect(etag).toMatch(/^W\/"[0-9a-f]{64}"$/)
    expect(first.headers.get("x-ratelimit-limit")).toBe("5000")
    const again = await shop.ask("GET", at(""), { as: shop.token, headers: { "if-none-match": etag } })
    expect(again.status).toBe(304)
    expect(again.body).toBeUndefined()
    expect(again.headers.get("x-ratelimit-remaining")).toBe(first.headers.get("x-ratelimit-remaining"))
    await shop.github.people.openIssue({ repo: shop.repo, by: "rita", title: "x" })
    const changed = await shop.ask("GET", at(""), { as: shop.token, headers: { "if-none-match": etag } })
    expect(changed.status).toBe(200)
    expect(Number(changed.headers.get("x-ratelimit-used"))).toBe(Number(first.headers.get("x-ratelimit-used")) + 1)
    expect(changed.headers.get("x-github-request-id")).toMatch(/^[0-9A-F]{24}$/)
  })

  test("is a refusal once the hour's requests are used up, until the next hour", async () => {
    shop.github.state.hourlyLimit = 2
    const ask = () => shop.ask("GET", at(""), { as: shop.token })
    await ask()
    expect((await ask()).headers.get("x-ratelimit-remaining")).toBe("0")
    expect(JSON.stringify((await ask()).body)).toContain("API rate limit exceeded")
    shop.pass(3_600_000)
    expect((await ask()).status).toBe(200)
  })

  test("that is an error says why", async () => {
    const { status, body } = await shop.ask("GET", at("/pulls/99"), { as: shop.token })
    expect(status).toBe(404)
    expect(body).toEqual({ message: "Not Found", documentation_url: "https://docs.github.com/rest", status: "404" })
  })

  test("to a request nobody knows is 501 and remembered", async () => {
    expect((await shop.ask("GET", at("/actions/runs"), { as: shop.token })).status).toBe(501)
    expect(shop.github.unknownRequests).toEqual(["GET /repos/acme/shop/actions/runs"])
  })

  test("of a list comes in pages with links", async () => {
    for (let count = 1; count <= 5; count += 1) {
      await shop.github.people.openIssue({ repo: shop.repo, by: "rita", title: `Issue ${count}` })
    }
    const page = await shop.ask("GET", at("/issues?per_page=2&page=2"), { as: shop.token })
    expect((page.body as { number: number }[]).map((issue) => issue.number)).toEqual([3, 2])
    const url = `http://github.test${at("/issues")}?per_page=2&page=`
    expect(page.headers.get("link")).toBe(
      `<${url}1>; rel="prev", <${url}1>; rel="first", <${url}3>; rel="next", <${url}3>; rel="last"`,
    )
    const last = await shop.ask("GET", at("/issues?per_page=2&page=3"), { as: shop.token })
    expect(last.body).toHaveLength(1)
    expect(last.headers.get("link")).not.toContain("next")
  })
})

describe("the log of calls", () => {
  test("tells work from tokens and writes from reads", async () => {
    await shop.ask("GET", at("/pulls?state=all"), { as: shop.token })
    await shop.ask("POST", at("/issues"), { as: shop.token, body: { title: "x" } })
    await shop.ask("POST", "/graphql", { as: shop.token, body: { query: "query Who { viewer { login } }" } })
    await shop.ask("POST", `/app/installations/${shop.installationId}/access_tokens`)
    const { calls } = shop.github
    expect(
      calls.work().map(({ method, template, graphqlName, status }) => [method, template, graphqlName, status]),
    ).toEqual([
      ["GET", "/repos/:owner/:repo/pulls", undefined, 200],
      ["POST", "/repos/:owner/:repo/issues", undefined, 201],
      ["POST", "/graphql", "Who", 200],
    ])
    expect(calls.writes()).toHaveLength(1)
    expect(calls.all()).toHaveLength(4)
    expect(calls.work()[0]).toMatchObject({
      path: at("/pulls?state=all"),
      appId: shop.app.appId,
      installationId: shop.installationId,
    })
  })
})

describe("faults", () => {
  const comment = () => shop.ask("POST", at("/issues/1/comments"), { as: shop.token, body: { body: "x" } })
  const count = async () =>
    ((await shop.ask("GET", at("/issues/1/comments"), { as: shop.token })).body as unknown[]).length
  beforeEach(async () => void (await shop.github.people.openIssue({ repo: shop.repo, by: "rita", title: "x" })))

  test("strike before or after the effect", async () => {
    const { faults } = shop.github
    faults.requests({ method: "POST" }, { kind: "server-error", status: 502, effect: "before" })
    expect((await comment()).status).toBe(502)
    expect(await count()).toBe(0)
    faults.requests({ method: "POST", path: /comments$/ }, { kind: "server-error", status: 503, effect: "after" })
    expect((await comment()).status).toBe(503)
    expect(await count()).toBe(1)
    const broken = faults.requests({ isWrite: true }, { kind: "network", effect: "after" })
    await expect(comment()).rejects.toThrow("fetch failed")
    expect(broken.fired()).toBe(1)
    expect(await count()).toBe(2)
    expect((await comment()).status).toBe(201)
  })

  test("limit, count, wait for their turn, and are taken back", async () => {
    const { faults } = shop.github
    faults.requests({ times: 2, after: 1 }, { kind: "secondary-limit", status: 429, retryAfterS: 7 })
    expect((await comment()).status).toBe(201)
    const limited = await comment()
    expect(limited.status).toBe(429)
    expect(limited.headers.get("retry-after")).toBe("7")
    faults.clear()
    expect((await comment()).status).toBe(201)
    faults.requests({}, { kind: "latency", latencyMs: 20 })
    const startedAt = performance.now()
    await comment()
    expect(performance.now() - startedAt).toBeGreaterThan(15)
  })
})

describe("deliveries", () => {
  const say = (body: string) => shop.github.people.comment({ repo: shop.repo, by: "rita", number: 1, body })
  beforeEach(async () => {
    await shop.github.people.openIssue({ repo: shop.repo, by: "rita", title: "x" })
    shop.github.deliveries.takePending()
  })

  test("are sent once each, and what failed stays failed until somebody asks for it again", async () => {
    const { deliveries } = shop.github
    await say("one")
    await say("two")
    const sent: string[] = []
    const send = async ({ guid }: { guid: string }) => {
      sent.push(guid)
      return { status: sent.length === 1 ? 500 : 200 }
    }
    expect(await deliveries.deliverAll(send)).toBe(2)
    expect(await deliveries.deliverAll(send)).toBe(0)
    const failed = await shop.ask("GET", "/app/hook/deliveries?status=failure", { as: jwtOf(shop.app) })
    const one = (failed.body as { id: number; guid: string }[]).find((delivery) => delivery.guid === sent[0])
    expect(one).toMatchObject({ status_code: 500, redelivery: false, event: "issue_comment", action: "created" })
    const again = await shop.ask("POST", `/app/hook/deliveries/${one?.id}/attempts`, { as: jwtOf(shop.app) })
    expect(again.status).toBe(202)
    await deliveries.deliverAll(send)
    expect(sent[2]).toBe(sent[0])
  })

  test("are dropped, doubled, held back and put in another order", async () => {
    const { deliveries, faults } = shop.github
    const bodies = () =>
      deliveries.takePending().map((one) => (JSON.parse(one.body) as { comment: { body: string } }).comment.body)
    faults.deliveries({ event: "issue_comment" }, { kind: "drop" })
    await say("lost")
    expect(bodies()).toEqual([])
    faults.deliveries({}, { kind: "duplicate" })
    await say("twice")
    const twice = deliveries.takePending()
    expect(twice).toHaveLength(2)
    expect(twice[0]?.guid).toBe(twice[1]?.guid)
    faults.deliveries({}, { kind: "delay", delayMs: 60_000 })
    await say("late")
    await say("early")
    expect(bodies()).toEqual(["early"])
    shop.pass(60_000)
    expect(bodies()).toEqual(["late"])
    faults.order = (pending) => pending.toReversed()
    await say("first")
    await say("second")
    expect(bodies()).toEqual(["second", "first"])
  })
})

describe("over HTTP", () => {
  test("the API, the acts of people and webhooks work on a port", async () => {
    const heard: { event: string; login: string }[] = []
    const receiver = await startTestReceiver((event, body) => heard.push({ event, login: body.sender.login }))
    let seeded: Seeded | undefined
    const server = await startTestGitHubServer({
      port: 0,
      seed: async (github) => void (seeded = await seedShop(github, { hookUrl: receiver.url })),
    })
    const act = async (name: string, args: object): Promise<unknown> =>
      (await fetch(`${server.url}/_people/${name}`, { method: "POST", body: JSON.stringify(args) })).json()
    const on = { repo: "acme/shop", by: "shipwright[bot]" }
    expect(await act("openPullRequest", { ...on, head: "x", files: { x: "1\n" } })).toMatchObject({ number: 1 })
    expect(await act("mergePullRequest", { ...on, by: "max", number: 1 })).toMatchObject({ status: "405" })
    expect(await act("comment", { repo: "acme/shop", number: 1, text: "Hello", by: null })).toMatchObject({
      status: "422",
      message: "comment needs: body, by",
    })
    expect(await act("createUser", [])).toMatchObject({ message: "createUser needs: login" })
    await server.github.deliveries.settled()
    expect(heard).toContainEqual({ event: "pull_request", login: "shipwright[bot]" })
    expect(heard).toContainEqual({ event: "installation", login: "acme" })
    const pulls = await fetch(`${server.url}/repos/acme/shop/pulls`, { headers: { authorization: "token user:max" } })
    expect(await pulls.json()).toMatchObject([{ number: 1, url: `${server.url}/repos/acme/shop/pulls/1` }])
    const { people } = server.github
    await expect(people.openIssue({ repo: "acme/none", by: "max", title: "x" })).rejects.toThrow(
      "No repository acme/none",
    )
    server.github.faults.requests({}, { kind: "network" })
    await expect(fetch(server.url)).rejects.toThrow("fetch failed")
    expect(seeded?.app.permissions).toMatchObject({ checks: "write" })
    await Promise.all([server.close(), receiver.close()])
  })
})

/** A tiny app that only listens. */
async function startTestReceiver(hear: (event: string, body: { sender: { login: string } }) => void) {
  const listener = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      hear(
        String(request.headers["x-github-event"]),
        JSON.parse(Buffer.concat(chunks).toString()) as { sender: { login: string } },
      )
      response.end("ok")
    })
  })
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve))
  const address = listener.address()
  const port = typeof address === "object" && address ? address.port : 0
  const close = () =>
    new Promise<void>((resolve) => {
      listener.close(() => resolve())
      listener.closeAllConnections()
    })
  return { url: `http://127.0.0.1:${port}/api/github/webhooks`, close }
}
