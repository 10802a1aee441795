/** The test GitHub of the demo, a process of its own: tells its parent where it listens, and ends with its parent. */
import { seedShop } from "../test/github/seed.ts"
import type { Seeded } from "../test/github/seed.ts"
import { startTestGitHubServer } from "../test/github/http.ts"

let seeded: Seeded | undefined
const server = await startTestGitHubServer({
  port: 0,
  seed: async (github) => {
    seeded = await seedShop(github)
  },
})
if (seeded === undefined) throw new Error("the shop was not seeded")
const { appId, privateKeyPem, webhookSecret } = seeded.app
process.send?.({ url: server.url, repo: seeded.repo, appId, privateKeyPem, webhookSecret })

let ending = false
const end = (): void => {
  if (ending) return
  ending = true
  void server.close().then(() => process.exit(0))
}
process.on("SIGINT", end)
process.on("SIGTERM", end)
process.on("disconnect", end)
