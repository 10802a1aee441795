import type { Armed, RequestFault, RequestMatch } from "../github/faults.ts"
import type { ApiCallRecord } from "../github/traffic.ts"
import type { Scenario } from "../harness/verbs.ts"

/** Matches the requests that are the same but for ids. */
function sameAs(call: ApiCallRecord): RequestMatch {
  const path = new RegExp(`^${call.template.replaceAll(/:\w+/g, "[^/]+")}$`)
  return { method: call.method, path, ...(call.graphqlName === undefined ? {} : { graphqlName: call.graphqlName }) }
}

/** Lets each kind of request among these fail when it is made for the first time; by its name. */
export function failEachOnce(
  { github }: Pick<Scenario, "github">,
  { calls, fault }: { calls: readonly ApiCallRecord[]; fault: RequestFault },
): ReadonlyMap<string, Armed> {
  const matches = new Map(calls.map((call) => [`${call.method} ${call.template} ${call.graphqlName}`, sameAs(call)]))
  return new Map([...matches].map(([name, match]) => [name, github.faults.requests(match, fault)]))
}
