/** The world `npm run github` and the demo start with: one shop, three people, one agent, two apps. */
import { existsSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { parse } from "yaml"
import type { TestGitHub } from "./github.ts"
import type { AppCredentials } from "./people/settle.ts"
import type { Permissions } from "./state.ts"

/** What the seed made, with all the app needs to start. */
export type Seeded = { repo: "acme/shop"; app: AppCredentials; installationId: number }

const manifestPath = join(resolve(import.meta.dirname, "../.."), "app.yml")

const promotionConfig = `version: 1
mode: enforce
branches:
  main:
    stages:
      - checks:
          require:
            - { name: build, app: github-actions }
            - { name: test, app: github-actions }
`

/**
 * Makes `acme/shop` with olga (admin), max (write), rita (read) and the agent `shipwright[bot]`, the app `portcullis`
 * with the permissions and events its `app.yml` asks for, and `github-actions` to report checks.
 * `config` is the gate's config file; `hookUrl` is where webhooks go.
 */
export async function seedShop(
  github: TestGitHub,
  options: { hookUrl?: string; webhookSecret?: string; config?: string } = {},
): Promise<Seeded> {
  const { people } = github
  const repo = "acme/shop"
  for (const login of ["olga", "max", "rita"]) await people.createUser({ login })
  await people.createRepository({
    owner: "acme",
    name: "shop",
    files: {
      "README.md": "# Shop\n\nSells things.\n",
      "src/price.ts": "export const price = (cents: number) => `${(cents / 100).toFixed(2)} EUR`\n",
      ".github/promotion.yml": options.config ?? promotionConfig,
      ".github/workflows/build.yml": "on: [push]\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps: []\n",
    },
    collaborators: { olga: "admin", max: "write", rita: "read" },
  })
  const { hookUrl, webhookSecret } = options
  const app = await people.createApp({
    slug: "portcullis",
    ...manifest(),
    ...(hookUrl === undefined ? {} : { hookUrl }),
    ...(webhookSecret === undefined ? {} : { webhookSecret }),
  })
  await people.createApp({ slug: "github-actions", permissions: { checks: "write" }, events: [] })
  await people.createApp({ slug: "shipwright", permissions: { contents: "write", pull_requests: "write" }, events: [] })
  await people.protectBranch({ repo, checks: [{ name: "Promotion gate", app: "portcullis" }], enforceAdmins: true })
  const { installationId } = await people.installApp({ app: "portcullis", repos: [repo] })
  await people.installApp({ app: "github-actions", repos: [repo] })
  await people.installApp({ app: "shipwright", repos: [repo] })
  return { repo, app, installationId }
}

/** Permissions and events of the project's own `app.yml`. */
function manifest(): { permissions: Permissions; events: string[] } {
  if (!existsSync(manifestPath)) throw new Error("There is no app.yml to take permissions and events from")
  const file = parse(readFileSync(manifestPath, "utf8")) as {
    default_permissions: Permissions
    default_events: string[]
  }
  return { permissions: file.default_permissions, events: file.default_events }
}
