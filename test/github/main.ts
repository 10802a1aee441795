/** `npm run github`: the test GitHub alone on a port (PORT, 3999), with a seed, and how to act on it. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { startTestGitHubServer } from "./http.ts"
import { seedShop } from "./seed.ts"
import type { Seeded } from "./seed.ts"

const port = Number(process.env["PORT"] ?? 3999)
const hookUrl = process.env["HOOK_URL"] ?? "http://127.0.0.1:3000/api/github/webhooks"
let seeded: Seeded | undefined
const server = await startTestGitHubServer({
  port,
  seed: async (github) => {
    seeded = await seedShop(github, { hookUrl })
  },
})
if (seeded) explain(seeded)
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void server.close().then(() => process.exit(0)))
}

function explain({ app, repo }: Seeded): void {
  const keyPath = join(server.github.state.dir, "portcullis.pem")
  writeFileSync(keyPath, app.privateKeyPem, { mode: 0o600 })
  const act = (name: string, args: Record<string, unknown>) =>
    `  curl -s ${server.url}/_people/${name} -d '${JSON.stringify({ repo, ...args })}'`
  process.stdout.write(
    `${[
      `A GitHub to play with listens on ${server.url}, with the repository ${repo}.`,
      "People: olga (admin), max (write), rita (read), shipwright[bot] (an agent).",
      `Webhooks go to ${hookUrl} (HOOK_URL). Start Portcullis against it in another terminal:`,
      "",
      `  GITHUB_API_URL=${server.url} APP_ID=${app.appId} WEBHOOK_SECRET=${app.webhookSecret} \\`,
      `  PRIVATE_KEY_PATH=${keyPath} npm start`,
      "",
      "Act on it:",
      act("openPullRequest", {
        by: "shipwright[bot]",
        head: "cents",
        title: "Round prices",
        files: { "NOTES.md": "Hi\n" },
      }),
      act("reportCheck", { pull: 1, name: "build", conclusion: "success" }),
      act("pushToPullRequest", { by: "shipwright[bot]", number: 1, files: { "NOTES.md": "Hello\n" } }),
      act("comment", { by: "olga", number: 1, body: "/pause-promotion incident 42" }),
      act("label", { by: "olga", number: 1, label: "promotion-paused" }),
      act("deploy", { by: "max", ref: "main", environment: "staging", state: "success" }),
      ...(app.events.includes("deployment_protection_rule")
        ? [
            act("protectEnvironment", { by: "olga", environment: "production", app: "portcullis" }),
            act("requestDeployment", { by: "max", environment: "production" }),
          ]
        : []),
      act("mergePullRequest", { by: "max", number: 1, method: "squash" }),
      "",
      "Look at it:",
      `  curl -s ${server.url}/_people               what there is, and all acts`,
      `  curl -s ${server.url}/_people/state         pull requests, checks, comments, deployments`,
      `  curl -s ${server.url}/_people/calls         what was asked of the API`,
      `  curl -s ${server.url}/_people/deliveries    webhooks and how they were answered`,
      `  curl -s -H 'authorization: token user:olga' ${server.url}/repos/${repo}/pulls`,
    ].join("\n")}\n`,
  )
}
