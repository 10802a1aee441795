/**
 * Real bare git repositories under the test GitHub.
 *
 * Objects and refs are read and written in git's own file formats (git-object.ts, git-tree.ts, git-ref.ts), because a
 * test suite does that thousands of times; what needs git's judgement (merging, diffing, fetching) asks git itself.
 */
import { spawn } from "node:child_process"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"

/** One bare repository on disk. Make it once and pass it around: caches of immutable objects hang on its identity. */
export type GitStore = { readonly dir: string }

/** What a finished git process left: exit code, standard output as bytes, standard error as text. */
export type GitExit = { code: number; stdout: Buffer; stderr: string }

const config = `[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = true
[gc]
\tauto = 0
[maintenance]
\tauto = false
[transfer]
\tunpackLimit = 1000000
[receive]
\tdenyDeleteCurrent = ignore
[uploadpack]
\tallowAnySHA1InWant = true
`

/** Makes an empty bare repository with default branch `main`, as `git init --bare -b main` does but without hooks. */
export async function createStore(dir: string): Promise<GitStore> {
  for (const folder of ["objects/info", "objects/pack", "refs/heads", "refs/tags", "info"]) {
    mkdirSync(join(dir, folder), { recursive: true })
  }
  writeFileSync(join(dir, "config"), config)
  writeFileSync(join(dir, "HEAD"), "ref: refs/heads/main\n")
  return { dir }
}

/**
 * Copies refs with everything they reach from another store, as a fork or a pull request's head does.
 * `refspec` as in gitrevisions, e.g. `+refs/heads/*:refs/heads/*`. Throws when the other store has no such ref.
 */
export async function fetchFrom(store: GitStore, otherStore: GitStore, refspec: string): Promise<void> {
  const options = ["--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance"]
  const exit = await runGit(store, ["fetch", ...options, "--", otherStore.dir, refspec])
  if (exit.code !== 0) throw new Error(`git fetch ${refspec}: ${exit.stderr}`)
}

/**
 * Runs one git command in the store with an environment that depends on nothing of the machine: no system or user
 * configuration, no hooks, no locale. The caller judges the exit code; throws only when git cannot be started.
 */
export function runGit(store: GitStore, args: readonly string[], input?: string | Buffer): Promise<GitExit> {
  return new Promise((resolve, reject) => {
    const child = spawn("git", args, { env: gitEnv(store), stdio: ["pipe", "pipe", "pipe"] })
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk))
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk))
    child.on("error", reject)
    child.on("close", (code) =>
      resolve({ code: code ?? -1, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() }),
    )
    child.stdin.on("error", () => undefined) // git may exit before it has read everything
    child.stdin.end(input)
  })
}

function gitEnv(store: GitStore): NodeJS.ProcessEnv {
  return {
    PATH: process.env["PATH"],
    HOME: join(store.dir, "info"),
    LC_ALL: "C",
    GIT_DIR: store.dir,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_TERMINAL_PROMPT: "0",
    GIT_AUTHOR_NAME: "nobody",
    GIT_AUTHOR_EMAIL: "nobody@example.com",
    GIT_COMMITTER_NAME: "nobody",
    GIT_COMMITTER_EMAIL: "nobody@example.com",
  }
}
