import { expect } from "vitest"
import { scenario, useDatabase } from "../harness/scenario.ts"

useDatabase()

const config = `version: 1
mode: enforce
branches:
  main:
    from: [develop, "feature-*"]
    stages: [{ checks: { require: [build] } }, policy]
policy:
  protected_paths: ["scripts/rollback*"]
  forbidden_paths: ["secrets/**"]
  max_changed_lines: 50
  description: { require_sections: ["Test plan"] }
  syntax: [yaml, json]
  content:
    - { name: new-external-url, added: 'https?://(?!github\\.com/)', paths: ["config/**"] }
    - { name: wildcard-permission, added: 'permissions:\\s*write-all', paths: ["**/*.yml"], action: require-approval }
`
const plan = "## Test plan\n\nRun it.\n"

scenario(
  "a change within the policy passes it",
  async (t) => {
    const pr = await t.openPullRequest({ body: plan })
    await t.check(pr)
    await t.quiet()
    expect(t.gate(pr)?.line).toBe("success | Open: 2 of 2 stages passed")
    expect(t.gate(pr)?.summary).toMatchInlineSnapshot(`
      "This pull request may be merged into \`main\`: every stage passed for exactly this commit.

      | stage | status | what was reported |
      | --- | --- | --- |
      | checks | ✅ passed | \`build\`: passed |
      | policy | ✅ passed | no rule is broken |

      **Risk: low**

      - low: no rule makes it more than that

      **Taking it back: reversible in one step**. GitHub lands only what merges without conflict, and a revert gives back what was there before.

      <sub>run id \`<run id>\` · head \`<short sha>\` · into \`main\`</sub>"
    `)
  },
  { config },
)

scenario(
  "every violation is named at its line, with what to do",
  async (t) => {
    const files = {
      "secrets/key.txt": "one\n",
      "config/links.txt": "fine: https://github.com/acme\nbad: https://evil.example/x\n",
      "config/broken.json": '{ "a": 1,, }\n',
      "config/broken.yaml": "a: [1\nb: 2\n",
    }
    const pr = await t.openPullRequest({ body: "Just do it.", files })
    await t.check(pr)
    await t.quiet()
    expect(t.gate(pr)?.line).toMatchInlineSnapshot(
      `"failure | Blocked: 8 violations of the policy, 1 of 2 stages passed"`,
    )
    expect(t.gate(pr)?.summary).toMatchInlineSnapshot(`
      "This pull request must not be merged into \`main\` yet:

      - **policy-violation** — the change breaks rules of the config. Next: change what is listed below.

      | stage | status | what was reported |
      | --- | --- | --- |
      | checks | ✅ passed | \`build\`: passed |
      | policy | ❌ failed | 8 violations: description, syntax, content, forbidden-path |

      **What the policy found**

      - The description has no section \`Test plan\`, or nothing in it. Edit the description.
      - \`config/broken.json:1\`: The file is broken: property name expected. Mend it.
      - \`config/broken.json:1\`: The file is broken: value expected. Mend it.
      - \`config/broken.json:1\`: The file is broken: property name expected. Mend it.
      - \`config/broken.json:1\`: The file is broken: value expected. Mend it.
      - \`config/broken.yaml:2\`: The file is broken: Flow sequence in block collection must be sufficiently indented and end with a &#93;. Mend it.
      - \`config/links.txt:2\`: The rule \`new-external-url\` found a match of \`https?://(?!github\\.com/)\` in an added line. Change the line.
      - \`secrets/key.txt\`: Nobody may change \`secrets/**\` by a pull request. Take it out of this pull request.

      **Risk: low**

      - low: no rule makes it more than that

      **Taking it back: reversible in one step**. GitHub lands only what merges without conflict, and a revert gives back what was there before.

      <sub>run id \`<run id>\` · head \`<short sha>\` · into \`main\`</sub>"
    `)
    expect(t.remarks(pr)).toMatchInlineSnapshot(`
      [
        "config/broken.json:1 failure: The file is broken: property name expected. Mend it.",
        "config/broken.json:1 failure: The file is broken: value expected. Mend it.",
        "config/broken.json:1 failure: The file is broken: property name expected. Mend it.",
        "config/broken.json:1 failure: The file is broken: value expected. Mend it.",
        "config/broken.yaml:2 failure: The file is broken: Flow sequence in block collection must be sufficiently indented and end with a ]. Mend it.",
        "config/links.txt:2 failure: The rule new-external-url found a match of https?://(?!github\\.com/) in an added line. Change the line.",
        "secrets/key.txt:1 failure: Nobody may change secrets/** by a pull request. Take it out of this pull request.",
      ]
    `)
    expect(await t.tryMerge(pr)).not.toBeNull()
  },
  { config },
)

scenario(
  "an agent's change to a protected path waits for an operator, whoever else approves",
  async (t) => {
    const pr = await t.openPullRequest({
      by: "shipwright[bot]",
      body: plan,
      files: { ".github/workflows/ci.yml": "on: push\n" },
    })
    await t.check(pr)
    await t.quiet()
    expect(t.gate(pr)?.line).toMatchInlineSnapshot(
      `"failure | Blocked: .github/workflows/ci.yml is protected, 1 of 2 stages passed"`,
    )
    expect(t.gate(pr)?.summary).toMatchInlineSnapshot(`
      "This pull request must not be merged into \`main\` yet:

      - **protected-path** — an agent may not change protected paths on its own. Next: have an operator (the \`maintain\` role) who had no hand in it approve, in a GitHub review or by \`/approve\`.

      | stage | status | what was reported |
      | --- | --- | --- |
      | checks | ✅ passed | \`build\`: passed |
      | policy | ❌ failed | 1 violation: protected-path |

      **What the policy found**

      - \`.github/workflows/ci.yml\`: \`.github/workflows/**\` is protected: an agent may not change it on its own. An operator may let it pass by approving.

      **Risk: low**

      - low: no rule makes it more than that

      Taken for an agent's work: its author is an app.

      **Taking it back: needs a hand**, because it changes workflow files, which this app may not write (\`.github/workflows/ci.yml\`).

      <sub>run id \`<run id>\` · head \`<short sha>\` · into \`main\`</sub>"
    `)
    await t.reviews(pr, "max")
    await t.quiet()
    expect(t.gate(pr)?.line).toMatch(/^failure \| Blocked: \.github\/workflows\/ci\.yml is protected/)
    await t.reviews(pr, "olga")
    await t.quiet()
    expect(t.gate(pr)?.line).toBe("success | Open: 2 of 2 stages passed")
    await t.push(pr, "shipwright[bot]", { ".github/workflows/ci.yml": "on: [push, pull_request]\n" })
    await t.check(pr)
    await t.quiet()
    expect(t.gate(pr)?.line).toMatch(/^failure \| Blocked: \.github\/workflows\/ci\.yml is protected/)
  },
  { config },
)

scenario(
  "a person may change a protected path",
  async (t) => {
    const pr = await t.openPullRequest({ body: plan, files: { "scripts/rollback.sh": "exit 0\n" } })
    await t.check(pr)
    await t.quiet()
    expect(t.gate(pr)?.line).toBe("success | Open: 2 of 2 stages passed")
  },
  { config },
)

scenario(
  "what needs an operator's approval is settled by it; what is blocked is not",
  async (t) => {
    const asks = await t.openPullRequest({ body: plan, files: { "deploy.yml": "permissions: write-all\n" } })
    const blocked = await t.openPullRequest({ body: plan, files: { "secrets/key.txt": "one\n" } })
    for (const pr of [asks, blocked]) {
      await t.check(pr)
      await t.reviews(pr, "olga")
    }
    await t.quiet()
    expect(t.gate(asks)?.line).toBe("success | Open: 2 of 2 stages passed")
    expect(t.gate(blocked)?.line).toMatchInlineSnapshot(
      `"failure | Blocked: 1 violation of the policy, 1 of 2 stages passed"`,
    )
  },
  { config },
)

scenario(
  "the source branch and the size count",
  async (t) => {
    const wrong = await t.openPullRequest({ head: "topic", body: plan })
    const large = await t.openPullRequest({ body: plan, files: { "big.txt": "line\n".repeat(60) } })
    await t.quiet()
    expect(t.gate(wrong)?.line).toMatchInlineSnapshot(
      `"failure | Blocked: nothing comes into main from this branch, 0 of 2 stages passed"`,
    )
    expect(t.gate(large)?.line).toMatchInlineSnapshot(
      `"failure | Blocked: the change is too large, 0 of 2 stages passed"`,
    )
  },
  { config },
)

scenario(
  "a symlink, and a diff that is too large to be told, are not judged but shown to an operator",
  async (t) => {
    const link = await t.openPullRequest({
      body: plan,
      files: { "docs/link": { mode: "120000", content: "../secrets/key.txt" } },
    })
    await t.check(link)
    await t.quiet()
    expect(t.gate(link)?.line).toMatchInlineSnapshot(
      `"failure | Blocked: 1 violation of the policy, 1 of 2 stages passed"`,
    )
    t.github.state.limits.diffLines = 5
    const large = await t.openPullRequest({ body: plan, files: { "config/a.txt": "x\n".repeat(20) } })
    await t.check(large)
    await t.quiet()
    expect(t.gate(large)?.line).toMatchInlineSnapshot(
      `"failure | Blocked: 1 violation of the policy, 1 of 2 stages passed"`,
    )
    await t.reviews(large, "olga")
    await t.quiet()
    expect(t.gate(large)?.line).toBe("success | Open: 2 of 2 stages passed")
  },
  { config },
)

scenario(
  "a push that comes while the change is being read is judged for itself, once it is heard of",
  async (t) => {
    const pr = await t.openPullRequest({ body: plan })
    await t.app.deliver()
    await t.push(pr, "max", { "secrets/key.txt": "one\n" })
    // The webhook of the push is still on its way.
    for (let round = 0; round < 4; round += 1) await t.app.step()
    expect(t.gate(pr)?.line).toMatch(/^failure \| Blocked: 1 violation of the policy/)
    await t.quiet()
    expect(t.gate(pr)?.line).toMatch(/^failure \| Blocked: 1 violation of the policy/)
  },
  { config },
)

scenario(
  "what lies outside of the scope is told, and what lies within",
  async (t) => {
    const pr = await t.openPullRequest({ files: { "infra/main.tf": "# new\n" } })
    await t.quiet()
    expect(t.gate(pr)?.summary).toContain(
      "- `infra/main.tf`: This path is outside of what pull requests may change here: `src/**`, `docs/**`. Take it out",
    )
  },
  {
    config: `version: 1
mode: enforce
branches: { main: { stages: [policy] } }
policy: { scope: ["src/**", "docs/**"] }
`,
  },
)
