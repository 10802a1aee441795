import { text } from "node:stream/consumers"
import { test } from "vitest"
import { openSources } from "../../src/evidence/sources.ts"
import { parseHostEntry } from "../../src/lib/host-list.ts"
import { serve } from "../evidence/loopback.ts"
import { healthOf, later } from "./after-merge.ts"
import { playScenario } from "./scenario.ts"
import type { Scenario, ShownGate } from "./verbs.ts"

const minute = 60_000

/** The running system that health windows watch, and what was asked of it. */
export type WatchedSystem = {
  /** Status of its answers to probes; null: the connection breaks off. */
  status: number | null
  /** What Prometheus tells of it; null: it has no such series. */
  value: string | null
  /** Paths and queries that it was asked for, oldest first. */
  asked: string[]
  /** Where it answers, with its port. */
  url: string
}

/**
 * A scenario with a running system beside GitHub: it answers to probes and to Prometheus' queries, over real HTTP on
 * loopback. `health` is the branch's part of the config; `SYSTEM` in it stands for the system's address.
 */
export function watchedScenario(
  name: string,
  run: (t: Scenario, system: WatchedSystem) => Promise<void>,
  { health, rollback = "{ automatic: false }" }: { health: string; rollback?: string },
): void {
  test(name, async () => {
    const system: WatchedSystem = { status: 200, value: "0", asked: [], url: "" }
    const port = await serve((request, response) => {
      void text(request).then((body) => {
        const isQuery = request.url === "/api/v1/query"
        system.asked.push(isQuery ? (new URLSearchParams(body).get("query") ?? "") : (request.url ?? ""))
        if (isQuery) return response.end(JSON.stringify(told(system.value)))
        return system.status === null ? response.destroy() : response.writeHead(system.status).end()
      })
    })
    system.url = `http://127.0.0.1:${port}`
    const host = parseHostEntry(`127.0.0.1:${port}`)
    const evidence = openSources({
      probe: { allowedHosts: host === undefined ? [] : [host], allowPrivate: true },
      prometheus: [{ name: "main", url: system.url, token: undefined }],
    })
    await playScenario((t) => run(t, system), {
      config: configOf(health.replaceAll("SYSTEM", system.url), rollback),
      stand: (ground) => ({ ...ground, evidence }),
    })
  })
}

function told(value: string | null): unknown {
  const result = value === null ? [] : [{ metric: {}, value: [0, value] }]
  return { status: "success", data: { resultType: "vector", result } }
}

function configOf(health: string, rollback: string): string {
  return `version: 1
mode: enforce
branches:
  main:
    stages: [{ checks: { require: [build] } }]
    health: ${health}
    rollback: ${rollback}
`
}

/** Lets so many minutes pass, one by one, as the clock does. */
export async function passes(t: Scenario, minutes: number): Promise<void> {
  for (let passed = 0; passed < minutes; passed += 1) await later(t, minute)
}

/** The check run on a commit, with the system's port taken out. */
export function watchedHealth(t: Scenario, sha: string): ShownGate {
  const shown = healthOf(t, sha)
  if (shown === null) throw new Error(`no check run on ${sha}`)
  const { title, summary, line } = shown
  return { ...shown, title: withoutPort(title), summary: withoutPort(summary), line: withoutPort(line) }
}

/** Words with a name in the place of the system's address, whose port differs from run to run. */
export function withoutPort(words: string): string {
  return words.replaceAll(/127\.0\.0\.1:\d+/g, "shop.test")
}
