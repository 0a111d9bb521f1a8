/**
 * `auth-profiles.json`: the keys that it holds, by provider, in the order in which they are to be used.
 */
import type { ConfigProblem } from "../../OllamaError.js"
import { isRecord, type JsonRecord, own } from "../json.js"
import { type Lookup, unsetVariable } from "./env.js"
import { isMarker, readKey, type Secret } from "./keys.js"
import { kindOf, plain } from "./plain.js"
import type { Diagnostic } from "./resolved.js"
import { suggest } from "./suggest.js"
import { formatPath, type KeyPath } from "./tree.js"

/** A file that was looked for: what it holds, or why it cannot be read. */
export type ProfilesFile =
  | { readonly path: string; readonly value: unknown }
  | { readonly path: string; readonly problem: FileProblem }

/** What is wrong with the whole file; `path` is inside it. */
export type FileProblem = Omit<ConfigProblem, "file">

export type Kind = "key" | "marker" | "reference"

export interface Profile {
  readonly id: string
  readonly provider: string
  readonly type: "api_key" | "token"
  readonly secret: Secret
  readonly path: KeyPath
  /** What it has in place of a key: a marker for local servers, or a reference that nobody follows. */
  readonly kind: Kind
}

export interface SkippedProfile {
  readonly id: string
  readonly reason: string
  /** Those that it may have been meant for: by what it says, and by its name. */
  readonly providers: ReadonlyArray<string>
}

export interface Profiles {
  readonly path?: string | undefined
  readonly byProvider: ReadonlyMap<string, ReadonlyArray<Profile>>
  readonly order: ReadonlyMap<string, ReadonlyArray<string>>
  readonly skipped: ReadonlyArray<SkippedProfile>
  /** Why the whole file cannot be used. */
  readonly problem?: FileProblem | undefined
  readonly diagnostics: ReadonlyArray<Diagnostic>
}

// A slip is looked for among this many providers.
const mostSuggested = 50

const normalize = (provider: string): string => provider.trim().toLowerCase()

// `ollama` of `ollama:work`
const providerIn = (id: string): string => normalize(id.split(":", 1)[0]!)

const read = (
  id: string,
  value: unknown,
  known: ReadonlySet<string>,
  near: ReadonlyArray<string>,
  lookup: Lookup,
  now: number,
  asks: boolean
): Profile | string | undefined => {
  if (!isRecord(value)) return `expected an object, found ${kindOf(value)}`
  const type = own(value, "type")
  if (type === undefined && own(value, "mode") !== undefined) return "it has `mode` where `type` belongs"
  if (type !== "api_key" && type !== "token" && type !== "oauth") {
    return "its `type` is none of \"api_key\", \"token\" and \"oauth\""
  }
  const written = own(value, "provider")
  if (typeof written !== "string" || written.trim() === "") return "it names no `provider`"
  const provider = normalize(written)
  if (type === "oauth") return known.has(provider) ? "oauth profiles are not used" : undefined
  const field = type === "token" ? "token" : "key"
  const ref = own(value, `${field}Ref`)
  const secret = ref ?? own(value, field)
  if (secret === undefined) {
    const other = ["apiKey", "key", "token"].find((name) => own(value, name) !== undefined)
    return other === undefined ? `it has no \`${field}\`` : `it has \`${other}\` where \`${field}\` belongs`
  }
  const named = ref === undefined ? `\`${field}\`` : `\`${field}Ref\``
  if (typeof secret !== "string" && !isRecord(secret)) return `its ${named} is ${kindOf(secret)}, not a string`
  const key = readKey(secret, lookup, provider)
  if (key === undefined) return `its ${named} is empty`
  if (key._tag === "Wrong") return `its ${named} is ${key.actual}`
  if (key._tag !== "Value" && key._tag !== "Reference") {
    return `its ${named} needs a variable: ${unsetVariable(key.variable)}`
  }
  const expires = own(value, "expires")
  if (type === "token" && expires !== undefined) {
    if (typeof expires !== "number" || !Number.isFinite(expires)) return "its `expires` is not a time in ms"
    if (expires <= now) return "it has expired"
  }
  const prefix = providerIn(id)
  if (!known.has(provider)) {
    const meant = suggest(provider, near)
    if (meant !== undefined) return `it is of the provider "${provider}": did you mean "${meant}"?`
    if (known.has(prefix)) return `its name says "${prefix}", but it is of another provider, "${provider}"`
  }
  const path = ["profiles", id, ref === undefined ? field : `${field}Ref`]
  const kind = key._tag === "Reference" ? asks ? "key" : "reference" : isMarker(key) ? "marker" : "key"
  return { id, provider, type, secret: key, path, kind }
}

// What OpenClaw's oldest files have at the top, by provider: `{ "ollama": { "apiKey": "…" } }`.
const flat = (id: string, value: unknown): SkippedProfile | undefined => {
  if (!isRecord(value) || !["apiKey", "key", "token", "provider"].some((name) => own(value, name) !== undefined)) {
    return undefined
  }
  const written = own(value, "provider")
  const provider = typeof written === "string" && written.trim() !== "" ? normalize(written) : providerIn(id)
  const at = formatPath(["profiles", id.includes(":") ? id : `${id}:default`])
  const secret = own(value, "token") === undefined
    ? "{ type: \"api_key\", provider, key }"
    : "{ type: \"token\", provider, token }"
  return { id, reason: `it belongs under ${at}, as ${secret}`, providers: [provider, providerIn(id)] }
}

// What beside `profiles` stands at the top.
const others = ["version", "order", "lastGood", "usageStats"]

const none: Profiles = { byProvider: new Map(), order: new Map(), skipped: [], diagnostics: [] }

/**
 * Reads the file. A single bad entry is skipped and said; `known` are the providers that there are; `asks`: whether the host
 * looks up secrets.
 */
export const decode = (
  file: ProfilesFile | undefined,
  known: ReadonlySet<string>,
  lookup: Lookup,
  now: number,
  asks: boolean
): Profiles => {
  if (file === undefined) return none
  const { path } = file
  const broken = (problem: FileProblem): Profiles => {
    const { actual, column, expected, line } = problem
    const at = line === undefined ? "" : column === undefined ? `line ${line}: ` : `line ${line}, column ${column}: `
    const where = problem.path === "" ? at : `${at}${problem.path}: `
    const message = `${where}expected ${expected}, found ${actual}`
    return { ...none, path, problem, diagnostics: [{ level: "error", path, message }] }
  }
  const noObject = (path: string, value: unknown) => broken({ path, expected: "an object", actual: kindOf(value) })
  if ("problem" in file) return broken(file.problem)
  let bad: FileProblem | undefined
  const value = plain(file.value, [], (p) => {
    bad ??= { ...p, path: formatPath(p.path) }
  })
  if (bad !== undefined) return broken(bad)
  const profiles = own(value, "profiles")
  if (!isRecord(value)) return noObject("", value)
  if (profiles !== undefined && !isRecord(profiles)) return noObject("profiles", profiles)
  const diagnostics: Array<Diagnostic> = []
  const warn = (where: ReadonlyArray<string>, message: string) =>
    diagnostics.push({ level: "warning", path: `auth-profiles.json: ${formatPath(where)}`, message })
  const near = Array.from(known).slice(0, mostSuggested)
  const all = new Map<string, Profile>()
  const byProvider = new Map<string, Array<Profile>>()
  const skipped: Array<SkippedProfile> = []
  if (profiles === undefined) {
    for (const [id, entry] of Object.entries(value)) {
      const found = others.includes(id) ? undefined : flat(id, entry)
      if (found === undefined) continue
      warn([id], `skipped: ${found.reason}`)
      skipped.push(found)
    }
  }
  for (const [id, entry] of Object.entries(profiles ?? {})) {
    const found = read(id, entry, known, near, lookup, now, asks)
    if (typeof found === "string") {
      warn(["profiles", id], `skipped: ${found}`)
      const written = own(entry, "provider")
      skipped.push({
        id,
        reason: found,
        providers: [providerIn(id), typeof written === "string" ? normalize(written) : ""]
      })
    } else if (found !== undefined) {
      if (found.secret._tag === "Reference" && found.kind === "reference" && known.has(found.provider)) {
        warn(
          ["profiles", id],
          `its \`${found.path[2]}\` is the secret ${found.secret.reference.text}, which is not known here`
        )
      }
      all.set(id, found)
      const mine = byProvider.get(found.provider)
      if (mine === undefined) byProvider.set(found.provider, [found])
      else mine.push(found)
    }
  }
  const order = new Map<string, ReadonlyArray<string>>()
  const written = own(value, "order")
  if (written !== undefined && !isRecord(written)) warn(["order"], `expected an object, found ${kindOf(written)}`)
  for (const [provider, ids] of Object.entries(isRecord(written) ? written : {})) {
    if (Array.isArray(ids)) {
      order.set(normalize(provider), ids.filter((id) => typeof id === "string"))
      for (const id of order.get(normalize(provider))!) {
        const listed = all.get(id)
        if (listed !== undefined && listed.provider !== normalize(provider)) {
          warn(["order", provider], `skipped "${id}": it is of another provider, "${listed.provider}"`)
        } else if (listed === undefined && own(profiles as JsonRecord | undefined, id) === undefined) {
          warn(["order", provider], `there is no profile "${id}"`)
        }
      }
    } else warn(["order", provider], `expected a list of profile ids, found ${kindOf(ids)}`)
  }
  return { path, byProvider, order, skipped, diagnostics }
}

/** The profile to use for a provider, of one kind: the first of the given order, then tokens before keys. */
export const pick = (
  profiles: Profiles,
  provider: string,
  configOrder: ReadonlyMap<string, ReadonlyArray<string>>,
  kind: Kind
): Profile | undefined => {
  const mine = (profiles.byProvider.get(provider) ?? []).filter((profile) => profile.kind === kind)
  const byId = new Map(mine.map((profile) => [profile.id, profile]))
  for (const id of profiles.order.get(provider) ?? configOrder.get(provider) ?? []) {
    const found = byId.get(id)
    if (found !== undefined) return found
  }
  return mine.find((profile) => profile.type === "token") ?? mine[0]
}
