/**
 * One test GitHub: a stateful, git-backed GitHub in this process.
 *
 *     const github = await createTestGitHub({ clock })
 *     await github.people.createRepository({ owner: "acme", name: "shop", collaborators: { olga: "admin" } })
 *     const answer = await github.fetch(new Request("http://github.test/repos/acme/shop"))
 */
import { rmSync } from "node:fs"
import { createDeliveries } from "./deliveries.ts"
import type { Deliveries } from "./deliveries.ts"
import { createFaults } from "./faults.ts"
import type { Faults } from "./faults.ts"
import { createPeople } from "./people.ts"
import type { People } from "./people.ts"
import { createApiHandler } from "./server.ts"
import { createState } from "./state.ts"
import type { GitHubState } from "./state.ts"
import type { ApiCallRecord } from "./traffic.ts"

/** The log of API calls. */
export type Calls = {
  /** Every call, oldest first, token creation included. */
  all(): readonly ApiCallRecord[]
  /** Calls that count as work: without token creation. */
  work(): readonly ApiCallRecord[]
  /** Of the work, those that change something (GraphQL queries do not). */
  writes(): readonly ApiCallRecord[]
  /** Forgets all calls so far. */
  clear(): void
}

/** A GitHub to test against. */
export type TestGitHub = {
  /** The API as the clients' `fetch`: root `http://github.test`. Takes what `globalThis.fetch` takes. */
  fetch(input: Request | URL | string, init?: RequestInit): Promise<Response>
  people: People
  deliveries: Deliveries
  calls: Calls
  faults: Faults
  /** Requests nothing answered, as `METHOD /path`: assert that it is empty. */
  unknownRequests: readonly string[]
  /** The world itself, for assertions and for what no act covers. */
  state: GitHubState
  /** Removes the git repositories. */
  close(): Promise<void>
}

/** Makes an empty GitHub. `clock` gives every time it writes; repositories are kept under `tempDir` or the system's. */
export async function createTestGitHub(options: { clock: { now(): Date }; tempDir?: string }): Promise<TestGitHub> {
  const state = createState(options)
  const box = createFaults(state)
  const handle = createApiHandler(state, box)
  const deliveries = createDeliveries(state, box.faults)
  return {
    fetch: (input, init) => handle(input instanceof Request && !init ? input : new Request(input, init)),
    people: createPeople(state),
    deliveries,
    calls: {
      all: () => state.calls,
      work: () => state.calls.filter((call) => !call.isTokenCreation),
      writes: () => state.calls.filter((call) => call.isWrite && !call.isTokenCreation),
      clear: () => void state.calls.splice(0),
    },
    faults: box.faults,
    unknownRequests: state.unknownRequests,
    state,
    async close() {
      state.onDelivery = undefined
      await deliveries.settled()
      rmSync(state.dir, { recursive: true, force: true })
    },
  }
}
