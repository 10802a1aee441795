/** The story's end: what was merged has to prove itself, and what hurts is taken back without anybody's doing. */
import { deploy, done, grace, merged, report, seen, showCalls, showGate, showHealth, Untrue } from "./acts.ts"
import type { Step } from "./acts.ts"
import type { PullState, Shop } from "./shop.ts"
import { tell } from "./screen.ts"
import type { World } from "./world.ts"

const good = 4
const bad = 5
const waiting = 7
const tagName = "known-good/main"
const pausedTitle = /^Blocked: paused by Portcullis itself/
const failedTitle = /^Unhealthy: deployment to production failed/

/** From a merge that proves itself to one that is taken back. */
export const production: readonly Step[] = [
  { title: "A merge is not success: it is watched in production, and then it is known-good", play: proveItself },
  { title: "A bad change: its checks pass and it is merged, but in production it fails", play: fail },
  { title: "It is taken back without anybody's doing, and nothing else goes in meanwhile", play: takeBack },
  { title: "What took it back proves itself as well, so the bad change counts as rolled back", play: mended },
  { title: "An operator resumes: what waited opens, and merges by itself", play: resume },
]

async function passes(shop: Shop, pull: number): Promise<void> {
  tell("GitHub Actions", `reports for #${pull}: build success, test success`)
  await report(shop, "build", { pull })
  await report(shop, "test", { pull })
}

/** Waits for the known-good tag to be at the commit that a pull request was merged with, and shows its message. */
async function showTag(shop: Shop, number: number): Promise<void> {
  const { mergeCommitSha: sha } = await shop.pull(number)
  const { value: tag } = await seen(`the tag ${tagName} to be at what #${number} landed with`, async () => {
    const now = await shop.tag(tagName)
    return { value: now?.sha === sha ? now : undefined, instead: now === undefined ? "no tag" : `it at ${now.sha}` }
  })
  tell("git tag", `${tagName} is at ${tag.sha.slice(0, 12)}, the merge of #${number}. Its message:`, "good")
  const lines = (tag.message ?? "").trimEnd().split("\n")
  for (const line of lines.filter((one) => one !== "").slice(1)) tell("", line, "aside")
}

async function proveItself({ shop }: World): Promise<void> {
  await deploy(shop, good, "success")
  await showHealth(shop, { number: good, verdict: "in_progress", title: /^Observing/ })
  await showHealth(shop, { number: good, verdict: "success", title: /known-good/i })
  await showTag(shop, good)
  await showCalls(shop, "number")
}

async function fail({ shop }: World): Promise<void> {
  tell("max", `opens #${bad} “Cheaper totals”`)
  const files = { "src/total.ts": "export const total = (prices: number[]) => Math.min(...prices)\n" }
  await done(shop, "openPullRequest", { by: "max", head: "totals", title: "Cheaper totals", files })
  await passes(shop, bad)
  await merged(shop, bad)
  tell("portcullis[bot]", `merges #${bad}: its gate is open, nobody could know better`)
  await deploy(shop, bad, "failure")
  await showHealth(shop, { number: bad, verdict: "failure", title: failedTitle })
}

/** The pull request that the app opened to take the bad change back. */
async function rollbackOf(shop: Shop): Promise<PullState> {
  const { value } = await seen("a pull request that takes it back", async () => {
    const found = (await shop.pulls()).find(({ author }) => author === "portcullis[bot]")
    return { value: found, instead: "none" }
  })
  return value
}

async function takeBack({ shop }: World): Promise<void> {
  const rollback = await rollbackOf(shop)
  tell("portcullis[bot]", `opens #${rollback.number} “${rollback.title}”. It says:`)
  for (const line of excerpt(rollback.body)) tell("", line, "aside")
  tell("max", `opens #${waiting} “Thank the customer”`)
  const files = { "src/thanks.ts": 'export const thanks = "thank you"\n' }
  await done(shop, "openPullRequest", { by: "max", head: "thanks", title: "Thank the customer", files })
  await passes(shop, waiting)
  await showGate(shop, { number: waiting, verdict: "failure", title: pausedTitle })
  await passes(shop, rollback.number)
  await merged(shop, rollback.number)
  tell(
    "portcullis[bot]",
    `merges #${rollback.number}: its own checks passed, and a rollback goes through a pause`,
    "good",
  )
  await showCalls(shop, "number")
}

/** The first sentences of a pull request's text, without its small print. */
function excerpt(body: string): string[] {
  return body
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.startsWith("<sub>"))
    .slice(0, 6)
}

async function mended({ shop }: World): Promise<void> {
  const { number } = await rollbackOf(shop)
  await deploy(shop, number, "success")
  await showHealth(shop, { number, verdict: "success", title: /known-good/i })
  await showTag(shop, number)
  await showHealth(shop, { number: bad, verdict: "failure", title: failedTitle, says: /It was taken back .*/ })
  await showGate(shop, { number: waiting, verdict: "failure", title: pausedTitle }, "still")
  await showCalls(shop, "number")
}

async function resume({ shop }: World): Promise<void> {
  const body = "/resume-promotion the totals are right again"
  tell("olga", `comments on #${bad}: ${body}`)
  await done(shop, "comment", { by: "olga", number: bad, body })
  await showGate(shop, { number: waiting, verdict: "success", title: /^Open: 3 of 3 stages passed/ }, "brief")
  await merged(shop, waiting)
  tell("portcullis[bot]", `merges #${waiting}: the pause is over, and every stage had passed`, "good")
  const { state } = await shop.pull(bad)
  if (state !== "merged") throw new Untrue(`#${bad} should stay as it is`)
  await showCalls(shop, "number")
  await grace()
}
