import { readGranted, readBranchGuard } from "../github/branch-rules.ts"
import type { AppClients } from "../github/app-clients.ts"
import { readImpostors } from "../github/impostor.ts"
import { readConfig } from "../github/config-file.ts"
import { diagnose } from "../promotion/gate/diagnosis.ts"
import { rulesForBranch } from "../promotion/config/config.ts"
import { guardedBranches, hasTeams } from "../promotion/config/guarded.ts"
import { modeOf } from "../promotion/gate/verdict.ts"
import { gateCheckName } from "../report/check-run.ts"
import { diagnosisLine } from "../report/diagnosis.ts"
import { printable } from "./terminal.ts"

/** What the doctor works with. */
export type Doctor = AppClients & { ownAppId: number; print(line: string): void }

/**
 * Looks at a repository as the app sees it now, and prints what keeps the gate from holding. Resolves to the exit code:
 * 0 nothing is wrong, 1 something is.
 *
 * @throws what Octokit throws when GitHub cannot be asked.
 */
export async function examine(doctor: Doctor, repository: string): Promise<number> {
  const [owner, name, ...more] = repository.split("/")
  if (owner === undefined || owner === "" || name === undefined || name === "" || more.length > 0)
    throw new Error(`not a repository, such as acme/shop: ${repository}`)
  const print = (line: string): void => doctor.print(printable(line))
  const address = { owner, name }
  const granted = await readGranted(await doctor.app(), address)
  if (granted === null) {
    print(`${repository}: not-installed: The app is not installed there, or there is no such repository.`)
    return 1
  }
  const client = await doctor.installation(granted.installationId)
  const config = await readConfig(client, address)
  const broken = config.inForce.status === "invalid"
  if (broken) print(`${repository}: config-invalid: .github/promotion.yml is not valid. Next: portcullis config check.`)
  let found = broken ? 1 : 0
  for (const branch of guardedBranches(config.inForce.config, config.defaultBranch)) {
    const place = { address, branch }
    const findings = diagnose({
      gateName: gateCheckName,
      ownAppId: doctor.ownAppId,
      mode: modeOf(config.inForce),
      teams: hasTeams(config.inForce.config),
      guard: await readBranchGuard(client, place),
      granted,
      impostors: await readImpostors(client, place, { name: gateCheckName, ownAppId: doctor.ownAppId }),
    })
    found += findings.length
    for (const one of findings) print(`${repository}: ${diagnosisLine(one, branch)}`)
    if (findings.length === 0) print(`${repository}: ${soundly(branch, modeOf(config.inForce))}`)
  }
  if (isConfigUngated(config)) {
    found += 1
    const finding = { code: "config-without-gate", detail: null } as const
    print(`${repository}: ${diagnosisLine(finding, config.defaultBranch)}`)
  }
  return found === 0 ? 0 : 1
}

/** Whether what holds merges is read from a branch whose own merges nothing holds. */
function isConfigUngated({ inForce, defaultBranch }: Awaited<ReturnType<typeof readConfig>>): boolean {
  if (modeOf(inForce) !== "enforce") return false
  return rulesForBranch(inForce.config, { name: defaultBranch, defaultBranch }) === undefined
}

function soundly(branch: string, mode: "advisory" | "enforce"): string {
  if (mode === "enforce") return `nothing is wrong with the gate of ${branch}`
  return `nothing is wrong with the gate of ${branch}; in mode advisory it holds nothing`
}
