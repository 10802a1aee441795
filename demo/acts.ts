/** What happens in the story, and how it is waited for and shown. */
import { performance } from "node:perf_hooks"
import { setTimeout as sleep } from "node:timers/promises"
import { z } from "zod"
import { seconds, tell } from "./screen.ts"
import type { Tone } from "./screen.ts"
import { asked, interesting, verdictMark } from "./words.ts"
import type { Gate, Shop } from "./shop.ts"
import type { World } from "./world.ts"

/** One step: a heading, and what happens under it. Rejects with {@link Untrue} when it does not come true. */
export type Step = { title: string; play(world: World): Promise<void> }

/** A step did not come true; the message says what was seen instead. */
export class Untrue extends Error {}

const patienceMs = 30_000
/** Time to read a line of weight before the next one. */
export const readingMs = 500

const longestGraceMs = 3000

/** The longest that anything had to be waited for so far. */
let slowestMs = 0

/** The agent of the story. */
export const agent = "shipwright[bot]"

/** Number of the pull request that the story begins with. */
export const firstPull = 1

/** Time for what nothing on GitHub shows: that the merge is on the ledger. */
export async function grace(): Promise<void> {
  await sleep(Math.min(Math.max(readingMs, 4 * slowestMs), longestGraceMs))
}

/** What the gate must come to say; of the first pull request unless told. */
export type Wanted = { verdict: string; title: RegExp; number?: number }

/** Waits for the gate to say what it should, and shows it: with its explanation, only its title, or that it stayed. */
export async function showGate(shop: Shop, wanted: Wanted, how: "full" | "brief" | "still" = "full"): Promise<void> {
  const { value: gate, tookMs } = await seen(`the gate to be ${wanted.verdict} with ${wanted.title}`, async () => {
    const now = await shop.gate(wanted.number ?? firstPull)
    const fits = now?.verdict === wanted.verdict && wanted.title.test(now.title)
    return { value: fits ? now : undefined, instead: now === null ? "no gate" : `${now.verdict}: “${now.title}”` }
  })
  const of = wanted.number === undefined ? "" : `#${wanted.number}, `
  const when = how === "still" ? "as before" : `after ${seconds(tookMs)}`
  tell("Promotion gate", `${verdictMark(gate.verdict)} ${gate.title} (${of}${when})`, toneOf(gate))
  if (how === "full") for (const line of interesting(gate)) tell("", line)
  await sleep(readingMs)
}

/**
 * Waits for what Portcullis says of the commit that a pull request landed with, and shows its title; with `says`, also the
 * sentence of its summary that this fits.
 */
export async function showHealth(shop: Shop, wanted: Wanted & { number: number; says?: RegExp }): Promise<void> {
  const { number, verdict, title, says } = wanted
  const { value, tookMs } = await seen(`the health of #${number} to be ${verdict} with ${says ?? title}`, async () => {
    const now = await shop.health(number)
    const [said] = says === undefined ? [""] : (says.exec(now?.summary ?? "") ?? [])
    const fits = now?.verdict === verdict && title.test(now.title) && said !== undefined
    return {
      value: fits ? { ...now, said } : undefined,
      instead: now === null ? "none" : `${now.verdict}: “${now.title}”`,
    }
  })
  const when = `#${number}, after ${seconds(tookMs)}`
  tell("Promotion health", `${verdictMark(value.verdict)} ${value.title} (${when})`, toneOf(value))
  if (value.said !== "") tell("", value.said)
  await sleep(readingMs)
}

/** Waits for the reaction to a comment, and the reply if there is to be one. */
export async function showAnswer(shop: Shop, id: number, wanted: { reaction: string; reply?: RegExp }): Promise<void> {
  const { value: reply } = await seen(`the reaction ${wanted.reaction} and its reply`, async () => {
    const { comments } = await shop.pull(firstPull)
    const reactions = comments.find((one) => one.id === id)?.reactions ?? []
    const found = comments.findLast((one) => one.author === "portcullis[bot]" && one.id > id)?.body
    const fits = reactions.includes(wanted.reaction) && (wanted.reply?.test(found ?? "") ?? found === undefined)
    return { value: fits ? (found ?? "") : undefined, instead: `reactions [${reactions.join()}] and “${found ?? ""}”` }
  })
  const face = wanted.reaction === "+1" ? "👍" : "👎"
  const words = reply.replace(/<!--.*?-->/s, "").trim()
  tell("portcullis[bot]", words === "" ? `reacts with ${face}` : `reacts with ${face} and replies: “${words}”`)
  if (words !== "") await sleep(readingMs)
}

/** Lets somebody press the merge button while the gate is shut; GitHub must refuse because of the gate. */
export async function tryMerge(shop: Shop, by: string, number = firstPull): Promise<void> {
  const outcome = await shop.act("mergePullRequest", { by, number })
  if (outcome.ok) throw new Untrue(`${by} could merge although the gate is shut`)
  if (!outcome.refusal.includes("Promotion gate"))
    throw new Untrue(`GitHub refused for another reason: ${outcome.refusal}`)
  tell(by, "tries to merge it all the same")
  tell("GitHub", `refuses: ${outcome.refusal}`, "bad")
  await sleep(readingMs)
}

/** Shows what was asked of GitHub since the last time: each kind of request, or where there are many only the number. */
export async function showCalls(shop: Shop, how: "each" | "number" = "each"): Promise<void> {
  const calls = await shop.newCalls()
  tell("asked of GitHub", how === "each" ? asked(calls) : `${calls.length} requests`, "aside")
}

/** GitHub Actions reports a check on a pull request. */
export async function report(
  shop: Shop,
  name: string,
  { conclusion = "success", pull = firstPull } = {},
): Promise<void> {
  await done(shop, "reportCheck", { pull, name, conclusion })
}

/** The commit that a pull request was merged with is brought into production, and that goes well or not. */
export async function deploy(shop: Shop, number: number, state: "success" | "failure"): Promise<void> {
  const { mergeCommitSha: ref } = await shop.pull(number)
  await done(shop, "deploy", { by: "max", ref, environment: "production", state })
  tell("GitHub Actions", `deploys #${number} to production: ${state}`, state === "success" ? "plain" : "bad")
}

/** Waits until the app has merged a pull request by itself. */
export async function merged(shop: Shop, number: number): Promise<void> {
  await seen(`#${number} to be merged by the app`, async () => {
    const { state } = await shop.pull(number)
    return { value: state === "merged" ? state : undefined, instead: `#${number} ${state}` }
  })
}

/** Somebody comments; resolves to the comment's id. */
export async function comment(shop: Shop, by: string, body: string): Promise<number> {
  tell(by, `comments: ${body}`)
  return z.object({ id: z.number() }).parse(await done(shop, "comment", { by, number: firstPull, body })).id
}

/** Does something on GitHub that must not be refused; resolves to its answer. */
export async function done(shop: Shop, name: string, args: Record<string, unknown>): Promise<unknown> {
  const outcome = await shop.act(name, args)
  if (!outcome.ok) throw new Untrue(`GitHub refused ${name}: ${outcome.refusal}`)
  return outcome.body
}

type Look<T> = () => Promise<{ value: T | undefined; instead: string }>

/** Looks again and again until there is what is waited for, for half a minute at most. */
export async function seen<T>(what: string, look: Look<T>): Promise<{ value: T; tookMs: number }> {
  const begunAt = performance.now()
  for (;;) {
    const { value, instead } = await look()
    const tookMs = performance.now() - begunAt
    if (value !== undefined) {
      slowestMs = Math.max(slowestMs, tookMs)
      return { value, tookMs }
    }
    if (tookMs > patienceMs) throw new Untrue(`waited ${seconds(patienceMs)} for ${what}; there was ${instead}`)
    await sleep(50)
  }
}

function toneOf({ verdict }: Gate): Tone {
  return verdict === "success" ? "good" : verdict === "failure" ? "bad" : "waiting"
}
