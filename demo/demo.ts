/**
 * `npm run demo`: plays the lives of seven pull requests on the real server and a GitHub of our own, and checks every step.
 * Ends with 0 only if every step came true. `--keep` leaves both running until Ctrl-C.
 */
import { rmSync } from "node:fs"
import { endingWords } from "./children.ts"
import { introduce, introduceWorld, invite } from "./introduction.ts"
import { proof } from "./proof.ts"
import { heading, hush, quote, say, seconds } from "./screen.ts"
import { story } from "./story.ts"
import { guardrails } from "./story-agent.ts"
import { production } from "./story-production.ts"
import { layGround, openWorld } from "./world.ts"
import type { Ground, World } from "./world.ts"

/** Most for the start, and most for the story: half a minute is usual, but a machine may be busy, and this is for what hangs. */
const limitMs = 300_000
const exitInterrupted = 130

/** Where the demo stands, for the words at its end. */
type Progress = { world: World | undefined; step: string }

/** Ctrl-C, or the same from another program. */
class Interrupted extends Error {}

await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<void> {
  const unknown = args.filter((arg) => arg !== "--keep")
  if (unknown.length > 0) {
    say(`The demo knows one option, --keep, and not ${unknown.join(" ")}.`)
    process.exit(1)
  }
  const ground = await layGround()
  const interrupted = interruption(ground)
  const progress: Progress = { world: undefined, step: "The start" }
  let code = 0
  let keeping = false
  try {
    introduce()
    const world = await Promise.race([openWorld(ground), interrupted, deadline()])
    progress.world = world
    await Promise.race([play(world, progress), interrupted, deadline()])
    progress.step = "Keeping it running"
    keeping = args.includes("--keep")
    if (keeping) await Promise.race([keepRunning(world), interrupted])
  } catch (error) {
    // Ctrl-C is how people end what they keep; before that it cuts the story short.
    code = error instanceof Interrupted && keeping ? 0 : explain(error, progress)
    hush()
  }
  await ground.close()
  process.exit(code)
}

async function play(world: World, progress: Progress): Promise<void> {
  await introduceWorld(world)
  const steps = [...story, ...guardrails, ...production, ...proof]
  for (const [index, step] of steps.entries()) {
    progress.step = `Step ${index + 1}, “${step.title}”,`
    heading(index + 1, step.title)
    await step.play(world)
  }
  say()
  say(`All ${steps.length} steps came true.`, "good")
}

async function keepRunning(world: World): Promise<void> {
  await world.startServer()
  invite(world)
  throw new Error(`The server ${endingWords(await world.serverEnded())} by itself.`)
}

/** Says what went wrong, and gives the exit code for it. */
function explain(error: unknown, { world, step }: Progress): number {
  if (error instanceof Interrupted) {
    say()
    say("Stopped before its end.")
    return exitInterrupted
  }
  say()
  say(`✖ ${step} did not come true:`, "bad")
  quote(error instanceof Error ? error.message : String(error))
  if (world !== undefined) {
    const ending = world.serverEnding()
    say()
    say(`The server ${ending === undefined ? "is running" : endingWords(ending)}. Its log:`, "strong")
    quote(world.serverLog() === "" ? "(nothing at level warn or above)" : world.serverLog())
  }
  return 1
}

/** Rejects at the first signal, and when nobody reads on. At the second signal everything ends at once. */
function interruption(ground: Ground): Promise<never> {
  return new Promise((_, reject) => {
    let asked = false
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(signal, () => {
        if (asked) {
          ground.children.killAll()
          rmSync(ground.dir, { recursive: true, force: true })
          process.exit(exitInterrupted)
        }
        asked = true
        reject(new Interrupted())
      })
    }
    process.stdout.on("error", () => reject(new Interrupted()))
  })
}

function deadline(): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(
      () => reject(new Error(`This may take ${seconds(limitMs)} at most, and they are over.`)),
      limitMs,
    ).unref()
  })
}
