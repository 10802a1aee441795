/** What a newcomer reads before the story, and what a curious one after it. */
import { say, seconds, tell } from "./screen.ts"
import { asked } from "./words.ts"
import type { Call } from "./shop.ts"
import type { World } from "./world.ts"

/** Says what will be seen, while everything starts. */
export function introduce(): void {
  say("Portcullis keeps the gate between a change and production.", "strong")
  say()
  say(
    "A pull request may be merged only while its check run “Promotion gate” is green. Portcullis decides that, says " +
      "why, lets people pause everything, and keeps a ledger that cannot be rewritten unnoticed. What is merged is watched in production, and " +
      "taken back when it hurts. You will see seven pull requests come to it. The server is the real one, with its database on disk; GitHub is a stand-in with real " +
      "git repositories, permissions and signed webhooks. They are two processes that talk HTTP.",
  )
  say()
  say("Starting both; most of it is laying out a new database …", "aside")
}

/** Says who is there. */
export async function introduceWorld({ githubUrl, serverUrl, startedMs, repo, shop }: World): Promise<void> {
  tell("GitHub", `${githubUrl}, with the repository ${repo}`)
  tell("Portcullis", `${serverUrl}, ready after ${seconds(startedMs)}`)
  tell("people", "olga (admin), max (may write), rita (may read), and shipwright[bot], a software agent")
  tell("the rule", ".github/promotion.yml: build and test, reported by GitHub Actions, must succeed for main")
  const calls: Call[] = []
  for (let looks = 0; looks < 20 && !calls.some(isListing); looks += 1) calls.push(...(await shop.newCalls()))
  tell("asked of GitHub", asked(calls), "aside")
}

/** The last that the server asks when it starts, or is installed. */
function isListing({ graphqlName }: Call): boolean {
  return graphqlName === "OpenPullRequests"
}

/** Says how to go on playing by hand. */
export function invite({ githubUrl, serverUrl, repo }: World): void {
  const act = (name: string, args: Record<string, unknown>): string =>
    `  curl -s ${githubUrl}/_people/${name} -d '${JSON.stringify({ repo, ...args })}'`
  const lines = [
    "",
    "Both run on until you press Ctrl-C. The server is back on the same data:",
    `  ${serverUrl}/readyz`,
    `  ${githubUrl}/_people`,
    "",
    "Let people act:",
    act("openPullRequest", { by: "max", head: "vat", title: "Note the VAT", files: { "NOTES.md": "VAT\n" } }),
    act("comment", { by: "olga", number: 8, body: "/pause-promotion lunch" }),
    act("reportCheck", { pull: 8, name: "build", conclusion: "success" }),
    act("reportCheck", { pull: 8, name: "test", conclusion: "success" }),
    act("mergePullRequest", { by: "max", number: 8, method: "squash" }) + "   # refused",
    act("comment", { by: "olga", number: 8, body: "/resume-promotion" }) + "   # Portcullis merges it",
    "",
    "Look at it:",
    `  curl -s ${githubUrl}/_people/state        pull requests, their checks and comments`,
    `  curl -s ${githubUrl}/_people/calls        what Portcullis asked of GitHub`,
    `  curl -s ${githubUrl}/_people/deliveries   webhooks, and how they were answered`,
  ]
  // Not wrapped: they are there to be copied.
  process.stdout.write(`${lines.join("\n")}\n`)
}
