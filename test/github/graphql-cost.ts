/**
 * What a query costs: one request per page of items that must be looked up, divided by 100, at least 1 point.
 * https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
 */
import type { DocumentNode, FieldNode, FragmentDefinitionNode, SelectionSetNode } from "graphql"

/** Points off the hourly limit, and how many nodes the query can return at most. */
export type QueryCost = { cost: number; nodeCount: number }

type Counting = {
  fragments: ReadonlyMap<string, FragmentDefinitionNode>
  variables: Readonly<Record<string, unknown>>
  requests: number
  nodes: number
}

/** Works out the cost of a valid document from its page sizes, as GitHub does before it runs one. */
export function queryCost(document: DocumentNode, variables: Readonly<Record<string, unknown>>): QueryCost {
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const definition of document.definitions) {
    if (definition.kind === "FragmentDefinition") fragments.set(definition.name.value, definition)
  }
  const counting: Counting = { fragments, variables, requests: 0, nodes: 0 }
  for (const definition of document.definitions) {
    if (definition.kind === "OperationDefinition") countIn(counting, definition.selectionSet, 1)
  }
  return { cost: Math.max(1, Math.round(counting.requests / 100)), nodeCount: counting.nodes }
}

function countIn(counting: Counting, set: SelectionSetNode | undefined, parents: number): void {
  for (const selection of set?.selections ?? []) {
    if (selection.kind === "FragmentSpread") {
      countIn(counting, counting.fragments.get(selection.name.value)?.selectionSet, parents)
    } else if (selection.kind === "InlineFragment") {
      countIn(counting, selection.selectionSet, parents)
    } else {
      countField(counting, selection, parents)
    }
  }
}

function countField(counting: Counting, field: FieldNode, parents: number): void {
  const size = pageSize(counting, field)
  if (size === undefined) {
    countIn(counting, field.selectionSet, parents)
    return
  }
  counting.requests += parents
  counting.nodes += parents * size
  countIn(counting, field.selectionSet, parents * size)
}

function pageSize(counting: Counting, field: FieldNode): number | undefined {
  const argument = field.arguments?.find(({ name }) => name.value === "first" || name.value === "last")?.value
  if (argument?.kind === "IntValue") return Number(argument.value)
  const variable = argument?.kind === "Variable" ? counting.variables[argument.name.value] : undefined
  return typeof variable === "number" ? variable : undefined
}
