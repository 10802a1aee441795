import { expect } from "vitest"
import type { OutgoingDelivery } from "../github/deliveries.ts"
import { scenario, useDatabase } from "../harness/scenario.ts"
import type { Scenario } from "../harness/verbs.ts"

useDatabase()

/** Takes the webhooks that wait, to bring them late. */
function holdBack({ github, credentials }: Scenario): OutgoingDelivery[] {
  return github.deliveries.takePending(credentials.appId)
}

async function bring({ app }: Scenario, deliveries: readonly OutgoingDelivery[]): Promise<void> {
  for (const { headers, body } of deliveries) {
    const lower = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
    expect((await app.door({ header: (name) => lower.get(name) ?? null, body })).status).toBe(200)
  }
}

async function place({ database }: Scenario): Promise<string> {
  const { owner, name, active, doubtedBy } = await database.prisma.repository.findFirstOrThrow()
  return `${owner}/${name}${active ? "" : " inactive"}${doubtedBy === null ? "" : " in doubt"}`
}

function installationId({ github, credentials }: Scenario): number {
  const found = [...github.state.installations.values()].find((one) => one.app.id === credentials.appId && !one.deleted)
  return found?.id ?? expect.fail("not installed")
}

scenario("the late rename: a webhook from before it does not bring the old name back", async (t) => {
  const pr = await t.openPullRequest()
  await t.quiet()
  await t.check(pr)
  const late = holdBack(t)
  await t.people.renameRepository({ repo: t.repo, by: "olga", name: "store" })
  await t.quiet()
  expect(await place(t)).toBe("acme/store")
  t.github.calls.clear()
  await bring(t, late)
  await t.quiet()
  expect(await place(t)).toBe("acme/store")
  expect(t.gate(pr)?.conclusion).toBe("success")
  const paths = t.github.calls.work().map(({ path }) => path)
  expect(paths.filter((path) => path.includes("/acme/shop"))).toEqual([])
})

scenario("a webhook from before an uninstall does not bring the app back", async (t) => {
  const pr = await t.openPullRequest()
  await t.quiet()
  await t.check(pr)
  const late = holdBack(t)
  await t.people.uninstallApp({ installationId: installationId(t) })
  await t.quiet()
  await bring(t, late)
  await t.quiet()
  expect(await place(t)).toBe("acme/shop inactive")
  expect((await t.ledgerTypes()).filter((type) => type === "installation_changed")).toHaveLength(2)
})

scenario("an uninstall that is heard of after the app is back does not take it away", async (t) => {
  const pr = await t.openPullRequest()
  await t.quiet()
  await t.people.uninstallApp({ installationId: installationId(t) })
  const late = holdBack(t)
  await t.install()
  await t.quiet()
  await bring(t, late)
  await t.check(pr)
  await t.quiet()
  expect(await place(t)).toBe("acme/shop")
  expect(t.gate(pr)?.conclusion).toBe("success")
})

scenario("suspended, and live again", async (t) => {
  const pr = await t.openPullRequest()
  await t.quiet()
  await t.people.suspendApp({ installationId: installationId(t) })
  await t.quiet()
  expect(await place(t)).toBe("acme/shop inactive")
  await t.people.unsuspendApp({ installationId: installationId(t) })
  await t.check(pr)
  await t.quiet()
  expect(await place(t)).toBe("acme/shop")
  expect(t.gate(pr)?.conclusion).toBe("success")
})
