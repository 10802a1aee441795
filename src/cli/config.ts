import { readFileSync } from "node:fs"
import { readConfigFile, wantsBase } from "../promotion/config/config-file.ts"
import { configJsonSchema } from "../promotion/config/config-schema.ts"
import { printable } from "./terminal.ts"

/** The file to check, and the organisation's that it extends; null: it is checked as if it stood alone. */
export type ConfigPaths = { path: string; extended: string | null }

/** Checks a config file and prints every problem with its place. Returns the exit code: 0 valid, 1 not. */
export function checkConfig({ path, extended }: ConfigPaths, print: (line: string) => void): number {
  const text = readText(path)
  const reading =
    extended === null ? readConfigFile(text) : readConfigFile(text, { of: extended, text: readText(extended) })
  if (wantsBase(text) && extended === null) {
    print(`${path}: extends the organisation's file, which was not given (--extends FILE): checked alone`)
  }
  if (reading.status === "valid") {
    print(`${path}: valid, mode ${reading.config.mode}`)
    return 0
  }
  for (const { line, column, path: place, message, of = path } of reading.problems) {
    print(printable(`${of}:${line}:${column} ${place === "" ? "" : `${place}: `}${message}`))
  }
  if (reading.more > 0) print(`${path}: and ${reading.more} more`)
  return 1
}

/** Prints the JSON Schema of the config. Returns the exit code. */
export function showSchema(print: (line: string) => void): number {
  print(JSON.stringify(configJsonSchema(), null, 2))
  return 0
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8")
  } catch {
    throw new Error(`cannot read ${path}`)
  }
}
