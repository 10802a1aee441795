/** The story of one pull request. Every step waits for its outcome, shows it, and fails when it is another one. */
import { setTimeout as sleep } from "node:timers/promises"
import {
  agent,
  comment,
  done,
  firstPull as number,
  grace,
  readingMs,
  report,
  seen,
  showAnswer,
  showCalls,
  showGate,
  tryMerge,
  Untrue,
} from "./acts.ts"
import type { Step } from "./acts.ts"
import { tell } from "./screen.ts"
import type { World } from "./world.ts"

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
  await report(shop, "build")
  await report(shop, "test", { conclusion: "failure" })
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
  await report(shop, "build")
  await report(shop, "test")
  await showGate(shop, { verdict: "success", title: /^Open: 1 of 1 stage passed/ })
  await showCalls(shop)
}

async function pause({ shop }: World): Promise<void> {
  const id = await comment(shop, "olga", "/pause-promotion the payment provider is down")
  await showGate(shop, { verdict: "failure", title: /^Blocked: paused by @olga/ })
  await showAnswer(shop, id, { reaction: "+1", reply: /1 of 1 gate shut in [\d.]+ s; none merged meanwhile/ })
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
  await grace()
}
