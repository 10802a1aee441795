/** The story of one pull request. Every step waits for its outcome, shows it, and fails when it is another one. */
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

const patienceMs = 10_000
/** Time to read a line of weight before the next one. */
const readingMs = 500

const longestGraceMs = 3000

/** The longest that anything had to be waited for so far. */
let slowestMs = 0

const agent = "shipwright[bot]"
const number = 1
const brokenPrice = "export const price = (cents: number) => `${Math.round(cents / 100)} EUR`\n"
const mendedPrice = "export const price = (cents: number) => `${(cents / 100).toFixed(2)} €`\n"

/** From an opened pull request to a merged one. */
export const story: readonly Step[] = [
  { title: "An agent opens a pull request: nothing is known of it, so the gate is shut", play: open },
  { title: "A check fails: the gate says which one, and not even the agent gets past it", play: fail },
  {
    title: "The agent pushes a fix: a new commit starts at nothing, and the gate opens when its checks passed",
    play: mend,
  },
  { title: "Something burns in production: an operator pauses, and the green gate turns red", play: pause },
  { title: "A user who may only read asks to resume: refused, with the reason", play: refuse },
  { title: "The operator resumes: the gate is green again, no check had to run twice", play: resume },
  { title: "A person merges", play: merge },
]

async function open({ shop }: World): Promise<void> {
  tell(agent, "opens #1 “Show prices with the euro sign”, into main")
  await done(shop, "openPullRequest", {
    by: agent,
    head: "euro-sign",
    title: "Show prices with the euro sign",
    files: { "src/price.ts": brokenPrice },
  })
  await showGate(shop, { verdict: "in_progress", title: /^Waiting: build and test not passed yet/ })
  await showCalls(shop)
}

async function fail({ shop }: World): Promise<void> {
  tell("GitHub Actions", "reports: build success, test failure")
  await report(shop, "build", "success")
  await report(shop, "test", "failure")
  await showGate(shop, { verdict: "failure", title: /^Blocked: test failed/ })
  await tryMerge(shop, agent)
  await showCalls(shop)
}

async function mend({ shop }: World): Promise<void> {
  tell(agent, "pushes “Round to cents, not to euros”")
  await done(shop, "pushToPullRequest", {
    by: agent,
    number,
    files: { "src/price.ts": mendedPrice },
    message: "Round to cents, not to euros",
  })
  await showGate(shop, { verdict: "in_progress", title: /^Waiting: build and test not passed yet/ }, "brief")
  await sleep(readingMs)
  tell("GitHub Actions", "reports: build success, test success")
  await report(shop, "build", "success")
  await report(shop, "test", "success")
  await showGate(shop, { verdict: "success", title: /^Open: 1 of 1 stage passed/ })
  await showCalls(shop)
}

async function pause({ shop }: World): Promise<void> {
  const id = await comment(shop, "olga", "/pause-promotion the payment provider is down")
  await showGate(shop, { verdict: "failure", title: /^Blocked: paused by @olga/ })
  await showAnswer(shop, id, { reaction: "+1" })
  await tryMerge(shop, "max")
  await showCalls(shop)
}

async function refuse({ shop }: World): Promise<void> {
  const id = await comment(shop, "rita", "/resume-promotion looks fine to me")
  await showAnswer(shop, id, {
    reaction: "-1",
    reply: /it needs the .write. role in this repository, and you have .read/,
  })
  await showGate(shop, { verdict: "failure", title: /^Blocked: paused by @olga/ }, "still")
  await showCalls(shop)
}

async function resume({ shop }: World): Promise<void> {
  const id = await comment(shop, "olga", "/resume-promotion the provider is back")
  await showGate(shop, { verdict: "success", title: /^Open: 1 of 1 stage passed/ }, "brief")
  await showAnswer(shop, id, { reaction: "+1" })
  await showCalls(shop)
}

async function merge({ shop }: World): Promise<void> {
  tell("max", "presses “Squash and merge” on #1")
  await done(shop, "mergePullRequest", { by: "max", number, method: "squash" })
  const { state, mergeCommitSha } = await shop.pull(number)
  if (state !== "merged") throw new Untrue(`#1 should be merged, but is ${state}`)
  tell("GitHub", `merges it as ${(mergeCommitSha ?? "").slice(0, 12)}: the required check is green`, "good")
  await seen("the webhook that tells of the merge to be stored", async () => {
    const deliveries = await shop.deliveries()
    const told = deliveries.find(({ event, action }) => event === "pull_request" && action === "closed")
    return { value: told?.statusCode === 200 ? told : undefined, instead: `a delivery that is ${told?.status}` }
  })
  await showCalls(shop)
  // Nothing on GitHub shows that the merge is on the ledger, so the server gets ample time for it.
  await sleep(Math.min(Math.max(readingMs, 4 * slowestMs), longestGraceMs))
}

type Wanted = { verdict: string; title: RegExp }

/** Waits for the gate to say what it should, and shows it: with its explanation, only its title, or that it stayed. */
async function showGate(shop: Shop, wanted: Wanted, how: "full" | "brief" | "still" = "full"): Promise<void> {
  const { value: gate, tookMs } = await seen(`the gate to be ${wanted.verdict} with ${wanted.title}`, async () => {
    const now = await shop.gate(number)
    const fits = now?.verdict === wanted.verdict && wanted.title.test(now.title)
    return { value: fits ? now : undefined, instead: now === null ? "no gate" : `${now.verdict}: “${now.title}”` }
  })
  const when = how === "still" ? "as before" : `after ${seconds(tookMs)}`
  tell("Promotion gate", `${verdictMark(gate.verdict)} ${gate.title} (${when})`, toneOf(gate))
  if (how === "full") for (const line of interesting(gate)) tell("", line)
  await sleep(readingMs)
}

/** Waits for the reaction to a comment, and the reply if there is to be one. */
async function showAnswer(shop: Shop, id: number, wanted: { reaction: string; reply?: RegExp }): Promise<void> {
  const { value: reply } = await seen(`the reaction ${wanted.reaction} and its reply`, async () => {
    const { comments } = await shop.pull(number)
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
async function tryMerge(shop: Shop, by: string): Promise<void> {
  const outcome = await shop.act("mergePullRequest", { by, number })
  if (outcome.ok) throw new Untrue(`${by} could merge although the gate is shut`)
  if (!outcome.refusal.includes("Promotion gate"))
    throw new Untrue(`GitHub refused for another reason: ${outcome.refusal}`)
  tell(by, "tries to merge it all the same")
  tell("GitHub", `refuses: ${outcome.refusal}`, "bad")
  await sleep(readingMs)
}

async function showCalls(shop: Shop): Promise<void> {
  tell("asked of GitHub", asked(await shop.newCalls()), "aside")
}

async function report(shop: Shop, name: string, conclusion: string): Promise<void> {
  await done(shop, "reportCheck", { pull: number, name, conclusion })
}

async function comment(shop: Shop, by: string, body: string): Promise<number> {
  tell(by, `comments: ${body}`)
  return z.object({ id: z.number() }).parse(await done(shop, "comment", { by, number, body })).id
}

async function done(shop: Shop, name: string, args: Record<string, unknown>): Promise<unknown> {
  const outcome = await shop.act(name, args)
  if (!outcome.ok) throw new Untrue(`GitHub refused ${name}: ${outcome.refusal}`)
  return outcome.body
}

type Look<T> = () => Promise<{ value: T | undefined; instead: string }>

/** Looks again and again until there is what is waited for, for ten seconds at most. */
async function seen<T>(what: string, look: Look<T>): Promise<{ value: T; tookMs: number }> {
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
