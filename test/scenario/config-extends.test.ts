import { expect } from "vitest"
import { scenario, useDatabase } from "../harness/scenario.ts"
import type { Scenario } from "../harness/verbs.ts"

useDatabase()

const path = ".github/promotion.yml"
const own = "version: 1\n_extends: .github\nbranches:\n  main:\n    stages:\n      - checks: { require: [build] }\n"
const organisation = "version: 1\nmode: enforce\n"

/** Makes acme/.github with this config, and installs the app on it, too, unless told. */
async function organise(t: Scenario, { text = organisation, installed = true } = {}): Promise<string> {
  const files = { "README.md": "# acme\n", ...(text === "" ? {} : { [path]: text }) }
  const { repo } = await t.people.createRepository({
    owner: "acme",
    name: ".github",
    files,
    collaborators: { olga: "admin" },
  })
  if (installed) await t.people.installApp({ app: "portcullis", repos: [t.repo, repo] })
  return repo
}

scenario(
  "a config takes its defaults from the organisation's, and follows it",
  async (t) => {
    const base = await organise(t)
    await t.quiet()
    const pr = await t.openPullRequest()
    await t.quiet()
    expect(t.gate(pr)?.line).toMatchInlineSnapshot(`"in_progress | Waiting: build not passed yet, 0 of 1 stage passed"`)
    await t.people.commit({ repo: base, by: "olga", files: { [path]: "version: 1\nmode: advisory\n" } })
    await t.quiet()
    expect(t.gate(pr)?.line).toMatchInlineSnapshot(
      `"neutral | Advisory, holds nothing: build not passed yet, 0 of 1 stage passed"`,
    )
    const changes = (await t.ledger()).filter((entry) => entry.type === "config_changed")
    expect(changes.map((entry) => entry.payload.mode)).toEqual(["enforce", "advisory"])
  },
  { config: own, installed: false },
)

scenario(
  "an organisation's file that is not valid leaves the last valid one in force, and says where it is wrong",
  async (t) => {
    const base = await organise(t)
    const pr = await t.openPullRequest()
    await t.check(pr)
    await t.quiet()
    expect(t.gate(pr)?.conclusion).toBe("success")
    await t.people.commit({ repo: base, by: "olga", files: { [path]: "version: 1\nmode: often\n" } })
    await t.quiet()
    expect(t.gate(pr)?.summary).toMatchInlineSnapshot(`
      "This pull request may be merged into \`main\`: every stage passed for exactly this commit.

      The newest \`.github/promotion.yml\` on the default branch is not valid (\`config-invalid\`). The last valid one stays in force. Next: mend these lines:

      - in \`.github/promotion.yml\` of \`acme/.github\`, line 2, column 1 at \`mode\`: must be \`advisory\` or \`enforce\`, not the text \`often\`

      | stage | status | what was reported |
      | --- | --- | --- |
      | checks | ✅ passed | \`build\`: passed |

      <sub>run id \`<run id>\` · head \`<short sha>\` · into \`main\`</sub>"
    `)
    await t.people.commit({ repo: base, by: "olga", files: { [path]: organisation } })
    await t.quiet()
    expect(t.gate(pr)?.summary).not.toContain("config-invalid")
  },
  { config: own, installed: false },
)

scenario(
  "an organisation's file that the app may not read keeps the gate shut, and the sweep looks again",
  async (t) => {
    const pr = await t.openPullRequest()
    await t.check(pr)
    await t.quiet()
    expect(t.gate(pr)?.summary).toMatchInlineSnapshot(`
      "This pull request must not be merged into \`main\` yet:

      - **config-invalid** — \`.github/promotion.yml\` on the default branch is not valid, and no valid version of it is known. Next: mend the lines below, on the default branch.

      Problems in \`.github/promotion.yml\`:

      - line 2, column 1 at \`_extends\`: extends-unreadable: \`.github/promotion.yml\` of acme/.github cannot be read: there is no such repository, the app is not installed on it, or the file is no text

      | stage | status | what was reported |
      | --- | --- | --- |
      | checks | ✅ passed | every check: passed |

      <sub>run id \`<run id>\` · head \`<short sha>\` · into \`main\`</sub>"
    `)
    await organise(t, { text: "" })
    await t.app.sweep()
    await t.quiet()
    expect(t.gate(pr)?.summary).toContain("extends-missing")
  },
  { config: own },
)

scenario("a repository that extends nothing costs no request for the organisation's file", async (t) => {
  await organise(t, { installed: false })
  t.github.calls.clear()
  const pr = await t.openPullRequest()
  await t.check(pr)
  await t.quiet()
  expect(t.github.calls.work().filter(({ template }) => template === "/graphql")).toHaveLength(1)
})
