/**
 * GraphQL mutations. The place for `revertPullRequest`, `enablePullRequestAutoMerge`, `disablePullRequestAutoMerge` and
 * `dequeuePullRequest`: a `Mutation` entry with `args: ["input"]` for each, its payload type beside it (a field reads the
 * payload with `properties`), and the work in `act/`, from which a thrown `refusal` becomes an error of the answer.
 * A mutation that is not here fails the request as unknown.
 */
import type { Surface } from "./graphql-schema.ts"

/** Types of this file by name. */
export const mutationTypes: Surface = {}
