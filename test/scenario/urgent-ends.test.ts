import { expect } from "vitest"
import { scenario, useDatabase } from "../harness/scenario.ts"
import { failing, isMerged, lastWords, nothingUrgent, urgentConfig as config, urgently } from "../harness/urgent.ts"

useDatabase()

scenario(
  "a pause holds what is urgent as well, and the ask does not outlive it",
  async (t) => {
    const pr = await failing(t)
    await t.says(pr, "max", "/pause-promotion incident 42")
    await t.quiet()
    const comment = await t.says(pr, "olga", urgently)
    expect(await lastWords(t, pr)).toMatchInlineSnapshot(
      `"Not merged: the gate is shut (\`promotion-paused\`, \`checks-failed\`). \`/promote --urgent\` may pass over \`checks\`, \`deployment\` here; what holds it all the same: \`promotion-paused\`. What to do about it stands in the check run; ask again when it is done."`,
    )
    expect(t.reactions(comment)).toContain("portcullis[bot]: confused")
    expect(isMerged(t, pr)).toBe(false)
    await t.says(pr, "max", "/resume-promotion")
    await t.quiet()
    expect(isMerged(t, pr)).toBe(false)
    expect(t.gate(pr)?.line).toBe("failure | Blocked: build failed, 2 of 3 stages passed")
  },
  { config },
)

scenario(
  "a push ends what was urgent about the commit before it",
  async (t) => {
    await t.people.configureRepository({ repo: t.repo, mergeMethods: ["merge"] })
    const pr = await failing(t)
    await t.says(pr, "olga", urgently)
    await t.quiet()
    expect(t.gate(pr)?.line).toMatchInlineSnapshot(
      `"success | Open, urgent, but GitHub refused the merge: checks passed over by @olga, 2 of 3 stages passed"`,
    )
    await t.push(pr)
    await t.people.configureRepository({ repo: t.repo, mergeMethods: ["squash"] })
    await t.quiet()
    t.clock.advance(3_600_000)
    await t.quiet()
    expect(isMerged(t, pr)).toBe(false)
    expect(t.gate(pr)?.line).toMatchInlineSnapshot(
      `"failure | Blocked: an approval went stale, 1 more approval needed (low risk), 1 of 3 stages passed"`,
    )
  },
  { config },
)

scenario(
  "what could not be merged within a day has to wait for its stages, and whoever asked is told",
  async (t) => {
    await t.people.configureRepository({ repo: t.repo, mergeMethods: ["merge"] })
    const pr = await failing(t)
    await t.says(pr, "olga", urgently)
    await t.quiet()
    t.clock.advance(23 * 3_600_000)
    await t.quiet()
    expect(t.gate(pr)?.conclusion).toBe("success")
    t.clock.advance(3_600_000)
    await t.quiet()
    expect(t.gate(pr)?.line).toBe("failure | Blocked: build failed, 2 of 3 stages passed")
    expect(t.replies(pr).at(-1)).toContain("Not merged: the gate is shut (`checks-failed`)")
  },
  { config },
)

scenario(
  "a comment made before the newest push lets nothing past",
  async (t) => {
    const pr = await failing(t)
    await t.says(pr, "olga", urgently)
    await t.push(pr)
    expect(await lastWords(t, pr)).toMatchInlineSnapshot(
      `"\`/promote --urgent\` was refused: a push came after your comment or with it, and only what you saw is let past. Look at \`<short sha>\`, and comment \`/promote --urgent\` with the reason again if it still cannot wait."`,
    )
    expect(isMerged(t, pr)).toBe(false)
  },
  { config },
)

scenario(
  "another base ends it as well",
  async (t) => {
    const pr = await failing(t)
    await t.people.createBranch({ repo: t.repo, branch: "release", by: "olga" })
    await t.says(pr, "olga", urgently)
    await t.people.editPullRequest({ repo: t.repo, by: "max", number: pr.number, base: "release" })
    expect(await lastWords(t, pr)).toMatchInlineSnapshot(
      `"\`/promote --urgent\` was refused: the pull request was made to go into \`release\` after your comment or with it. Look at \`<short sha>\`, and comment \`/promote --urgent\` with the reason again if it still cannot wait."`,
    )
    expect(isMerged(t, pr)).toBe(false)
  },
  { config: config.replace("main:", '"*":') },
)

scenario(
  "what GitHub refuses stays open and loud, and ends with the config that allowed it",
  async (t) => {
    await t.people.configureRepository({ repo: t.repo, mergeMethods: ["merge"] })
    const pr = await failing(t)
    await t.says(pr, "olga", urgently)
    await t.quiet()
    await t.says(pr, "max", "/promote\n\n/promotion-status")
    await t.quiet()
    expect(t.gate(pr)?.line).toMatchInlineSnapshot(
      `"success | Open, urgent, but GitHub refused the merge: checks passed over by @olga, 2 of 3 stages passed"`,
    )
    expect(t.replies(pr).at(-1)).toMatchInlineSnapshot(`
      "**Open, urgent, but GitHub refused the merge: checks passed over by &#64;olga, 2 of 3 stages passed**

      **Urgent: not every stage passed.** &#64;olga asked for this at 2026-11-20 12:01 UTC by \`/promote --urgent\`: “production burns”

      - passed over: \`checks\` (it had failed)
      - not passed over, and passed: \`policy\`, \`review\`
      - never passed over: a pause, a rejection, an expiry, a draft, a conflict, an invalid config, and the rules of \`policy\` with its protected paths

      It holds for this commit only, and stands on the ledger (\`promotion_urgent\`). Next: after the merge, see to what was passed over.

      **Not merged**: Portcullis wanted to merge this, and GitHub refused: “Squash merges are not allowed on this repository.” Next: see to the branch's rules and the repository's merge methods (\`merge.method\` in the config), or merge by hand. It is tried again in a while.

      <!-- portcullis:comment:<id> -->"
    `)
    await t.people.commit({
      repo: t.repo,
      by: "olga",
      branch: "main",
      files: { ".github/promotion.yml": nothingUrgent },
    })
    expect(await lastWords(t, pr)).toMatchInlineSnapshot(
      `"Not merged: the gate is shut (\`checks-failed\`). This repository lets \`/promote --urgent\` pass over nothing: \`urgent.may_skip\` in \`.github/promotion.yml\` on the default branch names no stage. What is missing stands in the check run; ask again when it is open."`,
    )
    expect(t.gate(pr)?.line).toBe("failure | Blocked: build failed, 2 of 3 stages passed")
  },
  { config, requireGate: false },
)
