/** What goes in and out: API calls and webhooks, as plain data. */
import type { App } from "./state.ts"

/** One webhook on its way to one app. `body` is the exact text that is signed. */
export type Delivery = {
  id: number
  /** `X-GitHub-Delivery`: the same for every redelivery. */
  guid: string
  event: string
  action: string | null
  app: App
  installationId: number | null
  repositoryId: number | null
  body: string
  createdAt: string
  /** Not handed out before this time on the injected clock. */
  notBeforeMs: number
  redelivery: boolean
  /** `pending` until taken; `dropped` by a fault. A failed delivery is never repeated by itself. */
  status: "pending" | "taken" | "delivered" | "failed" | "dropped"
  statusCode: number | null
  deliveredAt: string | null
}

/** One request an API client made. */
export type ApiCallRecord = {
  method: string
  /** Path with query as asked. */
  path: string
  /** Such as `/repos/:owner/:repo/pulls/:number`, or the path when nothing matched. */
  template: string
  isWrite: boolean
  /** Creating an installation token: not counted as work. */
  isTokenCreation: boolean
  /** Operation name (or first field) of a GraphQL document. */
  graphqlName: string | undefined
  /** 0 when the network was told to fail. */
  status: number
  caller: string
  appId: number | undefined
  installationId: number | undefined
  at: string
}
