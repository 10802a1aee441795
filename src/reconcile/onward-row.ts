import type { NamedStatement } from "../lib/db/query.ts"
import type { PullRequestFact } from "../promotion/fact.ts"
import type { Snapshot } from "../promotion/gate/snapshot.ts"
import { isOnwardBranch, onwardCloseKey } from "../promotion/lane/onward-deed.ts"

/** Of a head that the app itself put there; it stands no more when it was closed, or something is being taken out. */
const selection: NamedStatement = {
  name: "read-onward",
  text: `
    SELECT o.deed ->> 'branch' AS source,
      NOT EXISTS (SELECT 1 FROM effect c WHERE c.repository_id = $1 AND c.key = $4)
        AND NOT EXISTS (SELECT 1 FROM promotion p
          JOIN promotion k ON k.repository_id = p.repository_id AND k.base_ref = p.base_ref AND k.landed_sha = $3
          WHERE p.repository_id = $1 AND p.base_ref = o.deed ->> 'branch' AND p.state = 'rolling_back'
            AND (p.after_merge -> 'landing' ->> 'position')::int > (o.deed ->> 'since')::int
            AND (p.after_merge -> 'landing' ->> 'position')::int <= (k.after_merge -> 'landing' ->> 'position')::int)
        AS stands,
      EXISTS (SELECT 1 FROM known_good k
        WHERE k.repository_id = $1 AND k.branch = o.deed ->> 'branch' AND k.sha = $3) AS newest
    FROM effect o
    WHERE o.repository_id = $1 AND o.number = 0 AND o.deed ->> 'kind' = 'open-onward'
      AND (o.outcome ->> 'number')::int = $2 AND o.outcome ->> 'sha' = $3 LIMIT 1`,
}

/**
 * Whether a pull request is one by which the app promotes another branch's known-good commit, at exactly the head that the
 * app made. Only for one whose branch is named so a question is asked.
 */
export async function readOnward(
  ask: <Row>(statement: NamedStatement, values: readonly unknown[]) => Promise<Row[]>,
  repositoryId: number,
  pullRequest: PullRequestFact | null,
): Promise<Snapshot["onward"]> {
  if (pullRequest === null || pullRequest.fork || !isOnwardBranch(pullRequest.headRef)) return null
  const { number, headSha, baseRef: target } = pullRequest
  const values = [repositoryId, number, headSha, onwardCloseKey({ target, commit: headSha })]
  const [found] = await ask<Omit<NonNullable<Snapshot["onward"]>, "headSha">>(selection, values)
  return found === undefined ? null : { ...found, headSha }
}
