import { createRequire } from "node:module"
import { describe, expect, test } from "vitest"
import type { Reading } from "../../src/inbox/reading.ts"
import { readDelivery } from "../../src/webhook/payload.ts"

// GitHub's own examples: many were recorded from plain webhooks, so they get an installation here.

const require = createRequire(import.meta.url)
type Example = { name: string; examples: Record<string, unknown>[] }
const all = require("@octokit/webhooks-examples/api.github.com/index.json") as Example[]

const used = [
  "pull_request_review",
  "merge_group",
  "pull_request",
  "check_run",
  "check_suite",
  "status",
  "issue_comment",
  "issues",
  "push",
  "deployment",
  "deployment_status",
  "repository",
  "installation",
  "installation_repositories",
]

function read(event: string, payload: unknown, ownAppId = 1): Reading {
  return readDelivery(
    { id: 1n, guid: "a-guid", event, payload: JSON.stringify(payload), receivedAt: new Date(0) },
    ownAppId,
  )
}

function examplesOf(event: string): Record<string, unknown>[] {
  const found = all.find(({ name }) => name === event)?.examples ?? []
  return found.map((example) => ({ ...example, installation: example["installation"] ?? { id: 9 } }))
}

/** How many examples of an event came to what. */
function tally(event: string): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const example of examplesOf(event)) {
    const { outcome, why } = read(event, example)
    const what = why === null ? outcome : `${outcome}: ${why}`
    counts[what] = (counts[what] ?? 0) + 1
  }
  return counts
}

test("every example of an event that is used is understood", () => {
  expect(Object.fromEntries(used.map((event) => [event, tally(event)]))).toMatchInlineSnapshot(`
    {
      "check_run": {
        "queued": 9,
      },
      "check_suite": {
        "ignored: not our own check suite": 2,
        "ignored: only asking for our own suite again matters": 7,
      },
      "deployment": {
        "queued": 4,
      },
      "deployment_status": {
        "queued": 4,
      },
      "installation": {
        "queued": 7,
      },
      "installation_repositories": {
        "queued": 3,
      },
      "issue_comment": {
        "ignored: no command in it": 5,
        "ignored: only a new comment can hold a command": 4,
      },
      "issues": {
        "ignored: an issue without labels": 1,
        "ignored: nothing about labels": 15,
        "queued": 13,
      },
      "merge_group": {
        "queued": 2,
      },
      "pull_request": {
        "queued": 29,
      },
      "pull_request_review": {
        "ignored: no opinion": 3,
        "queued": 1,
      },
      "push": {
        "queued": 7,
      },
      "repository": {
        "queued": 13,
      },
      "status": {
        "queued": 4,
      },
    }
  `)
})

test("every example of any other event is ignored", () => {
  const others = all.filter(({ name }) => !used.includes(name))
  expect(others.length).toBeGreaterThan(30)
  for (const { name } of others) expect(Object.keys(tally(name)), name).toEqual(["ignored: event not used"])
})

test("an example without an installation comes from a repository the app is not on", () => {
  for (const event of used) {
    for (const example of examplesOf(event)) {
      expect(read(event, { ...example, installation: undefined }).outcome, event).toBe("not-installed")
    }
  }
})

describe("what an example tells", () => {
  function told(event: string, action?: string): Reading["hearsay"] {
    const example = examplesOf(event).find((one) => one["action"] === action)
    return read(event, example ?? expect.fail(`no example of ${event}.${action}`)).hearsay
  }

  test("a pull request: the fact, and the pull request is looked at", () => {
    expect(told("pull_request", "opened")).toMatchInlineSnapshot(`
      [
        {
          "asks": [],
          "configStale": false,
          "facts": [
            {
              "fact": {
                "author": {
                  "id": 21031067,
                  "kind": "user",
                  "login": "Codertocat",
                },
                "autoMerge": false,
                "baseRef": "master",
                "body": "This is a pretty simple change that we need to pull into master.",
                "draft": false,
                "fork": false,
                "headRef": "changes",
                "headSha": "ec26c3e57ca3a959ca5aad62de7213c562f8c821",
                "labels": [],
                "mergeCommit": null,
                "mergeable": "unknown",
                "merged": false,
                "mergedBy": null,
                "number": 2,
                "state": "open",
                "updatedAtMs": 1557933633000,
              },
              "kind": "pull-request",
            },
            {
              "fact": {
                "atMs": 1557933633000,
                "number": 2,
                "pusher": "Codertocat",
                "sha": "ec26c3e57ca3a959ca5aad62de7213c562f8c821",
              },
              "kind": "head",
              "pushed": true,
            },
          ],
          "repository": {
            "active": true,
            "defaultBranch": "master",
            "id": 186853002,
            "installationId": 9,
            "name": "Hello-World",
            "owner": "Codertocat",
          },
          "rerunHeads": [],
          "subjects": [
            {
              "kind": "pull-request",
              "number": 2,
              "repositoryId": 186853002,
            },
          ],
          "wakeHeads": [],
        },
      ]
    `)
  })

  test("a label: who asked for what, when, and how it was heard", () => {
    expect(told("pull_request", "labeled")[0]?.asks).toMatchInlineSnapshot(`
      [
        {
          "actor": {
            "id": 21031067,
            "kind": "user",
            "login": "Codertocat",
          },
          "actorIsBot": false,
          "atMs": 1557933635000,
          "cause": "delivery:a-guid",
          "kind": "label",
          "label": "bug",
          "number": 2,
          "on": true,
        },
      ]
    `)
  })

  test("a check: the fact, and whoever has this head is looked at", () => {
    expect(told("check_run", "completed")).toMatchInlineSnapshot(`
      [
        {
          "asks": [],
          "configStale": false,
          "facts": [
            {
              "fact": {
                "app": "github-actions",
                "appId": 29310,
                "atMs": 1557933672000,
                "conclusion": "failure",
                "id": 128620228,
                "name": "Octocoders-linter",
                "sha": "ec26c3e57ca3a959ca5aad62de7213c562f8c821",
                "source": "check-run",
                "status": "completed",
                "url": "https://octocoders.io",
              },
              "kind": "check",
            },
          ],
          "repository": {
            "active": true,
            "defaultBranch": "master",
            "id": 186853002,
            "installationId": 9,
            "name": "Hello-World",
            "owner": "Codertocat",
          },
          "rerunHeads": [],
          "subjects": [],
          "wakeHeads": [
            "ec26c3e57ca3a959ca5aad62de7213c562f8c821",
          ],
        },
      ]
    `)
  })

  test("a status: the fact, and whoever has this head is looked at", () => {
    expect(told("status")).toMatchInlineSnapshot(`
      [
        {
          "asks": [],
          "configStale": false,
          "facts": [
            {
              "fact": {
                "app": null,
                "appId": null,
                "atMs": 1557933655000,
                "conclusion": "success",
                "id": 1557933655000,
                "name": "default",
                "sha": "6113728f27ae82c7b1a177c8d03f9e96e0adf246",
                "source": "status",
                "status": "completed",
                "url": null,
              },
              "kind": "check",
            },
          ],
          "repository": {
            "active": true,
            "defaultBranch": "master",
            "id": 186853002,
            "installationId": 9,
            "name": "Hello-World",
            "owner": "Codertocat",
          },
          "rerunHeads": [],
          "subjects": [],
          "wakeHeads": [
            "6113728f27ae82c7b1a177c8d03f9e96e0adf246",
          ],
        },
      ]
    `)
  })

  test("an installation: its repositories, without a default branch", () => {
    expect(told("installation", "deleted")).toMatchInlineSnapshot(`
      [
        {
          "asks": [],
          "configStale": true,
          "facts": [],
          "repository": {
            "active": false,
            "defaultBranch": null,
            "id": 1296269,
            "installationId": 2,
            "name": "Hello-World",
            "owner": "octocat",
          },
          "rerunHeads": [],
          "subjects": [
            {
              "kind": "repository",
              "repositoryId": 1296269,
            },
          ],
          "wakeHeads": [],
        },
      ]
    `)
  })

  test("removed repositories: not active any more", () => {
    expect(told("installation_repositories", "removed").map(({ repository }) => repository)).toMatchInlineSnapshot(`
      [
        {
          "active": false,
          "defaultBranch": null,
          "id": 1296269,
          "installationId": 2,
          "name": "Hello-World",
          "owner": "octocat",
        },
      ]
    `)
  })
})

test("our own check runs and comments wake nobody, unless somebody asks for them again", () => {
  for (const event of ["check_run", "check_suite"]) {
    for (const example of examplesOf(event)) {
      const { app, head_sha: sha } = example[event] as { app: { id: number }; head_sha: string }
      const { outcome, hearsay } = read(event, example, app.id)
      const asked = example["action"] === "rerequested"
      expect(outcome).toBe(asked ? "queued" : "ignored")
      expect(hearsay.map(({ rerunHeads, wakeHeads, facts }) => [rerunHeads, wakeHeads, facts])).toEqual(
        asked ? [[[sha], [sha], []]] : [],
      )
    }
  }
  const comment = examplesOf("issue_comment").find((one) => one["action"] === "created")
  const said = { ...(comment?.["comment"] as object), body: "/pause-promotion", performed_via_github_app: { id: 1 } }
  expect(read("issue_comment", { ...comment, comment: said }).why).toBe("our own comment")
  expect(read("issue_comment", { ...comment, comment: said }, 2).outcome).toBe("queued")
  expect(read("issue_comment", { ...comment, action: "edited", comment: said }, 2).outcome).toBe("ignored")
})
