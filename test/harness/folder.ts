import { tmpdir } from "node:os"

/** Name of the environment variable with the folder of a run of the tests, which is removed at its end. */
export const runVariable = "PORTCULLIS_TEST_RUN"

/** Where the processes of a run may leave what is to go with it; the system's temporary folder outside of a run. */
export function folderOfRun(): string {
  return process.env[runVariable] ?? tmpdir()
}
