import { compareConfigs, type ComparedConfigs } from "./config-compare.ts"
import type { ConfigDifference } from "./config-difference.ts"

/** Most comparisons kept; of each no more differences than a comparison tells. */
const limitKept = 50

const comparisons = new Map<string, readonly ConfigDifference[]>()

/**
 * Compares two configs, once for equal ones: the files may be large, and a pull request is judged anew whenever one of its
 * checks reports. The key names both files; null: they cannot be named, so they are compared anew. The result is the same
 * as without memory.
 */
export function compareConfigsOnce(key: string | null, configs: ComparedConfigs): readonly ConfigDifference[] {
  if (key === null) return compareConfigs(configs)
  const known = comparisons.get(key)
  if (known !== undefined) return known
  const found = compareConfigs(configs)
  const oldest = comparisons.size < limitKept ? undefined : comparisons.keys().next().value
  if (oldest !== undefined) comparisons.delete(oldest)
  comparisons.set(key, found)
  return found
}
