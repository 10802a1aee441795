import fc from "fast-check"
import { expect, test } from "vitest"
import { grouped } from "../../src/lib/grouped.ts"

/** A run under way, ended by hand. */
type Run = { items: readonly string[]; succeed(): void; fail(why: string): void }

/** A `grouped` whose runs end by hand. */
function byHand(fits: (waiting: readonly string[]) => number = (waiting) => waiting.length) {
  const runs: Run[] = []
  const settled: string[] = []
  const add = grouped<string>(
    fits,
    (items) =>
      new Promise((resolve, reject) => {
        runs.push({ items, succeed: resolve, fail: (why) => reject(new Error(why)) })
      }),
  )
  const ask = (item: string): Promise<void> =>
    add(item).then(
      () => void settled.push(`${item} done`),
      (error: unknown) => void settled.push(`${item} ${(error as Error).message}`),
    )
  return { runs, settled, ask, all: () => runs.map(({ items }) => items.join("")) }
}

/** Lets everything go on that does not wait for a run's end. */
const turn = (): Promise<void> => new Promise((done) => void setImmediate(done))

test("the first goes at once; what comes meanwhile goes together in the next run, in order", async () => {
  const { runs, settled, ask, all } = byHand()
  for (const item of ["a", "b", "c"]) void ask(item)
  expect(all()).toEqual(["a"])
  await turn()
  expect(all()).toEqual(["a"])
  runs[0]?.succeed()
  await turn()
  expect(all()).toEqual(["a", "bc"])
  expect(settled).toEqual(["a done"])
  void ask("d")
  runs[1]?.succeed()
  await turn()
  expect(settled).toEqual(["a done", "b done", "c done"])
  expect(all()).toEqual(["a", "bc", "d"])
})

test("after a rest, the next one goes at once again", async () => {
  const { runs, ask, all } = byHand()
  const first = ask("a")
  runs[0]?.succeed()
  await first
  await turn()
  void ask("b")
  expect(all()).toEqual(["a", "b"])
})

test("no more go together than fit, and one always does", async () => {
  const offered: string[] = []
  const { runs, ask, all } = byHand((waiting) => {
    offered.push(waiting.join(""))
    return waiting.length > 3 ? 2 : 0
  })
  for (const item of "abcde") void ask(item)
  for (let index = 0; index < 4; index += 1) {
    runs[index]?.succeed()
    await turn()
  }
  expect(all()).toEqual(["a", "bc", "d", "e"])
  expect(offered).toEqual(["a", "bcde", "de", "e"])
})

test("when a run of several fails, each goes alone, and the bad one alone fails", async () => {
  const { runs, settled, ask, all } = byHand()
  for (const item of "abcd") void ask(item)
  runs[0]?.succeed()
  await turn()
  runs[1]?.fail("one of these is bad")
  await turn()
  expect(all()).toEqual(["a", "bcd", "b"])
  runs[2]?.succeed()
  await turn()
  runs[3]?.fail("c is bad")
  await turn()
  runs[4]?.succeed()
  await turn()
  expect(all()).toEqual(["a", "bcd", "b", "c", "d"])
  expect(settled).toEqual(["a done", "b done", "c c is bad", "d done"])
})

test("one that fails alone is not run again, and those who wait behind it go on", async () => {
  const { runs, settled, ask, all } = byHand()
  for (const item of "ab") void ask(item)
  runs[0]?.fail("a is bad")
  await turn()
  runs[1]?.succeed()
  await turn()
  expect(all()).toEqual(["a", "b"])
  expect(settled).toEqual(["a a is bad", "b done"])
})

test("never two runs at once, every good item done once and in order, every bad one refused", async () => {
  const law = fc.asyncProperty(
    fc.array(fc.boolean(), { maxLength: 30 }),
    fc.integer({ min: 1, max: 5 }),
    async (bad, most) => {
      let underWay = 0
      const written: number[] = []
      const add = grouped<number>(
        () => most,
        async (items) => {
          underWay += 1
          expect(underWay).toBe(1)
          await turn()
          underWay -= 1
          if (items.some((item) => bad[item])) throw new Error("bad")
          written.push(...items)
        },
      )
      const fates = await Promise.allSettled(bad.map((_, index) => add(index)))
      expect(fates.map(({ status }) => status === "rejected")).toEqual(bad)
      expect(written).toEqual(bad.flatMap((isBad, index) => (isBad ? [] : [index])))
    },
  )
  await fc.assert(law, { numRuns: 50 })
})
