import { readFileSync } from "node:fs"
import { readConfigFile } from "../promotion/config-file.ts"
import { printable } from "./terminal.ts"

/** Checks a config file and prints every problem with its place. Resolves to the exit code: 0 valid, 1 not. */
export function checkConfig(path: string, print: (line: string) => void): number {
  const reading = readConfigFile(readText(path))
  if (reading.status === "valid") {
    print(`${path}: valid, mode ${reading.config.mode}`)
    return 0
  }
  for (const { line, column, path: place, message } of reading.problems) {
    print(printable(`${path}:${line}:${column} ${place === "" ? "" : `${place}: `}${message}`))
  }
  return 1
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8")
  } catch {
    throw new Error(`cannot read ${path}`)
  }
}
