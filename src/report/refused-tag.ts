import { code, plain } from "./markdown.ts"

/** The known-good tag could not be moved to a commit that is healthy; `words` are GitHub's. */
export type TagRefused = {
  status: "refused"
  tag: string
  why: "protected" | "permission" | "not-forward" | "other"
  words: string
}

const again = "It is tried again every hour."

/** Why the tag was not moved, and what a person can do, in Markdown. */
export function explainRefusedTag({ tag, why, words }: TagRefused): string {
  const where = `The tag ${code(tag)} could not be moved here`
  switch (why) {
    case "protected":
      return `${where}: a ruleset protects it (${plain(words, 200)}). Next: let this app pass that ruleset. ${again}`
    case "permission":
      return `${where}: GitHub does not let this app write it (${plain(words, 200)}). Next: grant the app ${code("contents: write")} on the installation's page. ${again}`
    case "not-forward":
      return `${where}: this commit does not come after the one that is known-good now, as after a push by force. Next: if that is as it should be, delete the tag; the next commit that proves itself gets it.`
    case "other":
      return `${where}: GitHub refused to move it (${plain(words, 200)}). Next: see whether a tag protection or a ruleset forbids it. ${again}`
  }
}
