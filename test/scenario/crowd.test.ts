import { expect } from "vitest"
import { octokitOnce, SaidTooMuch } from "../../src/github/octokit.ts"
import type { AppGround } from "../harness/running-app.ts"
import { scenario, useDatabase } from "../harness/scenario.ts"

useDatabase()

let isFull = false

/** A client that has no room for comments and reactions while it is full. */
function crowded(ground: AppGround): AppGround {
  const Octokit = octokitOnce((input, init) => ground.github.fetch(input, init)).plugin(({ hook }) => {
    hook.wrap("request", (request, wanted) => {
      if (isFull && wanted.method === "POST" && wanted.url.includes("/comments")) throw new SaidTooMuch("no room")
      return request(wanted)
    })
  })
  return { ...ground, Octokit }
}

scenario(
  "where a crowd's commands take all room for answers, a pause shuts the gates all the same, and all are told later",
  async (t) => {
    const pr = await t.openPullRequest()
    await t.check(pr)
    await t.quiet()
    isFull = true
    const asked = await t.says(pr, "rita", "/help")
    await t.quiet()
    const paused = await t.says(pr, "olga", "/pause-promotion incident 42")
    await t.quiet()
    expect(t.gate(pr)?.line).toBe("failure | Blocked: paused by @olga, 1 of 1 stage passed")
    expect([...t.reactions(asked), ...t.reactions(paused), ...t.replies(pr)]).toEqual([])
    isFull = false
    await t.quiet()
    expect(t.replies(pr)).toEqual([])
    t.clock.advance(5000)
    await t.quiet()
    expect(t.reactions(asked)).toEqual(["portcullis[bot]: +1"])
    expect(t.reactions(paused)).toEqual(["portcullis[bot]: +1"])
    expect(
      t
        .replies(pr)
        .map((reply) => reply.split(" ", 3).join(" "))
        .toSorted(),
    ).toEqual(["Promotions are paused.", "| command |"])
  },
  { stand: crowded },
)
