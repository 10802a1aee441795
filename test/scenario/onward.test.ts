import { expect } from "vitest"
import { readCommit } from "../github/git-object.ts"
import { readFile } from "../github/git-tree.ts"
import {
  deploys,
  headOf,
  healthOf,
  later,
  merges,
  opensBy,
  promotes,
  repositoryOf,
  tagAt,
} from "../harness/after-merge.ts"
import { scenario, useDatabase } from "../harness/scenario.ts"
import type { Scenario } from "../harness/verbs.ts"

useDatabase()

const minute = 60_000

type Ways = { merge?: "auto" | "manual"; stages?: string; policy?: string; rollback?: string }

/** What proves itself on develop goes on to main. */
const config = ({
  merge = "manual",
  stages = "[{ checks: { require: [build] } }, policy]",
  policy = "",
  rollback = "{}",
}: Ways = {}) => {
  return `version: 1
mode: enforce
branches:
  main:
    from: [develop, "hotfix/*"]
    stages: ${stages}
  develop:
    stages: [{ checks: { require: [build] } }]
    health: { window: 5m, deployments: [staging] }
    promote_to: { branch: main, merge: ${merge} }
    rollback: ${rollback}
${policy}`
}

/** Promotes a change into develop, and lets it prove itself there; resolves to the commit that landed. */
async function provesItself(t: Scenario, path = "src/shop.ts"): Promise<string> {
  const { sha } = await promotes(t, { base: "develop", files: { [path]: `export const at = "${path}"\n` } })
  await deploys(t, { sha, environment: "staging" })
  await later(t, 6 * minute)
  expect(await tagAt(t, "known-good/develop")).toBe(sha)
  return sha
}

async function branchesOff(t: Scenario): Promise<void> {
  await t.people.createBranch({ repo: t.repo, by: "olga", branch: "develop" })
  await t.quiet()
}

scenario(
  "what is known-good on develop is proposed to main, and nothing unproven goes along",
  async (t) => {
    await branchesOff(t)
    const sha = await provesItself(t)
    await promotes(t, { base: "develop" })
    expect(opensBy(t)).toMatchInlineSnapshot(`
      [
        {
          "body": "This carries exactly \`<sha>\`, the known-good commit of \`develop\` (tag \`known-good/develop\`): it passed its health window there, and nothing that came after it goes along. When a newer commit is known-good, Portcullis brings this pull request forward to that.

      It carries:

      - #1

      <sub>run id \`<run id>\`</sub>",
          "head": "portcullis/promote-develop",
          "number": 2,
          "state": "open",
          "title": "Promote develop to main (1 change)",
        },
      ]
    `)
    expect(await headOf(t, "portcullis/promote-develop")).toBe(sha)
    const [onward] = opensBy(t)
    const pr = { number: onward?.number ?? 0 }
    expect(t.gate(pr)?.line).toMatchInlineSnapshot(
      `"in_progress | Waiting: build not passed yet, 1 of 2 stages passed"`,
    )
    await t.check(pr)
    await t.quiet()
    expect(t.gate(pr)?.line).toMatchInlineSnapshot(`"success | Open: 2 of 2 stages passed"`)
    await merges(t, pr)
    expect(opensBy(t).map(({ state }) => state)).toEqual(["merged"])
  },
  { config: config() },
)

scenario(
  "the open promotion is brought forward, and the next one carries only what is new",
  async (t) => {
    await branchesOff(t)
    await provesItself(t)
    const second = await provesItself(t, "src/second.ts")
    const [onward, ...others] = opensBy(t)
    expect(others).toEqual([])
    expect(onward).toMatchInlineSnapshot(`
      {
        "body": "This carries exactly \`<sha>\`, the known-good commit of \`develop\` (tag \`known-good/develop\`): it passed its health window there, and nothing that came after it goes along. When a newer commit is known-good, Portcullis brings this pull request forward to that.

      It carries:

      - #3
      - #1

      <sub>run id \`<run id>\`</sub>",
        "head": "portcullis/promote-develop",
        "number": 2,
        "state": "open",
        "title": "Promote develop to main (2 changes)",
      }
    `)
    expect(await headOf(t, "portcullis/promote-develop")).toBe(second)
    const pr = { number: onward?.number ?? 0 }
    await t.check(pr)
    await t.quiet()
    await merges(t, pr)
    await provesItself(t, "src/third.ts")
    expect(opensBy(t).map(({ state, title }) => `${state}: ${title}`)).toMatchInlineSnapshot(`
      [
        "merged: Promote develop to main (2 changes)",
        "open: Promote develop to main (1 change)",
      ]
    `)
  },
  { config: config() },
)

scenario(
  "with `merge: auto` the app merges it when its gate is open, and never while main is paused",
  async (t) => {
    await branchesOff(t)
    const change = await t.openPullRequest()
    await t.says(change, "olga", "/pause-promotion freeze --branch main")
    await t.quiet()
    const sha = await provesItself(t)
    const [onward] = opensBy(t)
    const pr = { number: onward?.number ?? 0 }
    await t.check(pr)
    await t.quiet()
    expect(t.gate(pr)?.line).toMatchInlineSnapshot(`"failure | Blocked: paused by @olga, 2 of 2 stages passed"`)
    expect(opensBy(t)[0]?.state).toBe("open")
    await t.says(change, "olga", "/resume-promotion")
    await t.quiet()
    expect(opensBy(t)[0]?.state).toBe("merged")
    const promoted = (await t.ledger()).filter(({ type, branch }) => type === "promoted" && branch === "main")
    expect(promoted.map(({ payload }) => "merged_by" in payload && payload.merged_by)).toEqual(["portcullis"])
    expect((await readCommit(repositoryOf(t).store, await headOf(t)))?.parents[1]).toBe(sha)
  },
  { config: config({ merge: "auto" }) },
)

scenario(
  "the deployment to staging that develop proved itself by counts for main, and a later one hides it",
  async (t) => {
    await branchesOff(t)
    await provesItself(t)
    const [onward] = opensBy(t)
    const pr = { number: onward?.number ?? 0 }
    expect(t.gate(pr)?.line).toMatchInlineSnapshot(`"success | Open: 2 of 2 stages passed"`)
    const { sha } = await promotes(t, { base: "develop" })
    await deploys(t, { sha, environment: "staging" })
    expect(t.gate(pr)?.line).toMatchInlineSnapshot(
      `"in_progress | Waiting: not deployed to staging yet, 1 of 2 stages passed"`,
    )
    await later(t, 6 * minute)
    expect(t.gate(pr)?.line).toMatchInlineSnapshot(`"success | Open: 2 of 2 stages passed"`)
  },
  { config: config({ stages: "[policy, { deployment: { environment: staging, observe: 5m } }]" }) },
)

scenario(
  "the sections that a description must have are there",
  async (t) => {
    await branchesOff(t)
    await provesItself(t)
    const [onward] = opensBy(t)
    expect(onward?.body).toMatchInlineSnapshot(`
      "This carries exactly \`<sha>\`, the known-good commit of \`develop\` (tag \`known-good/develop\`): it passed its health window there, and nothing that came after it goes along. When a newer commit is known-good, Portcullis brings this pull request forward to that.

      It carries:

      - #1

      ## Test plan

      Each change proved itself on \`develop\`: see the check run \`Promotion health\` on its commit.

      <sub>run id \`<run id>\`</sub>"
    `)
    expect(t.gate({ number: onward?.number ?? 0 })?.line).toMatchInlineSnapshot(`"success | Open: 1 of 1 stage passed"`)
  },
  {
    config: config({ stages: "[policy]", policy: 'policy: { description: { require_sections: ["Test plan"] } }\n' }),
  },
)

scenario(
  "what a person closes stays closed until something newer is known-good",
  async (t) => {
    await branchesOff(t)
    await provesItself(t)
    const [first] = opensBy(t)
    await t.people.closePullRequest({ repo: t.repo, by: "max", number: first?.number ?? 0 })
    await later(t, 60 * minute)
    await t.app.sweep()
    await t.quiet()
    expect(opensBy(t).map(({ state }) => state)).toEqual(["closed"])
    await provesItself(t, "src/second.ts")
    expect(opensBy(t).map(({ state }) => state)).toEqual(["closed", "open"])
  },
  { config: config() },
)

scenario(
  "a push of somebody else onto its branch makes it a pull request like any other",
  async (t) => {
    await branchesOff(t)
    await provesItself(t)
    const [onward] = opensBy(t)
    const pr = { number: onward?.number ?? 0 }
    await t.push(pr, "max", { "src/along.ts": "export const along = true\n" })
    await t.check(pr)
    await t.quiet()
    expect(t.gate(pr)?.line).toMatchInlineSnapshot(
      `"failure | Blocked: nothing comes into main from this branch, 1 of 2 stages passed"`,
    )
    expect(opensBy(t)[0]?.state).toBe("open")
    await provesItself(t, "src/second.ts")
    expect(opensBy(t).map(({ state, title }) => `${state}: ${title}`)).toMatchInlineSnapshot(`
      [
        "open: Promote develop to main (1 change)",
      ]
    `)
    const health = healthOf(t, (await tagAt(t, "known-good/develop")) ?? "")
    expect(health?.summary.split("\n").find((line) => line.includes("proposed"))).toMatchInlineSnapshot(
      `"It was not proposed to \`main\`: somebody else pushed to the branch portcullis/promote-develop, or opened a pull request from it: delete that branch. The next known-good commit is tried again."`,
    )
  },
  { config: config({ merge: "auto" }) },
)

scenario(
  "when develop takes back what is on its way to main, that pull request is closed, and the repaired develop goes on",
  async (t) => {
    await branchesOff(t)
    await provesItself(t)
    const bad = await promotes(t, { base: "develop", files: { "src/bad.ts": "export const bad = true\n" } })
    await deploys(t, { sha: bad.sha, environment: "staging" })
    await later(t, 6 * minute)
    const [onward] = opensBy(t)
    await t.says(bad.pr, "olga", "/rollback it breaks the checkout")
    await t.quiet()
    expect(opensBy(t).map(({ state, title }) => `${state}: ${title}`)).toMatchInlineSnapshot(`
      [
        "closed: Promote develop to main (2 changes)",
        "open: Revert #3",
      ]
    `)
    expect(opensBy(t)[0]?.body).toMatchInlineSnapshot(
      `"Portcullis closed this: some of what it carried is being taken out of \`develop\`. What is known-good there next gets a pull request of its own."`,
    )
    await t.people.reopenPullRequest({ repo: t.repo, by: "max", number: onward?.number ?? 0 })
    await t.check({ number: onward?.number ?? 0 })
    await t.quiet()
    expect(t.gate({ number: onward?.number ?? 0 })?.line).toMatchInlineSnapshot(
      `"failure | Blocked: nothing comes into main from this branch, 1 of 2 stages passed"`,
    )
    await t.people.closePullRequest({ repo: t.repo, by: "max", number: onward?.number ?? 0 })
    const rollback = { number: opensBy(t)[1]?.number ?? 0 }
    await t.check(rollback)
    await t.quiet()
    const sha = await merges(t, rollback)
    await deploys(t, { sha, environment: "staging" })
    await later(t, 6 * minute)
    expect(opensBy(t).map(({ state, title }) => `${state}: ${title}`)).toMatchInlineSnapshot(`
      [
        "closed: Promote develop to main (2 changes)",
        "merged: Revert #3",
        "open: Promote develop to main (3 changes)",
      ]
    `)
    expect(opensBy(t).at(-1)?.body).toMatchInlineSnapshot(`
      "This carries exactly \`<sha>\`, the known-good commit of \`develop\` (tag \`known-good/develop\`): it passed its health window there, and nothing that came after it goes along. When a newer commit is known-good, Portcullis brings this pull request forward to that.

      It carries:

      - #4
      - #3 (taken out again)
      - #1

      <sub>run id \`<run id>\`</sub>"
    `)
    expect(await headOf(t, "portcullis/promote-develop")).toBe(sha)
  },
  { config: config({ merge: "auto" }) },
)

scenario(
  "a failed staging deployment of develop is taken back on develop, and main never sees it",
  async (t) => {
    await branchesOff(t)
    const good = await provesItself(t)
    const { sha } = await promotes(t, { base: "develop", files: { "src/bad.ts": "export const bad = true\n" } })
    await deploys(t, { sha, environment: "staging", state: "failure" })
    expect(healthOf(t, sha)?.line).toMatchInlineSnapshot(`"failure | Unhealthy: deployment to staging failed"`)
    expect(opensBy(t).map(({ state, title }) => `${state}: ${title}`)).toMatchInlineSnapshot(`
      [
        "open: Promote develop to main (1 change)",
        "open: Return develop to known-good",
      ]
    `)
    const proven = { number: opensBy(t)[0]?.number ?? 0 }
    await t.check(proven)
    await t.quiet()
    expect(t.gate(proven)?.line).toBe("success | Open: 2 of 2 stages passed")
    await t.check({ number: opensBy(t)[1]?.number ?? 0 })
    await t.quiet()
    expect(await readFile(repositoryOf(t).store, "refs/heads/develop", "src/bad.ts")).toBeUndefined()
    expect(await headOf(t, "portcullis/promote-develop")).toBe(good)
    const back = await headOf(t, "develop")
    await deploys(t, { sha: back, environment: "staging" })
    await later(t, 6 * minute)
    expect(await tagAt(t, "known-good/develop")).toBe(back)
    expect(await headOf(t, "portcullis/promote-develop")).toBe(back)
  },
  { config: config({ rollback: "{ automatic: true, merge: auto }" }) },
)

for (const path of [/\/git\/refs$/, /\/pulls$/]) {
  scenario(
    `an answer to ${path.source} that never came makes nothing twice`,
    async (t) => {
      await branchesOff(t)
      const fault = t.github.faults.requests({ method: "POST", path }, { kind: "server-error", effect: "after" })
      t.tolerateErrors()
      const sha = await provesItself(t)
      await later(t, 10 * minute)
      await t.app.sweep()
      await t.quiet()
      expect(fault.fired()).toBe(1)
      expect(opensBy(t).map(({ state, title }) => `${state}: ${title}`)).toEqual([
        "open: Promote develop to main (1 change)",
      ])
      expect(await headOf(t, "portcullis/promote-develop")).toBe(sha)
    },
    { config: config() },
  )
}

scenario(
  "in advisory mode nothing is opened",
  async (t) => {
    await branchesOff(t)
    const { sha } = await promotes(t, { base: "develop" })
    await deploys(t, { sha, environment: "staging" })
    await later(t, 6 * minute)
    expect(opensBy(t)).toEqual([])
  },
  { config: config().replace("enforce", "advisory") },
)
