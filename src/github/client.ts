import type { ProbotOctokit } from "probot"

/** A client that acts as one installation of the app. Its token is kept and renewed by Probot. */
export type GitHubClient = InstanceType<typeof ProbotOctokit>

/** Where a repository is. */
export type RepositoryAddress = { owner: string; name: string }
