/**
 * What can be looked at as a whole. A subject is a key, never an event: reconciling it never asks why it was woken.
 *
 * - `pull-request`: the gate of one pull request
 * - `conversation`: the unanswered comments on one issue or pull request
 * - `repository`: the config and the list of open pull requests
 */
export type Subject =
  | { kind: "pull-request"; repositoryId: number; number: number }
  | { kind: "conversation"; repositoryId: number; number: number }
  | { kind: "repository"; repositoryId: number }

/** The key of a subject; equal subjects have equal keys. */
export function subjectKey(subject: Subject): string {
  const base = `${subject.kind}:${subject.repositoryId}`
  return subject.kind === "repository" ? base : `${base}:${subject.number}`
}

/**
 * Reads a key back.
 *
 * @throws on text that is no subject's key; such a job must not be retried.
 */
export function parseSubject(key: string): Subject {
  const match = /^(pull-request|conversation|repository):(\d{1,15})(?::(\d{1,10}))?$/.exec(key)
  const repositoryId = Number(match?.[2])
  const number = Number(match?.[3])
  if (match?.[1] === "repository" && match[3] === undefined) return { kind: "repository", repositoryId }
  if (match?.[1] === "pull-request" && match[3] !== undefined) return { kind: "pull-request", repositoryId, number }
  if (match?.[1] === "conversation" && match[3] !== undefined) return { kind: "conversation", repositoryId, number }
  throw new Error(`not a subject: ${key.slice(0, 80)}`)
}
