// The pages: the same text, with what is said of Effect 3 alone changed or left out.
import { readFileSync } from "node:fs"
import own from "../package.json" with { type: "json" }
import { prose } from "./prose.mjs"

const { effect } = own.peerDependencies

/** Sections that are not for Effect 4, by their headings. */
const dropped = {
  // There is no provider of OpenAI for Effect 4.1, and no `ai-openai` to compare with.
  "docs/effect-ai.md": [
    "Local in development, hosted in production",
    "Falling back to a hosted model"
  ],
  // What an exporter of Effect 3 gets.
  "docs/telemetry.md": ["Four calls, as an exporter sees them"]
}

const changed = {
  "README.md": [
    [
      /\| effect-ollama \| effect \|[\s\S]*?ESM only\.\)\n/,
      `| effect-ollama | effect | Node | TypeScript |
| --- | --- | --- | --- |
| ${own.version.replace(/\.\d+$/, "")} | ${effect} | >= 22.19 | >= 5.9 |

\`\`\`sh
npm install effect-ollama@^2 effect@^4.1 @effect/platform-node@^4.1 undici@^7
\`\`\`

The same library for Effect 3 is \`effect-ollama@^0.1\`. Beside Effect 3 the first import of this one fails with
\`ERR_PACKAGE_PATH_NOT_EXPORTED\`, \`Package subpath './Result' is not defined by "exports"\`. (ESM only.)
`
    ],
    [/npm install --save-dev vitest@\S+ @effect\/vitest@\S+/, "npm install --save-dev vitest@^5 @effect/vitest@^4"]
  ],
  "docs/effect-ai.md": [
    [
      /npm install effect-ollama @effect\/ai@[^\n]*/,
      "npm install effect-ollama@^2 effect@^4.1"
    ],
    [
      /(\n## Compared with other providers\n\n)[\s\S]*?(?=\n## |$)/,
      `\n## Compared with other providers\n\n${
        readFileSync(new URL("../comparison/table.md", import.meta.url), "utf8")
      }`
    ],
    [/`effect\/ai` is an optional peer: nothing else of this package imports it\./, "It is in `effect` itself."]
  ],
  "docs/testing.md": [
    [
      "(which `it.effect` provides)",
      "(which `it.effect` provides; it moves after two turns of the scheduler, so yield `Effect.yieldNow` before `adjust` where\nwhat was forked forks in turn)"
    ]
  ],
  "docs/telemetry.md": [[/@effect\/opentelemetry@\^[\d.]+/, "@effect/opentelemetry@^4.1"]]
}

/** The text without a section, from its heading to the next of its level, and without its line in the list of contents. */
const without = (text, heading) => {
  const from = text.indexOf(`\n## ${heading}\n`)
  if (from < 0) return text
  const next = text.indexOf("\n## ", from + 1)
  const anchor = heading.toLowerCase().replace(/[^\w -]/g, "").replaceAll(" ", "-")
  return (text.slice(0, from) + (next < 0 ? "\n" : text.slice(next))).replace(
    new RegExp(`\\n- \\[[^\\]]*\\]\\(#${anchor}\\)`),
    ""
  )
}

export const page = (file, text) => {
  const words = (changed[file] ?? []).reduce((text, [from, to]) => text.replace(from, () => to), text)
  return (dropped[file] ?? []).reduce(without, prose(words))
}
