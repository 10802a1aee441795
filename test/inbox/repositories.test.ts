import { afterAll, beforeAll, beforeEach, expect, test } from "vitest"
import { hearRepositories, seeRepositories } from "../../src/inbox/repositories.ts"
import type { HeardRepository } from "../../src/promotion/hearsay.ts"
import { testDatabase, type TestDatabase } from "../harness/database.ts"

const shop = { id: 5, installationId: 9, owner: "acme", name: "shop", defaultBranch: "main", active: true }

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
beforeEach(() => database.reset())
afterAll(() => database.close())

function hear(...heard: [Partial<HeardRepository>, boolean][]): Promise<number[]> {
  return hearRepositories(
    database.prisma,
    heard.map(([changed, configStale]) => ({ repository: { ...shop, ...changed }, configStale })),
  )
}

async function row(): Promise<string> {
  const found = await database.prisma.repository.findFirstOrThrow()
  const { owner, name, defaultBranch, active, configHeard, installationId, doubtedBy, doubts } = found
  const place = `${owner}/${name}@${defaultBranch} by ${installationId}${active ? "" : " inactive"}`
  return `${place}, config ${configHeard}, ${doubtedBy === null ? "sure" : `doubted by ${doubtedBy}`}, ${doubts} doubts`
}

test("what is told first is taken as it is, and what is told again changes nothing", async () => {
  expect(await hear([{}, false])).toEqual([])
  expect(await hear([{}, false], [{ defaultBranch: null }, false])).toEqual([])
  expect(await row()).toBe("acme/shop@main by 9, config 0, sure, 0 doubts")
})

test("the late rename: another place than is known is doubted, not believed", async () => {
  await hear([{}, false])
  expect(await hear([{ name: "store", defaultBranch: null }, false])).toEqual([5])
  expect(await hear([{ owner: "globex", installationId: 10 }, false])).toEqual([5])
  expect(await row()).toBe("acme/shop@main by 9, config 0, doubted by 10, 2 doubts")
  expect(await hear([{}, false])).toEqual([])
  expect(await row()).toBe("acme/shop@main by 9, config 0, doubted by 10, 2 doubts")
})

test("that its own installation lost it is believed at once, and doubted; that another did is only doubted", async () => {
  await hear([{}, false])
  expect(await hear([{ active: false, installationId: 8 }, true])).toEqual([5])
  expect(await row()).toBe("acme/shop@main by 9, config 1, doubted by 8, 1 doubts")
  expect(await hear([{ active: false }, true])).toEqual([5])
  expect(await row()).toBe("acme/shop@main by 9 inactive, config 2, doubted by 9, 2 doubts")
  expect(await hear([{}, false])).toEqual([5])
  expect(await row()).toBe("acme/shop@main by 9 inactive, config 2, doubted by 9, 3 doubts")
})

test("what is told between two equal tellings in one batch is not passed over", async () => {
  await hear([{}, false])
  expect(await hear([{}, false], [{ name: "store" }, false], [{}, false])).toEqual([5])
  expect(await row()).toBe("acme/shop@main by 9, config 0, doubted by 9, 1 doubts")
})

test("a stale config and another default branch are counted, since the file must be read again", async () => {
  await hear([{}, false])
  await hear([{}, true])
  await hear([{ defaultBranch: "trunk" }, false])
  expect(await row()).toBe("acme/shop@trunk by 9, config 2, sure, 0 doubts")
  await hear([{}, true], [{ defaultBranch: null }, false])
  expect(await row()).toBe("acme/shop@main by 9, config 3, sure, 0 doubts")
})

test("what is seen is believed", async () => {
  await seeRepositories(database.prisma, [shop])
  await seeRepositories(database.prisma, [{ ...shop, name: "store", installationId: 10, defaultBranch: "trunk" }])
  expect(await row()).toBe("acme/store@trunk by 10, config 1, sure, 0 doubts")
})
