/** Connections: GitHub's pages in GraphQL. https://docs.github.com/en/graphql/guides/using-pagination-in-the-graphql-api */
import type { GraphQLResolveInfo, SelectionSetNode } from "graphql"
import type { Need } from "./api.ts"
import { type FieldCall, type FieldPlan, graphRefusal, optionalNumberArg, optionalTextArg } from "./graphql-field.ts"

/**
 * A list to show in pages: `key` names an item for good (its cursor), `args` are filters the list honours. `refuse`
 * throws for an item that the caller may not see: it is null in its place, with an error of its own.
 */
export type ConnectionPlan<Source, Item> = {
  needs?: readonly Need[]
  args?: readonly string[]
  list: (source: Source, call: FieldCall) => readonly Item[] | Promise<readonly Item[]>
  key: (item: Item) => string | number
  refuse?: (item: Item, call: FieldCall) => void
}

/** One page as GraphQL reads it. */
export type Connection<Item> = {
  totalCount: number
  nodes: readonly (Item | Error)[]
  edges: readonly { cursor: string; node: Item | Error }[]
  pageInfo: { startCursor: string | null; endCursor: string | null; hasNextPage: boolean; hasPreviousPage: boolean }
}

const pageArgs = ["first", "last", "after", "before"]
const mostPerPage = 100

/** A field that is a connection, with GitHub's rules: `first` or `last` to see items, at most 100 of them. */
export function connection<Source, Item>(plan: ConnectionPlan<Source, Item>): FieldPlan<Source> {
  return {
    args: [...pageArgs, ...(plan.args ?? [])],
    ...(plan.needs && { needs: plan.needs }),
    resolve: async (source, call): Promise<Connection<Item>> => {
      checkBoundaries(call)
      return pageOf(call, await plan.list(source, call), plan)
    },
  }
}

function checkBoundaries(call: FieldCall): void {
  const name = call.info.fieldName
  const first = optionalNumberArg(call, "first")
  const last = optionalNumberArg(call, "last")
  if (first === undefined && last === undefined) {
    if (!showsItems(call.info)) return
    const message = `You must provide a \`first\` or \`last\` value to properly paginate the \`${name}\` connection.`
    throw graphRefusal("MISSING_PAGINATION_BOUNDARIES", message)
  }
  for (const [argument, count] of Object.entries({ first, last })) {
    if (count === undefined) continue
    if (count < 0)
      throw graphRefusal(
        "INVALID_PAGINATION_BOUNDARIES",
        `\`${argument}\` on the \`${name}\` connection cannot be less than zero.`,
      )
    if (count <= mostPerPage) continue
    const message = `Requesting ${count} records on the \`${name}\` connection exceeds the \`${argument}\` limit of ${mostPerPage} records.`
    throw graphRefusal("EXCESSIVE_PAGINATION", message)
  }
}

/** Counting alone needs no page size on GitHub. */
function showsItems(info: GraphQLResolveInfo): boolean {
  const names = (set: SelectionSetNode | undefined): string[] =>
    (set?.selections ?? []).flatMap((selection) => {
      if (selection.kind === "Field") return [selection.name.value]
      if (selection.kind === "InlineFragment") return names(selection.selectionSet)
      return names(info.fragments[selection.name.value]?.selectionSet)
    })
  return info.fieldNodes.flatMap((node) => names(node.selectionSet)).some((name) => name !== "totalCount")
}

type Shown<Item> = Pick<ConnectionPlan<never, Item>, "key" | "refuse">

function pageOf<Item>(call: FieldCall, items: readonly Item[], shown: Shown<Item>): Connection<Item> {
  const cursors = items.map((item) => cursorOf(shown.key(item)))
  const after = optionalTextArg(call, "after")
  const before = optionalTextArg(call, "before")
  const from = after === undefined ? 0 : positionOf(cursors, after, "after") + 1
  const to = before === undefined ? items.length : positionOf(cursors, before, "before")
  const first = optionalNumberArg(call, "first") ?? to - from
  const last = optionalNumberArg(call, "last") ?? to - from
  const end = Math.min(to, from + first)
  const start = Math.max(from, end - last)
  const nodes = items.slice(start, end).map((item) => itemOrRefusal(item, call, shown))
  return {
    totalCount: items.length,
    nodes,
    edges: nodes.map((node, index) => ({ cursor: cursors[start + index] ?? "", node })),
    pageInfo: {
      startCursor: nodes.length === 0 ? null : (cursors[start] ?? null),
      endCursor: nodes.length === 0 ? null : (cursors[end - 1] ?? null),
      hasNextPage: end < items.length,
      hasPreviousPage: start > 0,
    },
  }
}

function itemOrRefusal<Item>(item: Item, call: FieldCall, { refuse }: Shown<Item>): Item | Error {
  try {
    refuse?.(item, call)
    return item
  } catch (error) {
    if (error instanceof Error) return error
    throw error
  }
}

function cursorOf(key: string | number): string {
  return Buffer.from(`cursor:v2:${key}`).toString("base64")
}

function positionOf(cursors: readonly string[], cursor: string, argument: string): number {
  const position = cursors.indexOf(cursor)
  if (position !== -1) return position
  throw graphRefusal(
    "INVALID_CURSOR_ARGUMENTS",
    `\`${cursor}\` does not appear to be a valid cursor for \`${argument}\`.`,
  )
}
