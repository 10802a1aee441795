import { sha } from "../src/lib/brand.ts"
import type { Change } from "../src/promotion/change/change.ts"
import { promotionConfigSchema, type ConfigInForce } from "../src/promotion/config/config.ts"
import { decide } from "../src/promotion/gate/decide.ts"
import type { Snapshot } from "../src/promotion/gate/snapshot.ts"

const nowMs = Date.parse("2026-11-21T12:00:00Z")
const head = sha("a".repeat(40))

/** 200 rules: content, risk and paths. */
function largeConfig(): ConfigInForce {
  const each = <T>(count: number, make: (index: number) => T): T[] =>
    Array.from({ length: count }, (_, index) => make(index))
  const config = promotionConfigSchema.parse({
    version: 1,
    mode: "enforce",
    branches: { main: { stages: ["policy", "review"] } },
    risk: each(50, (index) => ({ level: "high", paths: [`src/area-${index}/**/secret-*.ts`] })),
    review: { low: { approvals: 0 } },
    policy: {
      protected_paths: each(50, (index) => `ops/${index}/**`),
      forbidden_paths: each(50, (index) => `secrets/${index}/**`),
      content: each(50, (index) => ({ name: `rule ${index}`, added: `forbidden-${index}\\s*=\\s*(true|yes)` })),
    },
  })
  return { status: "valid", blob: "d".repeat(40), config }
}

/** 500 files of 20 added lines each. */
function largeChange(): Change {
  const files = Array.from({ length: 500 }, (_, file) => ({
    path: `src/module-${file % 40}/part-${file}.ts`,
    previousPath: null,
    status: "modified" as const,
    kind: "text" as const,
    additions: 20,
    deletions: 0,
    added: Array.from({ length: 20 }, (_line, line) => ({
      line: line + 1,
      text: `export const value${line} = ${file}`,
    })),
    syntax: null,
  }))
  const commits = { people: ["max"], trailers: [], complete: true }
  return { headSha: head, baseRef: "main", files, complete: true, patchId: "e".repeat(64), commits, syntaxOf: [] }
}

function snapshotWith(config: ConfigInForce, change: Change): Snapshot {
  const author = { kind: "user", login: "max", id: 2 } as const
  return {
    nowMs,
    ownAppId: 7,
    repository: { id: 1, owner: "acme", name: "shop", defaultBranch: "main" },
    config,
    pullRequest: {
      number: 1,
      state: "open",
      merged: false,
      mergeCommit: null,
      mergedBy: null,
      draft: false,
      headSha: head,
      headRef: "feature",
      baseRef: "main",
      fork: false,
      author,
      body: "",
      labels: [],
      mergeable: "yes",
      autoMerge: false,
      updatedAtMs: nowMs,
    },
    checks: [],
    deployments: [],
    sight: "complete",
    change,
    headConfig: { blob: config.blob, reading: null },
    head: null,
    retargetedAtMs: null,
    reviews: [],
    comments: [],
    seenComments: new Set(),
    promotion: null,
    mergeAttempt: null,
    landing: { queued: false, withdrawals: [] },
    rollback: null,
    onward: null,
    rollbackUnderWay: false,
    takenBack: [],
    pauses: [],
    labelAsks: [],
    agentLabelAsks: [],
    roles: new Map(),
    lately: { roles: new Map(), teams: new Map() },
    newRunId: "01930000-0000-7000-8000-000000000001",
  }
}

/** Decisions a second of the pure core, on 200 rules and a diff of 500 files: seen for the first time, and again. */
export function deciding(): Promise<string> {
  const config = largeConfig()
  const change = largeChange()
  const cold = perSecond(() => decide(snapshotWith(config, { ...change })))
  const again = perSecond(() => decide(snapshotWith(config, change)))
  return Promise.resolve(
    `200 rules, 500 files, 10,000 added lines: ${cold} decisions a second on a diff that was not judged before, ${again} on one that was`,
  )
}

const forMs = 2000

function perSecond(work: () => unknown): string {
  const begun = performance.now()
  let count = 0
  while (performance.now() - begun < forMs) {
    work()
    count += 1
  }
  return ((count * 1000) / (performance.now() - begun)).toFixed(0)
}
