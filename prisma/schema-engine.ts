// Prisma's own schema engine, as WebAssembly, over any database that this project opens: no download, no server.
import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { PrismaPg } from "@prisma/adapter-pg"
import { SchemaEngine, type DiffResult, type MigrationList } from "@prisma/schema-engine-wasm"
import type { FieldDef, Pool, QueryArrayResult } from "pg"
import type { Database } from "../src/lib/db/database.ts"

/** The engine over one database, and the files that it is asked about. */
export type LoadedEngine = {
  engine: SchemaEngine
  schema: { files: { path: string; content: string }[] }
  migrations: MigrationList
}

/** Every table of the database is the project's own. */
export const noFilters = { externalTables: [], externalEnums: [] }

/**
 * Loads the engine over `database`. To see what the migrations make, it plays them into `shadow`, which must hold
 * nothing. `folder` has `schema.prisma` and `migrations/`.
 */
export async function loadEngine(databases: {
  database: Pick<Database, "pool">
  shadow: Pick<Database, "pool">
  folder?: string
}): Promise<LoadedEngine> {
  const folder = databases.folder ?? import.meta.dirname
  const path = join(folder, "schema.prisma")
  const content = await readFile(path, "utf8")
  const adapters = adapterFactory(databases.database.pool, databases.shadow.pool)
  const engine = await SchemaEngine.new({ datamodels: [[path, content]] }, () => {}, adapters)
  return {
    engine,
    schema: { files: [{ path, content }] },
    migrations: await listMigrations(join(folder, "migrations")),
  }
}

/**
 * What the migrations lack of `schema.prisma`. Exit code 0: nothing; 2: the SQL on `stdout`. `shadow` must hold
 * nothing, and is filled. What Prisma's schema cannot express (partial indexes, triggers) is not compared.
 */
export async function lackingInMigrations(shadow: Pick<Database, "pool">, folder?: string): Promise<DiffResult> {
  const { engine, schema, migrations } = await loadEngine({
    database: shadow,
    shadow,
    ...(folder === undefined ? {} : { folder }),
  })
  return engine.diff({
    from: { tag: "migrations", ...migrations },
    to: { tag: "schemaDatamodel", ...schema },
    script: true,
    exitCode: true,
    filters: noFilters,
  })
}

async function listMigrations(directory: string): Promise<MigrationList> {
  const entries = await readdir(directory, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  return {
    baseDir: directory,
    lockfile: { path: "migration_lock.toml", content: await readFile(join(directory, "migration_lock.toml"), "utf8") },
    shadowDbInitScript: "",
    migrationDirectories: await Promise.all(
      names.toSorted().map(async (name) => ({
        path: name,
        migrationFile: {
          path: "migration.sql",
          content: { tag: "ok" as const, value: await readFile(join(directory, name, "migration.sql"), "utf8") },
        },
      })),
    ),
  }
}

type Adapter = Awaited<ReturnType<PrismaPg["connect"]>>
type SqlQuery = Parameters<Adapter["queryRaw"]>[0]
type SqlResult = Awaited<ReturnType<Adapter["queryRaw"]>>

/** What the engine calls: Prisma's driver adapter, whose errors are values to it. */
function adapterFactory(main: Pool, shadow: Pool): object {
  const thrown: unknown[] = []
  const errorRegistry = { consumeError: (id: number) => ({ error: thrown[id] }) }
  const bound = async (pool: Pool): Promise<object> => {
    const { factory, marked } = withInternalChars(pool)
    const adapter = await factory.connect()
    return {
      provider: adapter.provider,
      adapterName: adapter.adapterName,
      errorRegistry,
      queryRaw: asValue(async (query: SqlQuery) => marked(await adapter.queryRaw(query)), thrown),
      executeRaw: asValue(adapter.executeRaw.bind(adapter), thrown),
      // Whole: the adapter's own cuts scripts at every semicolon, also within a function's body.
      executeScript: asValue((script: string) => pool.query(script).then(() => undefined), thrown),
      getConnectionInfo: () => ({ ok: true, value: adapter.getConnectionInfo() }),
      dispose: asValue(() => Promise.resolve(), thrown),
    }
  }
  return {
    provider: "postgres",
    adapterName: "@prisma/adapter-pg",
    errorRegistry,
    connect: asValue(() => bound(main), thrown),
    connectToShadowDb: asValue(() => bound(shadow), thrown),
  }
}

type Outcome<Value> = { ok: true; value: Value } | { ok: false; error: unknown }

function asValue<Arguments extends unknown[], Value>(
  act: (...parameters: Arguments) => Promise<Value>,
  thrown: unknown[],
): (...parameters: Arguments) => Promise<Outcome<Value>> {
  return async (...parameters) => {
    try {
      return { ok: true, value: await act(...parameters) }
    } catch (error) {
      const known = error instanceof Error && error.name === "DriverAdapterError"
      return { ok: false, error: known ? error.cause : { kind: "GenericJs", id: thrown.push(error) - 1 } }
    }
  }
}

/**
 * Prisma's adapter does not know the catalogs' internal type "char". It is shown to it as text, and its columns are
 * named to the engine as what they are.
 */
function withInternalChars(pool: Pool): { factory: PrismaPg; marked(result: SqlResult): SqlResult } {
  const [charOid, textOid] = [18, 25]
  const characterType: SqlResult["columnTypes"][number] = 6
  const charColumns = new WeakMap<object, Set<number>>()
  const query = async (config: Parameters<Pool["query"]>[0]): Promise<QueryArrayResult> => {
    const result = (await pool.query(config)) as unknown as QueryArrayResult
    const isChar = (field: FieldDef): boolean => field.dataTypeID === charOid
    charColumns.set(result.rows, new Set(result.fields.flatMap((field, at) => (isChar(field) ? [at] : []))))
    return {
      ...result,
      fields: result.fields.map((field) => (isChar(field) ? { ...field, dataTypeID: textOid } : field)),
    }
  }
  return {
    factory: new PrismaPg(Object.create(pool, { query: { value: query } }) as Pool),
    marked: (result) => ({
      ...result,
      columnTypes: result.columnTypes.map((type, at) => (charColumns.get(result.rows)?.has(at) ? characterType : type)),
    }),
  }
}
