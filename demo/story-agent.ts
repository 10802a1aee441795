/** The story goes on: an agent at a protected path, approvals that a push voids, and a merge that needs nobody. */
import { agent, deploy, done, grace, merged, report, showCalls, showGate, tryMerge } from "./acts.ts"
import type { Step } from "./acts.ts"
import type { Shop } from "./shop.ts"
import { tell } from "./screen.ts"
import type { World } from "./world.ts"

const stricter = `version: 1
mode: enforce
branches:
  main:
    stages: [{ checks: { require: [build, test] } }, policy, review]
    merge: { method: squash, auto: [low] }
    health: { window: 6s, deployments: [production] }
    rollback: { automatic: true, merge: auto }
risk: [{ level: high, paths: ["scripts/**"], reason: operations }]
review: { low: { approvals: 0 }, high: { approvals: 2 }, agents: two-humans }
policy: { protected_paths: ["scripts/rollback*"] }
`

const rollback = "scripts/rollback.sh"

/** From stricter rules to a change that merges by itself. */
export const guardrails: readonly Step[] = [
  {
    title: "The rules change: more is asked for, but low risk merges by itself, so an operator must agree",
    play: rules,
  },
  { title: "The agent changes a protected path: shut until an operator and a second person look at it", play: protect },
  { title: "Two people approve exactly this change, and the gate opens", play: approve },
  { title: "The agent pushes once more: both approvals were for another change", play: goStale },
  { title: "A small change of a person: nobody has to press a button", play: mergeItself },
]

async function pass(shop: Shop, pull: number): Promise<void> {
  tell("GitHub Actions", "reports: build success, test success")
  await report(shop, "build", { pull })
  await report(shop, "test", { pull })
}

async function rules({ shop }: World): Promise<void> {
  tell("max", "opens #2 “More rules”, which changes .github/promotion.yml")
  const files = { ".github/promotion.yml": stricter }
  await done(shop, "openPullRequest", { by: "max", head: "rules", title: "More rules", files })
  await pass(shop, 2)
  await showGate(shop, { number: 2, verdict: "failure", title: /^Blocked: this change loosens the gate's own config/ })
  await review(shop, "olga", 2)
  await showGate(shop, { number: 2, verdict: "success", title: /^Open: 1 of 1 stage passed/ }, "brief")
  tell("olga", "merges it; the new rules hold from now on, and production is watched for 6 s after a merge")
  await done(shop, "mergePullRequest", { by: "olga", number: 2, method: "squash" })
  await deploy(shop, 2, "success")
  await grace()
  await showCalls(shop)
}

async function protect({ shop }: World): Promise<void> {
  tell(agent, `opens #3 “Faster rollback”, which changes ${rollback}`)
  const files = { [rollback]: "git reset --hard\n" }
  await done(shop, "openPullRequest", { by: agent, head: "faster", title: "Faster rollback", files })
  await pass(shop, 3)
  await showGate(shop, { number: 3, verdict: "failure", title: /rollback\.sh is protected, 1 of 3 stages passed/ })
  await tryMerge(shop, agent, 3)
  await showCalls(shop)
}

async function review(shop: Shop, by: string, number = 3): Promise<void> {
  tell(by, "approves in a review")
  await done(shop, "review", { by, number, verdict: "APPROVE", body: "I looked at it." })
}

async function approve({ shop }: World): Promise<void> {
  await review(shop, "olga")
  await showGate(shop, { number: 3, verdict: "in_progress", title: /1 more approval needed \(high risk\)/ })
  await review(shop, "max")
  await showGate(shop, { number: 3, verdict: "success", title: /^Open: 3 of 3 stages passed/ }, "brief")
  await showCalls(shop)
}

async function goStale({ shop }: World): Promise<void> {
  tell(agent, "pushes “Skip the confirmation”")
  const files = { [rollback]: "git reset --hard --quiet\n" }
  await done(shop, "pushToPullRequest", { by: agent, number: 3, files, message: "Skip the confirmation" })
  await pass(shop, 3)
  await showGate(shop, { number: 3, verdict: "failure", title: /rollback\.sh is protected/ })
  await showCalls(shop)
}

async function mergeItself({ shop }: World): Promise<void> {
  tell("max", "opens #4 “Say hello”")
  const files = { "src/hello.ts": 'export const hello = "hello"\n' }
  await done(shop, "openPullRequest", { by: "max", head: "hello", title: "Say hello", files })
  await pass(shop, 4)
  await merged(shop, 4)
  tell("portcullis[bot]", "merges #4: every stage passed, and the config lets low risk pass", "good")
}
