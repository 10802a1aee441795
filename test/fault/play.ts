import type { ApiCallRecord, Delivery } from "../github/traffic.ts"
import { playScenario } from "../harness/scenario.ts"
import type { Scenario } from "../harness/verbs.ts"
import { beginLife, type Cut, type Fate, type Life } from "./mortal.ts"
import { plainPath, stateOf, type Path, type State, type Step, type Trail } from "./path.ts"
import { letClaimsLapse, superviseQueue } from "./queue-time.ts"

/** Playing the path: once undisturbed, and then again with something going wrong in every step. */

/** What there was to see after a step, and what came of it: the cuts, the requests, the webhooks of the app. */
export type Played = {
  step: string
  state: State
  cuts: readonly Cut[]
  calls: readonly ApiCallRecord[]
  deliveries: readonly Delivery[]
}

/** How a play is disturbed, and who looks on. What is left out does nothing. */
export type Disturbance = {
  /** Asked at each cut of the first life in every step; `place` counts from 0 in each step. */
  fateOf?(cut: Cut, place: number): Fate
  /** Before each step: sets up what goes wrong in it. */
  before?(t: Scenario): void
  /** When the app has done what it could by itself. */
  heal?(t: Scenario): Promise<void>
  /** Looks at what there is after each step. */
  after(played: Played): void
}

type Watch = { on: boolean; cuts: Cut[]; lives: Life[]; answerLost: boolean }

/**
 * Plays the path. After a death the process is started again on the same database, a sweep runs, as at every start,
 * and the path goes on.
 */
export async function playPath(disturbance: Disturbance, path: Path = plainPath): Promise<void> {
  const watch: Watch = { on: false, cuts: [], lives: [], answerLost: false }
  const run = async (t: Scenario): Promise<void> => {
    t.tolerateErrors()
    const trail: Trail = { pr: { number: 0 } }
    for (const step of path.steps) {
      t.clock.advance(1000)
      disturbance.before?.(t)
      Object.assign(watch, { on: true, cuts: [], answerLost: false })
      t.github.calls.clear()
      const { length } = t.github.deliveries.log()
      await takeStep({ t, trail, watch }, step)
      await disturbance.heal?.(t)
      const { calls, deliveries } = t.github
      const came = deliveries.log().slice(length)
      disturbance.after({
        step: step.name,
        state: await stateOf(t),
        cuts: watch.cuts,
        calls: [...calls.all()],
        deliveries: came.filter(({ app }) => app.id === t.credentials.appId),
      })
    }
  }
  await playScenario(run, {
    ...path.options,
    stand: (ground) => {
      const life = beginLife(ground, (cut) => {
        if (!watch.on) return "go on"
        watch.cuts.push(cut)
        const fate = disturbance.fateOf?.(cut, watch.cuts.length - 1) ?? "go on"
        watch.answerLost ||= fate === "lose answer"
        return fate
      })
      watch.lives.push(life)
      return life.ground
    },
  })
  for (const life of watch.lives) await life.end()
}

type Play = { t: Scenario; trail: Trail; watch: Watch }

/** Most rounds of work in one step: each may lose an answer of the database. */
const limitRounds = 40

async function takeStep(play: Play, step: Step): Promise<void> {
  const { t, watch } = play
  const isDead = (): boolean => watch.lives.at(-1)?.isDead() === true
  await act(play, step)
  for (let round = 0; !isDead(); round += 1) {
    watch.answerLost = false
    try {
      await t.quiet()
    } catch (error) {
      const isMeant = isDead() || watch.answerLost
      if (!isMeant || round === limitRounds) throw error
    }
    if (!watch.answerLost) break
    // What the app took without learning of it is only given back when nobody has touched it for a while.
    await letClaimsLapse(t.database.pool)
    await superviseQueue(t.database.pool)
  }
  watch.on = false
  const life = watch.lives.at(-1)
  if (life?.isDead() === true) await revive(t, life)
}

/** Most times an act of the app's own is begun, once for every request in it. */
const limitActs = 10

/** The app's own acts are begun again when they fail, by a timer or by whoever keeps the process running. */
async function act({ t, trail, watch }: Play, step: Step): Promise<void> {
  for (let count = 1; ; count += 1) {
    try {
      await step.act(t, trail)
      return
    } catch (error) {
      if (watch.lives.at(-1)?.isDead() === true) return
      if (step.who === "people" || count === limitActs) throw error
    }
  }
}

async function revive(t: Scenario, dead: Life): Promise<void> {
  await dead.gone()
  // On a server the new process cannot know that the old one is dead, except by its silence.
  if (t.database.kind === "postgresql") await letClaimsLapse(t.database.pool)
  await t.restart()
  await t.app.sweep()
  await t.quiet()
}
