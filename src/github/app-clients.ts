import { Probot } from "probot"
import type { GitHubClient } from "./client.ts"
import { octokitForLife } from "./octokit.ts"

/** Clients of one app. */
export type AppClients = {
  /** Acts as the app itself. */
  app(): Promise<GitHubClient>
  /** Acts as one of its installations. */
  installation(installationId: number): Promise<GitHubClient>
}

/** Makes the clients of an app that takes no webhooks, for commands. */
export function openAppClients(credentials: { appId: number; privateKey: string; githubApiUrl: string }): AppClients {
  const probot = new Probot({
    appId: credentials.appId,
    privateKey: credentials.privateKey,
    baseUrl: credentials.githubApiUrl,
    logLevel: "fatal",
    Octokit: octokitForLife(),
  })
  return { app: () => probot.auth(), installation: (id) => probot.auth(id) }
}
