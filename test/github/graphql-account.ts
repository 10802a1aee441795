/** People, organisations, bots and apps in GraphQL. */
import { type Fields, type FieldCall, properties } from "./graphql-field.ts"
import { accountNode, type AccountNode, type AppNode } from "./graphql-node.ts"
import { accountView } from "./view/account.ts"

/**
 * Who asks, as `viewer` answers it: an installation sees its bot with the `[bot]` suffix and as a User, which is what
 * GitHub answers although every other field shows a Bot without suffix.
 */
export function viewerNode({ asked }: FieldCall): AccountNode {
  const { caller } = asked
  if (caller.kind === "person") return accountNode(caller.account)
  if (caller.kind === "installation") return { kind: "User", account: caller.token.installation.app.bot }
  throw new Error("GraphQL was let through without a viewer")
}

const actorFields: Fields<AccountNode> = {
  id: ({ account }) => account.nodeId,
  databaseId: ({ account }) => account.id,
  login: ({ kind, account }) => (kind === "Bot" ? account.login.replace(/\[bot\]$/, "") : account.login),
  url: ({ account }, { asked }) => accountView(asked.state, account).html_url,
  resourcePath: ({ account }, { asked }) => new URL(accountView(asked.state, account).html_url).pathname,
  avatarUrl: ({ account }, { asked }) => accountView(asked.state, account).avatar_url,
}

const namedFields: Fields<AccountNode> = { ...actorFields, name: ({ account }) => account.name }

/** Types of this file by name. */
export const accountTypes = {
  User: namedFields,
  Organization: namedFields,
  Bot: actorFields,
  App: {
    id: ({ app }) => app.nodeId,
    databaseId: ({ app }) => app.id,
    slug: ({ app }) => app.slug,
    name: ({ app }) => app.name,
    clientId: ({ app }) => app.clientId,
    createdAt: ({ app }) => app.createdAt,
    url: ({ app }, { asked }) => `${asked.state.urls.html}/apps/${app.slug}`,
  } satisfies Fields<AppNode>,
  PageInfo: properties<{ hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string; endCursor: string }>(
    "hasNextPage",
    "hasPreviousPage",
    "startCursor",
    "endCursor",
  ),
}
