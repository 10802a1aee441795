/**
 * GitHub's public schema, cut down to what the resolvers implement. Building the whole schema takes more than half a
 * second in each test process; the cut takes a few milliseconds. What is valid in the cut is valid in the whole, because
 * types, fields and arguments were only taken away; what is not is judged again by the whole schema.
 */
import { readFileSync } from "node:fs"
import {
  buildASTSchema,
  type DefinitionNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  isAbstractType,
  isObjectType,
  Kind,
  type ObjectTypeDefinitionNode,
  parse,
  type TypeNode,
} from "graphql"
import { demand } from "./access.ts"
import type { Asked, Field, FieldPlan, Fields } from "./graphql-field.ts"
import type { Repository } from "./state.ts"

/** The implemented types by name. Connections, their edges, interfaces, unions and inputs are added by themselves. */
export type Surface = Readonly<Record<string, Fields<never>>>

const connectionFields = new Set(["nodes", "edges", "pageInfo", "totalCount"])
/** They claim to implement Node, but nobody meets them as one. */
const roots = new Set(["Query", "Mutation"])
const edgeFields = new Set(["node", "cursor"])
let sdl: string | undefined
let starts: ReadonlyMap<string, number> | undefined
let whole: GraphQLSchema | undefined

/** The whole public schema, without resolvers; built at first use. */
export function wholeSchema(): GraphQLSchema {
  whole ??= buildASTSchema(parse(sdlText(), { noLocation: true }), { assumeValid: true, assumeValidSDL: true })
  return whole
}

/** The schema of just the surface, with its resolvers. Throws when the surface names what GitHub does not have. */
export function cutSchema(surface: Surface): GraphQLSchema {
  const definitions = new Map<string, DefinitionNode>()
  for (const name of Object.keys(surface)) include(definitions, surface, name)
  includeInterfaces(definitions, surface)
  const document: DocumentNode = { kind: Kind.DOCUMENT, definitions: [...definitions.values()] }
  const schema = buildASTSchema(document, { assumeValid: true, assumeValidSDL: true })
  attachResolvers(schema, surface)
  return schema
}

function sdlText(): string {
  sdl ??= readFileSync(new URL("schema.graphql", import.meta.resolve("@octokit/graphql-schema")), "utf8")
  return sdl
}

/** Where the definition of each type begins in the schema's text. */
function definitionStarts(): ReadonlyMap<string, number> {
  starts ??= new Map(
    [...sdlText().matchAll(/^(?:type|interface|union|enum|input|scalar) (\w+)/gm)].map((match) => [
      match[1] ?? "",
      match.index,
    ]),
  )
  return starts
}

/** One definition of the schema text, without descriptions. */
function definitionOf(name: string): DefinitionNode {
  const start = definitionStarts().get(name)
  if (start === undefined) throw new Error(`GitHub's GraphQL schema has no type ${name}`)
  const text = sdlText()
  const firstLine = text.slice(start, text.indexOf("\n", start))
  const body = firstLine.endsWith("{") ? text.slice(start, text.indexOf("\n}", start) + 2) : firstLine
  const [definition] = parse(body.replaceAll(/"""[\s\S]*?"""/g, ""), { noLocation: true }).definitions
  if (!definition) throw new Error(`GitHub's GraphQL schema has no definition of ${name}`)
  return definition
}

function include(definitions: Map<string, DefinitionNode>, surface: Surface, name: string): void {
  if (definitions.has(name) || builtInScalars.has(name)) return
  const definition = definitionOf(name)
  definitions.set(name, definition)
  if (definition.kind === Kind.OBJECT_TYPE_DEFINITION) {
    checkNames(definition, surface)
    const fields = keptFields(definition.fields ?? [], planOf(surface, name))
    definitions.set(name, { ...definition, fields })
    for (const field of fields) includeField(definitions, surface, field)
  } else if (definition.kind === Kind.UNION_TYPE_DEFINITION) {
    const types = (definition.types ?? []).filter((type) => type.name.value in surface)
    definitions.set(name, { ...definition, types })
  } else if (definition.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION) {
    for (const field of definition.fields ?? []) include(definitions, surface, namedType(field.type))
  }
}

const builtInScalars = new Set(["ID", "String", "Int", "Float", "Boolean"])

function includeField(definitions: Map<string, DefinitionNode>, surface: Surface, field: FieldDefinitionNode): void {
  include(definitions, surface, namedType(field.type))
  for (const argument of field.arguments ?? []) include(definitions, surface, namedType(argument.type))
}

/** Which fields a type keeps, each with the arguments it honours; undefined: connections keep theirs as they are. */
type Kept = ReadonlyMap<string, readonly string[]>

function planOf(surface: Surface, name: string): Kept {
  const fields = surface[name]
  if (fields) return new Map(Object.entries(fields).map(([field, plan]) => [field, argsOf(plan)]))
  const known = name.endsWith("Connection") ? connectionFields : name.endsWith("Edge") ? edgeFields : undefined
  if (!known) throw new Error(`a GraphQL field leads to ${name}, which no resolver implements`)
  return new Map([...known].map((field) => [field, []]))
}

function argsOf(field: Field<never>): readonly string[] {
  return typeof field === "function" ? [] : (field.args ?? [])
}

/** Throws when a resolver file names a field that GitHub does not have. */
function checkNames(definition: ObjectTypeDefinitionNode, surface: Surface): void {
  const known = new Set((definition.fields ?? []).map(({ name }) => name.value))
  const foreign = Object.keys(surface[definition.name.value] ?? {}).find((name) => !known.has(name))
  if (foreign !== undefined) throw new Error(`GitHub's schema has no ${definition.name.value}.${foreign}`)
}

function keptFields(fields: readonly FieldDefinitionNode[], kept: Kept): FieldDefinitionNode[] {
  return fields.flatMap((field) => {
    const args = kept.get(field.name.value)
    return args ? [keptArgs(field, args)] : []
  })
}

function keptArgs(field: FieldDefinitionNode, honoured: readonly string[]): FieldDefinitionNode {
  const all = field.arguments ?? []
  const unknown = honoured.find((name) => !all.some((argument) => argument.name.value === name))
  if (unknown !== undefined) throw new Error(`GitHub's field ${field.name.value} has no argument ${unknown}`)
  const dropped = all.find(
    ({ name, type, defaultValue }) =>
      !honoured.includes(name.value) && type.kind === Kind.NON_NULL_TYPE && !defaultValue,
  )
  if (dropped) throw new Error(`GitHub's field ${field.name.value} requires argument ${dropped.name.value}`)
  return { ...field, arguments: all.filter((argument) => honoured.includes(argument.name.value)) }
}

function namedType(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type)
}

/** Adds the interfaces of the included types, each with the fields and arguments that all of them have. */
function includeInterfaces(definitions: Map<string, DefinitionNode>, surface: Surface): void {
  const implementers = new Map<string, Kept[]>()
  for (const [name, definition] of definitions) {
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION || roots.has(name)) continue
    for (const type of definition.interfaces ?? []) {
      implementers.set(type.name.value, [...(implementers.get(type.name.value) ?? []), planOf(surface, name)])
    }
  }
  for (const [name, plans] of implementers) {
    const definition = definitionOf(name)
    if (definition.kind !== Kind.INTERFACE_TYPE_DEFINITION) continue
    const fields = keptFields(
      (definition.fields ?? []).filter((field) => plans.every((plan) => plan.has(field.name.value))),
      commonPlan(plans),
    )
    definitions.set(name, {
      ...definition,
      fields,
      interfaces: definition.interfaces?.filter((type) => implementers.has(type.name.value)) ?? [],
    })
    for (const field of fields) includeField(definitions, surface, field)
  }
}

function commonPlan(plans: readonly Kept[]): Kept {
  const [first = new Map<string, readonly string[]>(), ...others] = plans
  const shared = [...first].filter(([field]) => others.every((plan) => plan.has(field)))
  return new Map(
    shared.map(([field, args]) => [
      field,
      args.filter((name) => others.every((plan) => plan.get(field)?.includes(name))),
    ]),
  )
}

function attachResolvers(schema: GraphQLSchema, surface: Surface): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (isAbstractType(type)) type.resolveType = kindOf
    if (isObjectType(type)) attachTo(type, surface[type.name] ?? {})
  }
}

function attachTo(type: GraphQLObjectType, plans: Fields<never>): void {
  for (const field of Object.values(type.getFields())) {
    const plan = plans[field.name]
    if (!plan) continue
    const { needs, resolve }: FieldPlan<never> = typeof plan === "function" ? { resolve: plan } : plan
    field.resolve = (source: unknown, args: Record<string, unknown>, ...[asked, info]: [Asked, GraphQLResolveInfo]) => {
      if (needs) demand([...needs], asked.caller, repositoryOf(source))
      return resolve(source as never, { args, asked, info })
    }
  }
}

function kindOf(source: unknown): string {
  if (typeof source === "object" && source !== null && "kind" in source) return String(source.kind)
  throw new Error("a GraphQL source without kind")
}

function repositoryOf(source: unknown): Repository {
  if (typeof source === "object" && source !== null && "repository" in source) return source.repository as Repository
  throw new Error("a guarded GraphQL field outside a repository")
}
