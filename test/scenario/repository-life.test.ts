import { expect } from "vitest"
import { deploys, healthOf, later, merges, opensBy, promotes, repositoryOf, tagAt } from "../harness/after-merge.ts"
import { scenario, useDatabase } from "../harness/scenario.ts"
import type { Scenario } from "../harness/verbs.ts"

useDatabase()

const minute = 60_000

const config = `version: 1
mode: enforce
branches:
  main:
    stages: [{ checks: { require: [build] } }]
    health: { window: 15m, deployments: [production] }
    rollback: { automatic: true, merge: auto }
`

function installationOf(t: Scenario) {
  const found = [...t.github.state.installations.values()].find(({ app }) => app.id === t.credentials.appId)
  return found ?? expect.fail("not installed")
}

/** The chain's numbers in order, without a gap: the ledger went on. */
async function isOneChain(t: Scenario): Promise<boolean> {
  const entries = await t.ledger()
  return entries.every(({ seq }, index) => seq === index + 1)
}

scenario(
  "a repository that is renamed in the middle of a health window keeps it, and known-good moves under the new name",
  async (t) => {
    const { sha } = await promotes(t)
    const { repo } = await t.people.renameRepository({ repo: t.repo, by: "olga", name: "store" })
    await t.people.deploy({ repo, by: "max", ref: sha, environment: "production", state: "success" })
    await t.quiet()
    await later(t, 16 * minute)
    expect(await tagAt(t)).toBe(sha)
    expect(await isOneChain(t)).toBe(true)
  },
  { config },
)

scenario(
  "a repository that moves to another owner, where the app is installed as well, keeps window, known-good and ledger",
  async (t) => {
    const { sha } = await promotes(t)
    await t.people.createUser({ login: "umbrella", type: "Organization" })
    const { repo } = await t.people.transferRepository({ repo: t.repo, by: "olga", to: "umbrella" })
    await t.people.installApp({ app: "portcullis", repos: [repo] })
    await t.quiet()
    await t.people.deploy({ repo, by: "olga", ref: sha, environment: "production", state: "success" })
    await t.quiet()
    await later(t, 16 * minute)
    expect(await tagAt(t)).toBe(sha)
    expect(await isOneChain(t)).toBe(true)
  },
  { config },
)

scenario(
  "an archived repository is left alone, and goes on where it was when it is brought back",
  async (t) => {
    const { sha } = await promotes(t)
    await t.people.archiveRepository({ repo: t.repo, by: "olga" })
    await t.quiet()
    await later(t, 10 * minute)
    await t.app.sweep()
    await t.quiet()
    await t.people.unarchiveRepository({ repo: t.repo, by: "olga" })
    await t.quiet()
    await deploys(t, { sha })
    await t.app.sweep()
    await later(t, 20 * minute)
    expect(await tagAt(t)).toBe(sha)
    expect(await isOneChain(t)).toBe(true)
  },
  { config },
)

scenario(
  "removed in the middle of a health window, and installed again, the app follows what landed meanwhile in one chain",
  async (t) => {
    const first = await promotes(t)
    await t.people.uninstallApp({ installationId: installationOf(t).id })
    await t.quiet()
    const meanwhile = await t.openPullRequest()
    await t.people.unprotectBranch({ repo: t.repo, branch: "main" })
    await t.people.mergePullRequest({ repo: t.repo, by: "max", number: meanwhile.number })
    await t.install()
    await t.quiet()
    const sha = repositoryOf(t).pulls.get(meanwhile.number)?.mergeCommitSha ?? ""
    await deploys(t, { sha })
    await later(t, 20 * minute)
    expect(healthOf(t, first.sha)?.status).toBe("completed")
    expect(await tagAt(t)).toBe(sha)
    expect(await isOneChain(t)).toBe(true)
  },
  { config },
)

scenario(
  "without the permission to write contents nothing is taken back, and people read why and what to do",
  async (t) => {
    const good = await promotes(t)
    await deploys(t, { sha: good.sha })
    await later(t, 16 * minute)
    const pr = await t.openPullRequest()
    await t.check(pr)
    await t.quiet()
    const sha = await merges(t, pr)
    installationOf(t).permissions["contents"] = "read"
    await t.restart()
    await deploys(t, { sha, state: "failure" })
    expect(opensBy(t)).toEqual([])
    expect(healthOf(t, sha)?.summary).toMatchInlineSnapshot(`
      "Pull request #2 was merged into \`main\`, and Portcullis watched what that did to the running system, for 15 minutes. A commit that is healthy at the end is *known-good*: the one to go back to when something breaks.

      **Unhealthy.** Known-good stays where it was.

      Taking it back has failed. GitHub would not have it: Resource not accessible by integration. Next: grant the app \`contents: write\` and \`pull_requests: write\` on the installation's page, then comment \`/rollback\` on the pull request; or a person takes it back by hand.

      | evidence | state | what was reported |
      | --- | --- | --- |
      | deployment to \`production\` | ❌ bad | reported as failure at 2026-11-20 12:16 UTC |

      <sub>run id \`<run id>\` · commit \`<short sha>\` · into \`main\`</sub>"
    `)
  },
  { config },
)
