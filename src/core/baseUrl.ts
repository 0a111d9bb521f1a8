/**
 * Base URLs: what people write, and the two addresses that are made of it.
 */
import * as Either from "effect/Either"
import type { Api } from "../Model.js"
import { wires } from "./wire/wires.js"

export interface BaseUrl {
  /** Without `/v1`, `/api` or a slash at its end. */
  readonly root: string
  /** Where `/chat/completions` is appended. */
  readonly completionsUrl: string
  readonly warnings: ReadonlyArray<string>
}

export interface BaseUrlProblem {
  readonly expected: string
  readonly actual: string
}

export const defaultRoot = "http://127.0.0.1:11434"

const stripSlashes = (path: string): string => {
  let end = path.length
  while (end > 0 && path.charCodeAt(end - 1) === 47) end--
  return path.slice(0, end)
}

/** Strips trailing slashes and one trailing `/v1` or `/api`. */
export const stripApi = (path: string): string => {
  const stripped = stripSlashes(path)
  const match = /\/(?:v1|api)$/i.exec(stripped)
  return match === null ? stripped : stripSlashes(stripped.slice(0, match.index))
}

// What people paste from an example of curl.
const endpoint = /\/(?:chat\/completions|api\/(?:chat|generate|tags))$/i

/** The address under which a client reaches a server that listens on every address. */
export const connectable = (host: string): string => host === "0.0.0.0" ? "127.0.0.1" : host === "[::]" ? "[::1]" : host

const problem = (actual: string): Either.Either<never, BaseUrlProblem> =>
  Either.left({ expected: "an http or https URL", actual })

// A value is only quoted when it is surely an address: it could be a key that was put into the wrong place.
const address =
  /^(?:localhost|\d{1,3}(?:\.\d{1,3}){3}|(?:[a-z0-9.-]{1,100}|\[[\da-f:]{2,40}\]):\d{1,5})(?:\/|\/v1\/?|\/api\/?)?$/i

/** Schemes that people do write; before a colon of anything else may stand a host. */
const otherScheme = /^(about|blob|data|file|ftp|javascript|mailto|ssh|tcp|unix|vbscript|wss?):/i

const missingScheme = (value: string): string =>
  address.test(value)
    ? `${JSON.stringify(value)}, which has no scheme: write "http://${value}"`
    : "a value without a scheme: write \"http://\" in front"

/**
 * Both addresses of a base URL. A path other than `/v1` is used as given where the wire keeps it, but not of an Ollama.
 */
export const normalize = (
  value: string,
  options: { readonly provider: string; readonly api: Api }
): Either.Either<BaseUrl, BaseUrlProblem> => {
  const text = value.trim()
  const scheme = (/^([a-z][a-z0-9+.-]*):\/\//i.exec(text) ?? otherScheme.exec(text))?.[1]?.toLowerCase()
  if (scheme === undefined) return problem(missingScheme(text))
  if (scheme !== "http" && scheme !== "https") return problem(`a URL with the scheme "${scheme.slice(0, 20)}"`)
  if (/^\w+:\/\/https?:\/\//i.test(text)) return problem("a URL with two schemes, one behind the other: write one")
  // URL parsers drop tabs and newlines without a word
  if (/[\s\\\u0000-\u001f\u007f]/.test(text) || !URL.canParse(text)) return problem("a text that is no URL")
  const url = new URL(text)
  if (url.username !== "" || url.password !== "" || text.slice(scheme.length + 3).split(/[/?#]/, 1)[0]!.includes("@")) {
    return problem("a URL with credentials inside: use apiKey or headers")
  }
  const warnings: Array<string> = /[?#]/.test(text) ? ["its query and fragment are not used"] : []
  const port = url.port === "" ? "" : `:${url.port}`
  const origin = `${url.protocol}//${connectable(url.hostname)}${port}`
  const pasted = stripSlashes(url.pathname)
  const path = stripSlashes(pasted.replace(endpoint, ""))
  if (path !== pasted) {
    warnings.push(`it is the base of the API: ${JSON.stringify(pasted.slice(path.length))} is cut off`)
  }
  const root = origin + stripApi(path)
  const { keepsPath } = wires[options.api]
  const asGiven = keepsPath && options.provider !== "ollama" && path !== "" && !/\/v1$/i.test(path)
  return Either.right({ root, completionsUrl: asGiven ? origin + path : `${root}/v1`, warnings })
}

// Of container runtimes: this machine, from within.
const hostNames = new Set([
  "docker.orb.internal",
  "gateway.docker.internal",
  "host.containers.internal",
  "host.docker.internal",
  "host.lima.internal",
  "host.minikube.internal",
  "host.orb.internal",
  "kubernetes.docker.internal"
])

const isNear4 = (host: string): boolean => {
  const [a, b] = host.split(".").map(Number) as [number, number]
  return a === 127 || a === 10 || (a === 172 && b >= 16 && b <= 31) || (a === 192 && b === 168)
    || (a === 169 && b === 254)
}

const isNear6 = (host: string): boolean => {
  const mapped = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/.exec(host)
  if (mapped === null) return host === "::1" || /^(?:fe[89ab]|f[cd][\da-f])[\da-f]:/.test(host)
  const high = parseInt(mapped[1]!, 16)
  return isNear4(`${high >> 8}.${high & 255}.0.0`)
}

/** Whether a root leads to this machine or to one near it: loopback, private and link-local addresses, local names. */
export const isLocal = (root: string): boolean => {
  const host = new URL(root).hostname.toLowerCase().replace(/\.$/, "")
  if (host.startsWith("[")) return isNear6(host.slice(1, -1))
  if (/^\d+(?:\.\d+){3}$/.test(host)) return isNear4(host)
  return !host.includes(".") || host.endsWith(".local") || host.endsWith(".localhost") || hostNames.has(host)
}
