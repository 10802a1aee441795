import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import { describe, expect, test } from "vitest"
import { readSignals } from "../../src/evidence/signal-row.ts"
import { signingSecret } from "../../src/evidence/signature.ts"
import { prune } from "../../src/reconcile/prune.ts"
import {
  blog,
  clock,
  endpoint,
  heartbeat,
  kept,
  message,
  prisma,
  secret,
  send,
  shop,
  useSignals,
} from "./signal-world.ts"

useSignals()

describe("what was reported", () => {
  const nothing = {
    errorRate: { errors: 0, requests: 0, reports: 0, lastAtMs: null },
    heartbeatAtMs: null,
    failures: { count: 0, critical: 0, lastAtMs: null },
  }

  test("is nothing at first", async () => {
    const range = { repositoryId: shop.id, branch: "main", fromMs: 0, toMs: clock().now().getTime() }
    expect(await readSignals(prisma(), range)).toEqual(nothing)
  })

  test("is summed up over a time, of this branch and of all", async () => {
    const port = await endpoint()
    const at = (seconds: number): string => new Date(clock().now().getTime() + seconds * 1000).toISOString()
    clock().advance(3600_000)
    await send(
      port,
      message(
        { type: "error_rate", errors: 1, requests: 100, at: at(-61) },
        { type: "error_rate", errors: 2, requests: 200, at: at(-60) },
        { type: "error_rate", errors: 4, requests: 400, at: at(-1) },
        { type: "error_rate", errors: 8, requests: 1e12, at: at(0) },
        { ...heartbeat, at: at(-30) },
        { type: "heartbeat", source: "worker-2", at: at(-20) },
        { type: "failure", severity: "critical", at: at(-50) },
        { type: "failure", severity: "low", at: at(-40) },
      ),
    )
    await send(port, { repository: shop.name, signals: [{ type: "failure", severity: "high", at: at(-10) }] })
    await send(port, { repository: shop.name, branch: "develop", signals: [{ ...heartbeat, at: at(-5) }] })
    const other = { headers: { "portcullis-repository": blog.name }, key: { repositoryId: blog.id } }
    await send(port, { repository: blog.name, signals: [{ ...heartbeat, at: at(-5) }] }, other)
    const nowMs = clock().now().getTime()
    const range = { repositoryId: shop.id, branch: "main", fromMs: nowMs - 60_000, toMs: nowMs }
    expect(await readSignals(prisma(), range)).toEqual({
      errorRate: { errors: 6, requests: 600, reports: 2, lastAtMs: nowMs - 1000 },
      heartbeatAtMs: nowMs - 20_000,
      failures: { count: 3, critical: 1, lastAtMs: nowMs - 10_000 },
    })
    expect((await readSignals(prisma(), { ...range, toMs: nowMs + 1 })).errorRate.requests).toBe(1e12 + 600)
  })

  test("in other environments may be left out", async () => {
    const port = await endpoint()
    for (const environment of ["production", "staging", undefined]) {
      const signals = [{ type: "error_rate", errors: 0, requests: 1 }]
      await send(port, { repository: shop.name, ...(environment === undefined ? {} : { environment }), signals })
    }
    const range = { repositoryId: shop.id, branch: "main", fromMs: 0, toMs: clock().now().getTime() + 1 }
    const requests = async (environments?: string[]): Promise<number> =>
      (await readSignals(prisma(), environments === undefined ? range : { ...range, environments })).errorRate.requests
    expect([await requests(), await requests(["production"]), await requests([])]).toEqual([3, 2, 1])
  })

  test("is forgotten after thirty days", async () => {
    const port = await endpoint()
    await send(port, message(heartbeat))
    clock().advance(2 * 24 * 3600_000)
    await send(port, message(heartbeat))
    const counts = async (): Promise<number[]> => [await prisma().signal.count(), await prisma().signalMessage.count()]
    clock().advance(28 * 24 * 3600_000 - 1000)
    await prune({ prisma: prisma(), clock: clock() })
    expect(await counts()).toEqual([2, 2])
    clock().advance(2000)
    await prune({ prisma: prisma(), clock: clock() })
    expect(await counts()).toEqual([1, 1])
  })
})

describe("the page about signals", () => {
  const page = readFileSync(resolve(import.meta.dirname, "../../docs/signals.md"), "utf8")
  const example = (language: string, nth: number): string =>
    [...page.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "gms"))][nth]?.[1] ?? ""

  test("has an example of a message that is taken", async () => {
    clock().advance(Date.parse("2026-11-20T12:00:00Z") - clock().now().getTime())
    expect(await send(await endpoint(), example("json", 0))).toMatchObject({ status: "200", body: { stored: 3 } })
  })

  test("has examples in Node and for a shell that work as they stand", async () => {
    const port = await endpoint({ clock: { now: () => new Date() } })
    const environment = {
      PATH: process.env["PATH"] ?? "",
      PORTCULLIS: `http://127.0.0.1:${port}`,
      SIGNAL_KEY: signingSecret({ secret, repositoryId: shop.id, version: 1 }),
    }
    const run = (command: string, words: string[]): Promise<string> =>
      new Promise((done) => {
        execFile(command, words, { env: environment }, (error, out, err) =>
          done(error === null ? out.trim() : `${error.message} ${err}`),
        )
      })
    expect(await run(process.execPath, ["--input-type=module", "--eval", example("js", 0)])).toBe('200 {"stored":1}')
    expect(await kept()).toEqual(["4711 heartbeat main"])
    const script = example("sh", 1)
    expect(script).toContain("openssl")
    // A machine without these tools has no use for the example.
    if ((await run("sh", ["-c", "command -v bash curl openssl od date | wc -l"])) !== "5") return
    expect(await run("bash", ["-c", script])).toBe('{"stored":1}')
    expect(await kept()).toEqual(["4711 heartbeat main", "4711 error_rate main"])
  })
})
