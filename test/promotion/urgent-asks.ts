import type { Actor } from "../../src/ledger/entry.ts"
import type { StageKind } from "../../src/promotion/gate/stage.ts"
import type { MergeAsk } from "../../src/promotion/merge/urgent-ask.ts"

const olga: Actor = { kind: "user", login: "olga", id: 1 }
const robo: Actor = { kind: "user", login: "robo", id: 4 }
const app: Actor = { kind: "app", login: "shipwright[bot]", id: 3 }

/** Wishes to merge a head into `main`, made at a moment: of every kind that an urgent way must tell apart. */
export function asksFor(sha: string, { older, atMs }: { older: string; atMs: number }) {
  const plain: MergeAsk = { by: olga, sha, atMs, commentId: 77 }
  const urgent = (passedOver: readonly StageKind[] | null = null, baseRef = "main"): MergeAsk => ({
    ...plain,
    urgent: { reason: "production burns", baseRef, atMs, passedOver },
  })
  return {
    nobody: null,
    plainly: plain,
    urgently: urgent(),
    "urgently, past checks": urgent(["checks"]),
    "urgently, past review": urgent(["review"]),
    "urgently, past both": urgent(["checks", "review"]),
    "urgently, for an older head": { ...urgent(), sha: older },
    "urgently, for another base": urgent(null, "topic"),
    "urgently, by an app": { ...urgent(), by: app },
    "urgently, by an agent": { ...urgent(), by: robo },
  } satisfies Record<string, MergeAsk | null>
}
