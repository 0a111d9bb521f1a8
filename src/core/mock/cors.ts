/** What pages of other origins are told: Ollama lets in those of this machine and apps, and says 403 to all others. */
import type { Generation } from "./generation.js"
import { type Plan, whole } from "./plan.js"

const letIn = new RegExp(
  [
    "^https?://(localhost|127\\.0\\.0\\.1|0\\.0\\.0\\.0)(:\\d+)?$",
    "^(app|file|tauri|vscode-webview|vscode-file)://",
    "^(chrome|safari|moz|ms-browser)-extension://"
  ].join("|")
)

const openai = (generation: Generation) =>
  generation.version === "0.6.3"
    ? "X-Stainless-Lang,X-Stainless-Package-Version,X-Stainless-Os,X-Stainless-Arch,X-Stainless-Retry-Count," +
      "X-Stainless-Runtime,X-Stainless-Runtime-Version,X-Stainless-Async,X-Stainless-Helper-Method," +
      "X-Stainless-Poll-Helper,X-Stainless-Custom-Poll-Interval,X-Stainless-Timeout"
    : "Openai-Beta,X-Stainless-Arch,X-Stainless-Async,X-Stainless-Custom-Poll-Interval,X-Stainless-Helper-Method," +
      "X-Stainless-Lang,X-Stainless-Os,X-Stainless-Package-Version,X-Stainless-Poll-Helper,X-Stainless-Retry-Count," +
      "X-Stainless-Runtime,X-Stainless-Runtime-Version,X-Stainless-Timeout"

const preflight = (origin: string, generation: Generation, allow: ReadonlyArray<string> | undefined): Plan => ({
  delay: 0,
  head: {
    status: 204,
    headers: [
      [
        "Access-Control-Allow-Headers",
        `Authorization,Content-Type,User-Agent,Accept,X-Requested-With,${openai(generation)}`
      ],
      ["Access-Control-Allow-Methods", "GET,POST,PUT,PATCH,DELETE,HEAD,OPTIONS"],
      ["Access-Control-Allow-Origin", origin],
      ["Access-Control-Max-Age", "43200"],
      ...(allow === undefined || !generation.methodNotAllowed ? [] : [["Allow", allow.join(", ")] as const]),
      ...(origin === "*"
        ? []
        : ["Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"].map((name) =>
          ["Vary", name] as const
        ))
    ],
    framing: "none"
  },
  chunks: [],
  end: "complete"
})

/** Of a pattern with at most one `*`, as its library takes them. */
const fits = (origin: string, pattern: string) => {
  const at = pattern.indexOf("*")
  if (at < 0) return pattern.toLowerCase() === origin
  const [before, after] = [pattern.slice(0, at).toLowerCase(), pattern.slice(at + 1).toLowerCase()]
  return origin.length >= before.length + after.length && origin.startsWith(before) && origin.endsWith(after)
}

/** Names of this machine and its neighbours, which the server itself tells that they may ask. */
const isNear = (host = "") => /^(localhost|.+\.(localhost|local|internal))(:\d+)?$/i.test(host)

const noContent: Plan = {
  delay: 0,
  head: { status: 204, headers: [], framing: "none" },
  chunks: [],
  end: "complete"
}

/** Answers a request as its origin may have it answered. `allow` are the methods of its path. */
export const forOrigin = (
  { headers, method }: { readonly method: string; readonly headers: Readonly<Record<string, string>> },
  generation: Generation,
  allow: ReadonlyArray<string> | undefined,
  origins: ReadonlyArray<string>,
  answer: () => Plan
): Plan => {
  const { host, origin } = headers
  if (origin === undefined || origin === `http://${host}` || origin === `https://${host}`) {
    return method === "OPTIONS" && isNear(host) ? noContent : answer()
  }
  const isOpen = origins.includes("*")
  if (!isOpen && !letIn.test(origin) && !origins.some((pattern) => fits(origin.toLowerCase(), pattern))) {
    return whole(403, undefined, "")
  }
  if (method === "OPTIONS") return preflight(isOpen ? "*" : origin, generation, allow)
  const plan = answer()
  if (plan.head === undefined) return plan
  const shared: ReadonlyArray<readonly [string, string]> = isOpen
    ? [["Access-Control-Allow-Origin", "*"], ...plan.head.headers]
    : [["Access-Control-Allow-Origin", origin], ...plan.head.headers, ["Vary", "Origin"]]
  return { ...plan, head: { ...plan.head, headers: shared } }
}
