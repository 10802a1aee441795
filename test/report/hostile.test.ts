import { describe, expect, test } from "vitest"
import { passed, pauseBy, shown } from "./verdict.ts"

describe("names that were chosen to do harm", () => {
  const names = [
    "[click](https://evil.example) ![x](y)",
    "**bold** _it_ `code` ~~gone~~",
    "a | b | c",
    "<img src=x onerror=alert(1)><!-- ",
    "@acme/everyone #1 GH-2 www.evil.example",
    "line\nbreak\r\n## heading\n- item",
    "\u202Egnp.exe\u2066 zero\u200Bwidth\u0000nul",
    "````",
    `long ${"x".repeat(300)}`,
  ]

  test("as checks and requirements", () => {
    const checks = names.map((name) => ({ name, says: "failure" }))
    expect(shown({ require: names.map((name) => name.slice(0, 200)), checks })).toMatchInlineSnapshot(`
      "failure | Blocked: [click](https://evil.example) ![x](y), **bold** _it_ \`code\` ~~gone~~ and 6 more failed, 0 of 1 stage passed

      This pull request must not be merged into \`main\` yet:

      - **checks-failed** — \`[click](https://evil.example) ![x](y)\`, \`\`**bold** _it_ \`code\` ~~gone~~\`\` and 6 more did not succeed on this commit. Next: mend it and push, or run it again.

      | stage | status | what was reported |
      | --- | --- | --- |
      | checks | ❌ failed | \`[click](https://evil.example) ![x](y)\`: failure<br>\`\`**bold** _it_ \`code\` ~~gone~~\`\`: failure<br>\`a ¦ b ¦ c\`: failure<br>\`<img src=x onerror=alert(1)><!--\`: failure<br>\`@acme/everyone #1 GH-2 www.evil.example\`: failure<br>\`line break ## heading - item\`: failure<br>\`gnp.exe zero width nul\`: failure<br>\`\`\`\`\` \`\`\`\` \`\`\`\`\`: failure<br>\`long xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…\`: not reported for this commit |

      <sub>run id \`01930000-0000-7000-8000-000000000001\` · head \`aaaaaaaaaaaa\` · into \`main\`</sub>"
    `)
  })
  test("as conclusions and apps", () => {
    const checks = names.map((name, index) => ({ name: `check ${index}`, says: name, app: name }))
    expect(shown({ require: ["check *"], checks })).toMatchInlineSnapshot(`
      "in_progress | Waiting: check * not passed yet, 0 of 1 stage passed

      This pull request must not be merged into \`main\` yet:

      - **checks-pending** — waiting for \`check *\` to succeed on this commit. Next: wait for what is running, start what is not. A check that nobody reports keeps the gate shut.

      | stage | status | what was reported |
      | --- | --- | --- |
      | checks | ⏳ running | \`check *\`: \`check 0\` &#91;click&#93;(https&#58;//evil.example) !&#91;x&#93;(y), \`check 1\` &#42;&#42;bold&#42;&#42; &#95;it&#95; &#96;code&#96; &#126;&#126;gone&#126;&#126;, \`check 2\` a &#124; b &#124; c, \`check 3\` &#60;img src=x onerror=alert(1)&#62;&#60;!--, \`check 4\` &#64;acme/everyone &#35;1 GH&#45;2 www&#46;evil.example and 4 more |

      <sub>run id \`01930000-0000-7000-8000-000000000001\` · head \`aaaaaaaaaaaa\` · into \`main\`</sub>"
    `)
  })
  test("as reasons of a pause", () => {
    const pauses = names.slice(0, 5).map((reason, index) => pauseBy(`user${index}`, reason))
    expect(shown({ checks: passed, pauses })).toMatchInlineSnapshot(`
      "failure | Blocked: paused by @user0, @user1, @user2 and 2 more, 1 of 1 stage passed

      This pull request must not be merged into \`main\` yet:

      - **promotion-paused** — &#64;user0 paused all promotions of this repository: “&#91;click&#93;(https&#58;//evil.example) !&#91;x&#93;(y)”. &#64;user1 paused all promotions of this repository: “&#42;&#42;bold&#42;&#42; &#95;it&#95; &#96;code&#96; &#126;&#126;gone&#126;&#126;”. &#64;user2 paused all promotions of this repository: “a &#124; b &#124; c”. &#64;user3 paused all promotions of this repository: “&#60;img src=x onerror=alert(1)&#62;&#60;!--”. &#64;user4 paused all promotions of this repository: “&#64;acme/everyone &#35;1 GH&#45;2 www&#46;evil.example”. Next: somebody with the \`write\` role comments \`/resume-promotion\`.

      | stage | status | what was reported |
      | --- | --- | --- |
      | checks | ✅ passed | \`build\`: passed |

      <sub>run id \`01930000-0000-7000-8000-000000000001\` · head \`aaaaaaaaaaaa\` · into \`main\`</sub>"
    `)
    const others = names.slice(5).map((reason, index) => pauseBy(`user${index}`, reason))
    expect(shown({ checks: passed, pauses: others })).toMatchInlineSnapshot(`
      "failure | Blocked: paused by @user0, @user1, @user2 and 1 more, 1 of 1 stage passed

      This pull request must not be merged into \`main\` yet:

      - **promotion-paused** — &#64;user0 paused all promotions of this repository: “line break &#35;&#35; heading - item”. &#64;user1 paused all promotions of this repository: “gnp.exe zero width nul”. &#64;user2 paused all promotions of this repository: “&#96;&#96;&#96;&#96;”. &#64;user3 paused all promotions of this repository: “long xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…”. Next: somebody with the \`write\` role comments \`/resume-promotion\`.

      | stage | status | what was reported |
      | --- | --- | --- |
      | checks | ✅ passed | \`build\`: passed |

      <sub>run id \`01930000-0000-7000-8000-000000000001\` · head \`aaaaaaaaaaaa\` · into \`main\`</sub>"
    `)
  })
  test("as keys of a config", () => {
    const invalid = `version: 1\n"[a](b) <b> | \`x\` @olga": 1\nmode: "**x**"\n`
    expect(shown({ checks: passed, invalid })).toMatchInlineSnapshot(`
      "success | Open: 1 of 1 stage passed

      This pull request may be merged into \`main\`: every stage passed for exactly this commit.

      The newest \`.github/promotion.yml\` on the default branch is not valid (\`config-invalid\`). The last valid one stays in force. Next: mend these lines:

      - line 2, column 1 at \`\`[a](b) <b> ¦ \`x\` @olga\`\`: unknown key \`[a](b) <b> ¦\`x\`@olga\`
      - line 3, column 1 at \`mode\`: must be \`advisory\` or \`enforce\`, not the text \`**x**\`

      | stage | status | what was reported |
      | --- | --- | --- |
      | checks | ✅ passed | \`build\`: passed |

      <sub>run id \`01930000-0000-7000-8000-000000000001\` · head \`aaaaaaaaaaaa\` · into \`main\`</sub>"
    `)
  })
})
