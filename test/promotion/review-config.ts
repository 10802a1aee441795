import { builtInConfig, promotionConfigSchema, type ConfigInForce } from "../../src/promotion/config/config.ts"

type Named = { config: ConfigInForce | null; looser: readonly string[] }

const blob = "d".repeat(40)
const all = ["policy", "review"]
const writers = { approvals: 1, from: ["write"] }
const every = (demand: object) => ({ low: demand, medium: demand, high: demand })

function valid(stages: readonly unknown[], more: object = {}, from?: string[]): ConfigInForce {
  const branch = from === undefined ? { stages } : { stages, from }
  const text = {
    version: 1,
    mode: "enforce",
    branches: { main: branch, release: branch },
    agents: { logins: ["robo"] },
    ...more,
  }
  return { status: "valid", blob, config: promotionConfigSchema.parse(text) }
}

const auth = { risk: [{ level: "high", paths: ["src/auth/**"] }] }
const hour = "1h"
const low = { ...writers, auto_approve_after: hour }
const waiting = { ...every(writers), low }
const addresses = (action: string) => ({ content: [{ name: "no addresses", added: "http://", action }] })
const reviewed = (policy: object): ConfigInForce => valid(all, { review: every(writers), policy })
const one = ["one writer"]

/** Configs, each with the names of those that it only adds a rule to: whatever they shut, it shuts. */
export const configsOfReview: Readonly<Record<string, Named>> = {
  unknown: { config: null, looser: [] },
  "nothing asked": { config: valid([]), looser: [] },
  "policy only": { config: valid(["policy"]), looser: ["nothing asked"] },
  nobody: { config: valid(all, { review: every({ approvals: 0, from: ["write"] }) }), looser: ["policy only"] },
  "one writer": {
    config: valid(all, { review: every(writers) }),
    looser: ["nobody", "policy only", "one writer, or urgently"],
  },
  "one writer, or urgently": {
    config: valid(all, { review: every(writers), urgent: { may_skip: ["review"] } }),
    looser: ["policy only"],
  },
  "two writers": { config: valid(all, { review: every({ ...writers, approvals: 2 }) }), looser: one },
  "one maintainer": { config: valid(all, { review: every({ approvals: 1, from: ["maintain"] }) }), looser: one },
  "wes or the team": {
    config: valid(all, { review: every({ approvals: 1, from: ["user:Wes", "team:acme/release"] }) }),
    looser: ["nobody"],
  },
  "two of wes and the team": {
    config: valid(all, { review: every({ approvals: 2, from: ["user:Wes", "team:acme/release"] }) }),
    looser: ["wes or the team"],
  },
  "two humans": { config: valid(all, { review: { ...every(writers), agents: "two-humans" } }), looser: one },
  "risk by path": {
    config: valid(all, {
      review: { ...every(writers), high: { approvals: 2, from: ["maintain", "user:wil"] } },
      ...auth,
    }),
    looser: one,
  },
  "risk by lines and by agent": {
    config: valid(all, {
      review: { ...every(writers), high: { approvals: 2, from: ["write"] } },
      risk: [
        { level: "high", changed_lines_over: 10 },
        { level: "high", author: "agent" },
      ],
    }),
    looser: one,
  },
  waiting: { config: valid(all, { review: waiting }), looser: ["nobody"] },
  "waiting, risk by path": { config: valid(all, { review: waiting, ...auth }), looser: ["waiting"] },
  "waiting, two humans": { config: valid(all, { review: { ...waiting, agents: "two-humans" } }), looser: ["waiting"] },
  "waiting, and expiring": { config: valid(all, { review: { ...waiting, expires_after: "2d" } }), looser: ["waiting"] },
  expiring: { config: valid(all, { review: { ...every(writers), expires_after: hour } }), looser: one },
  "addresses need an operator": { config: reviewed(addresses("require-approval")), looser: one },
  "addresses are forbidden": { config: reviewed(addresses("block")), looser: [...one, "addresses need an operator"] },
  "addresses raise the risk": {
    config: valid(all, { review: waiting, policy: addresses("raise-risk") }),
    looser: ["waiting"],
  },
  "auth protected": { config: reviewed({ protected_paths: ["src/auth/**"] }), looser: one },
  "auth forbidden": { config: reviewed({ forbidden_paths: ["src/auth/**"] }), looser: [...one, "auth protected"] },
  small: { config: reviewed({ max_changed_lines: 3 }), looser: one },
  "test plan": { config: reviewed({ description: { require_sections: ["Risk"] } }), looser: one },
  "from feature": { config: valid(all, { review: every(writers) }, ["feature"]), looser: one },
  "from elsewhere": { config: valid(all, { review: every(writers) }, ["hotfix/*"]), looser: one },
  "never valid": {
    config: { status: "invalid", blob, config: builtInConfig, lastValid: false, problems: [], more: 1 },
    looser: [],
  },
}
