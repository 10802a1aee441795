import { expect, test, vi } from "vitest"
import type { Armed, RequestFault } from "../github/faults.ts"
import type { ApiCallRecord } from "../github/traffic.ts"
import { useDatabase } from "../harness/scenario.ts"
import { playEveryCutOf } from "./every-cut.ts"
import { patienceMs } from "./patience.ts"
import { playPath, type Disturbance, type Played } from "./play.ts"
import { reviewPath } from "./review-path.ts"

useDatabase()
vi.setConfig({ testTimeout: patienceMs })

let recorded: Promise<Played[]> | undefined

/** The path as it is when nothing goes wrong, played once for the whole file. */
function undisturbed(): Promise<Played[]> {
  recorded ??= (async () => {
    const played: Played[] = []
    await playPath({ after: (one) => played.push(one) }, reviewPath)
    for (const { step, state } of played) expect(state.dirty, step).toEqual([])
    return played
  })()
  return recorded
}

async function playLikeUndisturbed(disturbance: (plain: () => Played | undefined) => Omit<Disturbance, "after">) {
  const plain = await undisturbed()
  const steps = plain.values()
  let now: Played | undefined
  const given = disturbance(() => now)
  const whole: Disturbance = {
    ...given,
    before: (t) => {
      now = steps.next().value
      given.before?.(t)
    },
    after: ({ step, state }) => expect(state, step).toEqual(plain.find((one) => one.step === step)?.state),
  }
  await playPath(whole, reviewPath)
}

test("an agent's change of a protected path, from two reviews to two more", async () => {
  const plain = await undisturbed()
  const gates = plain.map(({ step, state }) => `${step}: ${state.checkRuns.map(([line]) => line).join("; ")}`)
  expect(gates.map((line) => line.replaceAll("1:<sha> Promotion gate: ", ""))).toMatchInlineSnapshot(`
    [
      "opened by an agent: failure | Blocked: infra/main.tf is protected, 0 of 2 stages passed",
      "max approves: failure | Blocked: infra/main.tf is protected, 0 of 2 stages passed",
      "olga approves: failure | Blocked: infra/main.tf is protected, 0 of 2 stages passed; success | Open: 2 of 2 stages passed",
      "pushed: failure | Blocked: infra/main.tf is protected, 0 of 2 stages passed; success | Open: 2 of 2 stages passed; failure | Blocked: infra/main.tf is protected, 0 of 2 stages passed",
      "olga approves again: failure | Blocked: infra/main.tf is protected, 0 of 2 stages passed; success | Open: 2 of 2 stages passed; failure | Blocked: infra/main.tf is protected, 0 of 2 stages passed; failure | Blocked: an approval went stale, 1 more approval needed (low risk), 1 of 2 stages passed",
      "max approves again: failure | Blocked: infra/main.tf is protected, 0 of 2 stages passed; success | Open: 2 of 2 stages passed; failure | Blocked: infra/main.tf is protected, 0 of 2 stages passed; success | Open: 2 of 2 stages passed",
      "max's is dismissed: failure | Blocked: infra/main.tf is protected, 0 of 2 stages passed; success | Open: 2 of 2 stages passed; failure | Blocked: infra/main.tf is protected, 0 of 2 stages passed; in_progress | Waiting: 1 more approval needed (low risk), 1 of 2 stages passed",
      "started anew: failure | Blocked: infra/main.tf is protected, 0 of 2 stages passed; success | Open: 2 of 2 stages passed; failure | Blocked: infra/main.tf is protected, 0 of 2 stages passed; in_progress | Waiting: 1 more approval needed (low risk), 1 of 2 stages passed",
    ]
  `)
  expect(plain.at(-1)?.state.ledger.map((entry) => /"type":"(\w+)"/.exec(entry)?.[1])).toMatchInlineSnapshot(`
    [
      "installation_changed",
      "config_changed",
      "proposed",
      "policy_evaluated",
      "stage_changed",
      "stage_changed",
      "promotion_blocked",
      "approved",
      "stage_changed",
      "approved",
      "policy_evaluated",
      "stage_changed",
      "stage_changed",
      "promotion_ready",
      "proposed",
      "approval_dismissed",
      "approval_dismissed",
      "policy_evaluated",
      "stage_changed",
      "stage_changed",
      "promotion_blocked",
      "approved",
      "policy_evaluated",
      "stage_changed",
      "stage_changed",
      "promotion_blocked",
      "approved",
      "stage_changed",
      "promotion_ready",
      "approval_dismissed",
      "stage_changed",
      "promotion_blocked",
    ]
  `)
})

for (const fate of ["die before", "die after"] as const) {
  test(`reviewed: ${fate} any request or commit, and it is as if nothing had happened`, async () => {
    await playEveryCutOf(reviewPath, fate, await undisturbed())
  })
}

function kindOf({ method, template, graphqlName }: ApiCallRecord): string {
  return `${method} ${template} ${graphqlName ?? ""}`
}

const faults: Record<string, RequestFault> = {
  "is answered 502, and nothing came of it": { kind: "server-error", status: 502, effect: "before" },
  "arrives, while its answer does not": { kind: "network", effect: "after" },
  "is refused by a secondary limit": { kind: "secondary-limit", status: 403, retryAfterS: 60 },
}

for (const [what, fault] of Object.entries(faults)) {
  test(`reviewed: a request that ${what} is made again, and has its effect once`, async () => {
    const seen = new Set<string>()
    await playLikeUndisturbed((plain) => {
      let armed: Armed[] = []
      return {
        before: ({ github }) => {
          const calls = new Map((plain()?.calls ?? []).map((call) => [kindOf(call), call]))
          for (const kind of calls.keys()) seen.add(kind)
          armed = [...calls.values()].map(({ method, template, graphqlName }) => {
            const path = new RegExp(`^${template.replaceAll(/:\w+/g, "[^/]+")}$`)
            return github.faults.requests(
              { method, path, ...(graphqlName === undefined ? {} : { graphqlName }) },
              fault,
            )
          })
        },
        heal: () => {
          expect(armed.map((one) => one.fired())).toEqual(armed.map(() => 1))
          return Promise.resolve()
        },
      }
    })
    expect([...seen].toSorted()).toMatchInlineSnapshot(`
      [
        "GET /repos/:owner/:repo/collaborators/:login/permission ",
        "GET /repos/:owner/:repo/compare/:range ",
        "PATCH /repos/:owner/:repo/check-runs/:id ",
        "POST /graphql Change",
        "POST /graphql Sight",
        "POST /repos/:owner/:repo/check-runs ",
      ]
    `)
  })
}

test("reviewed: every webhook delivered twice is as if delivered once", async () => {
  await playLikeUndisturbed(() => ({
    before: ({ github }) => {
      github.faults.clear()
      github.faults.deliveries({ times: Infinity }, { kind: "duplicate" })
    },
  }))
})

test("reviewed: webhooks in reverse order come to the same", async () => {
  await playLikeUndisturbed(() => ({
    before: ({ github }) => {
      github.faults.order = (pending) => pending.toReversed()
    },
  }))
})

test("reviewed: webhooks that never arrive, nor ever again, are made good by the next sweep", async () => {
  await playLikeUndisturbed(() => ({
    before: ({ github }) => {
      github.faults.clear()
      for (const event of ["pull_request", "pull_request_review"]) {
        github.faults.deliveries({ event, times: Infinity }, { kind: "drop" })
      }
    },
    heal: async (t) => {
      await t.app.sweep()
      await t.quiet()
    },
  }))
})
