import { expect, test } from "vitest"
import { follow, type NewCommit, type UnfollowedRun } from "../../src/promotion/lane/follow.ts"

const run = (number: number, mergeCommit: string | null): UnfollowedRun => ({
  runId: `run-${number}`,
  number,
  headSha: `head-${number}`,
  mergeCommit,
})

const commit = (sha: string, pulls: readonly number[] | null = null): NewCommit => ({ sha, pulls })

function told(commits: readonly NewCommit[], runs: readonly UnfollowedRun[], ended: readonly number[] = []): unknown {
  const followed = follow(commits, { before: "base", runs, ended: new Set(ended) })
  if (followed.kind === "ask") return `ask ${followed.asks.join(", ")}`
  const landings = followed.landings.map(
    (one) => `${one.before}..${one.sha} (${one.commits}): ${one.run === null ? "pushed" : `#${one.run.number}`}`,
  )
  return [...landings, ...followed.awaits.map((number) => `awaits #${number}`)]
}

test("a commit that a pull request was merged by is its landing, and nobody has to be asked", () => {
  expect(told([commit("a"), commit("b")], [run(1, "a"), run(2, "b")])).toEqual(["base..a (1): #1", "a..b (1): #2"])
})

test("of every other commit GitHub is asked whose it is", () => {
  expect(told([commit("a"), commit("b")], [run(2, "b")])).toBe("ask a")
})

test("a rebase merge is one landing of several commits", () => {
  const commits = [commit("a", [1]), commit("b", [1]), commit("c")]
  expect(told(commits, [run(1, "c")])).toEqual(["base..c (3): #1"])
})

test("what belongs to no pull request was pushed, and counts once however many commits it has", () => {
  const commits = [commit("a", []), commit("b", []), commit("c"), commit("d", [])]
  expect(told(commits, [run(1, "c")])).toEqual(["base..b (2): pushed", "b..c (1): #1", "c..d (1): pushed"])
})

test("a merge that is not on the ledger yet is waited for, and nothing behind it is followed", () => {
  const commits = [commit("a", []), commit("b", [7]), commit("c")]
  expect(told(commits, [run(1, "c")])).toEqual(["base..a (1): pushed", "awaits #7"])
})

test("a commit that GitHub names an earlier pull request for was pushed", () => {
  expect(told([commit("a", [3])], [], [3])).toEqual(["base..a (1): pushed"])
})

test("a merge of which GitHub did not tell the commit ends with the last commit of its pull request", () => {
  expect(told([commit("a", [4]), commit("b", [4])], [run(4, null)])).toEqual(["base..b (2): #4"])
})
