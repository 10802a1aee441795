import { expect } from "vitest"
import type { App } from "../../src/app.ts"
import type { OutgoingDelivery } from "../github/deliveries.ts"
import { playScenario } from "../harness/scenario.ts"
import type { Scenario } from "../harness/verbs.ts"
import { stateOf, steps, type State, type Trail } from "./path.ts"

/** Everything people do, up to the resumed gate, happens before the app hears of anything. */

/** What can be seen when all is over, whatever way led there. */
export type Outcome = Pick<State, "checkRuns" | "comments" | "reports" | "lookAgain" | "dirty"> & {
  /** What the ledger says of people's commands, in order. */
  commands: readonly string[]
  /** The newest entry about the promotion. */
  last: string | undefined
}

/** Lets everything happen, then `hear` tells the app of it; reads what came of it when the app is quiet. */
export async function playAtOnce(hear: (t: Scenario) => Promise<void>): Promise<Outcome> {
  const outcomes: Outcome[] = []
  await playScenario(
    async (t) => {
      const trail: Trail = { pr: { number: 0 } }
      for (const step of steps.slice(0, 1 + steps.findIndex(({ name }) => name === "resumed"))) {
        if (step.who === "app") continue
        t.clock.advance(1000)
        await step.act(t, trail)
      }
      await hear(t)
      await t.quiet()
      outcomes.push(await outcomeOf(t))
    },
    { installed: false },
  )
  const [outcome] = outcomes
  if (outcome === undefined) throw new Error("nothing was played")
  return outcome
}

async function outcomeOf(t: Scenario): Promise<Outcome> {
  const { checkRuns, comments, reports, lookAgain, dirty } = await stateOf(t)
  const told = await t.told()
  const isCommand = ([what]: [string, unknown]): boolean => /^command_|^promotion_pause_changed/.test(what)
  return {
    checkRuns,
    comments: receiptsLast(comments),
    reports,
    lookAgain,
    dirty,
    commands: told.filter(isCommand).map((entry) => JSON.stringify(entry)),
    last: told.findLast((entry) => /^p.* by portcullis$/.test(entry[0]))?.[0],
  }
}

/** How many gates a pause found open, and when that is told, depends on what was heard before; that it is told once does not. */
function receiptsLast(comments: readonly string[]): string[] {
  const isReceipt = (comment: string): boolean => comment.includes("<!-- portcullis:receipt:")
  const receipts = comments.filter(isReceipt).map((comment) => comment.replace(/^[^\n]*/, "a receipt"))
  return [...comments.filter((comment) => !isReceipt(comment)), ...receipts]
}

/** Hands one webhook to an app's door. */
export async function post(app: Pick<App, "door">, { headers, body }: OutgoingDelivery): Promise<void> {
  const { status } = await app.door({ header: (name) => headers[name] ?? null, body })
  expect(status).toBe(200)
}
