import { expect } from "vitest"
import { scenario, useDatabase } from "../harness/scenario.ts"

useDatabase()

const path = ".github/promotion.yml"
const production =
  "version: 1\nmode: enforce\nbranches: { production: { stages: [{ checks: { require: [build] } }] } }\n"

scenario(
  "a change of the config into a default branch without a gate is held until an operator approves it",
  async (t) => {
    const pr = await t.openPullRequest({ files: { [path]: production.replace("enforce", "advisory") } })
    await t.quiet()
    expect(t.gate(pr)?.line).toMatchInlineSnapshot(
      `"failure | Blocked: this change loosens the gate's own config, no stage required"`,
    )
    expect(t.configCheck(pr)?.line).toMatchInlineSnapshot(`"failure | Loosens 1 rule: an operator has to approve"`)
    t.clock.advance(60_000)
    await t.says(pr, "olga", "/approve")
    await t.quiet()
    expect(t.replies(pr)).toEqual([])
    expect(t.gate(pr)?.line).toMatchInlineSnapshot(`"success | Open: no stage required"`)
    expect(t.configCheck(pr)?.conclusion).toBe("success")
    expect(await t.tryMerge(pr)).toBeNull()
    await t.quiet()
    expect((await t.ledgerTypes()).slice(-2)).toMatchInlineSnapshot(`
      [
        "promoted",
        "config_changed",
      ]
    `)
  },
  { config: production, requireGate: false },
)

scenario(
  "merged past that gate, it is written down",
  async (t) => {
    const pr = await t.openPullRequest({ files: { [path]: null } })
    await t.quiet()
    expect(t.gate(pr)?.conclusion).toBe("failure")
    expect(await t.tryMerge(pr)).toBeNull()
    await t.quiet()
    expect(await t.ledgerTypes()).toContain("promoted")
  },
  { config: production, requireGate: false },
)

scenario(
  "what does not change it has no gate there, and what changes it no more loses it",
  async (t) => {
    const other = await t.openPullRequest()
    await t.quiet()
    expect(t.gate(other)).toBeNull()
    t.github.calls.clear()
    await t.check(other)
    await t.quiet()
    expect(t.github.calls.work()).toEqual([])
    const pr = await t.openPullRequest({ files: { [path]: "version: 1\n", "src/a.ts": "export {}\n" } })
    await t.quiet()
    expect(t.gate(pr)?.conclusion).toBe("failure")
    await t.push(pr, "max", { [path]: production })
    await t.quiet()
    expect(t.gate(pr)).toBeNull()
    expect((await t.ledgerTypes()).at(-1)).toBe("aborted")
  },
  { config: production, requireGate: false },
)
