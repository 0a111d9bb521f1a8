/**
 * The checks of the provider document's troubleshooting section, as pure functions of what was found: what is so, and
 * the exact way to mend what is not.
 */
import * as Either from "effect/Either"
import type { Catalog, ModelDefinition } from "../../Model.js"
import { normalizeModel } from "../../ModelRef.js"
import type { InstalledModel } from "../../OllamaClient.js"
import type {
  CatalogError,
  CompletionError,
  ConfigurationError,
  DiscoveryError,
  SelectionError
} from "../../OllamaError.js"
import type { ResolvedConfig } from "../../OpenClawConfig.js"
import { formatPath } from "../../OpenClawConfigFile.js"
import type { Provider, ProviderStatus } from "../../Provider.js"
import { sentence } from "../failure.js"
import { duration, oneLine, partOfSentence, plural } from "../text.js"

export interface Check {
  readonly name: "config" | "credential" | "provider" | "server" | "models" | "tools" | "refs" | "streaming" | "probe"
  readonly state: "ok" | "failed" | "skipped"
  /** What was found, in a sentence. */
  readonly found: string
  /** Commands, or sentences, that mend it. */
  readonly fix?: ReadonlyArray<string> | undefined
  readonly details?: ReadonlyArray<string> | undefined
}

type Name = Check["name"]

const ok = (name: Name, found: string, details: ReadonlyArray<string> = []): Check => ({
  name,
  state: "ok",
  found,
  details
})

const failed = (
  name: Name,
  found: string,
  fix: ReadonlyArray<string>,
  details: ReadonlyArray<string> = []
): Check => ({ name, state: "failed", found, fix, details })

export const skipped = (name: Name, found: string): Check => ({ name, state: "skipped", found })

const enable = [
  "export OLLAMA_API_KEY=ollama-local  (any value works)",
  "or: effect-ollama config set models.providers.ollama.apiKey ollama-local"
]

const pullOne = ["effect-ollama pull gpt-oss:20b", "or: effect-ollama pull llama3.3"]

// =============================================================================
// what is configured
// =============================================================================

export const config = (loaded: Either.Either<ResolvedConfig, ConfigurationError>): Check => {
  if (Either.isLeft(loaded)) {
    const error = loaded.left
    const file = "path" in error ? error.path : ""
    const fix = error._tag === "ConfigSyntaxError"
      ? [`mend ${file}, line ${error.line}, column ${error.column}; then: effect-ollama config validate`]
      : error._tag === "ConfigUnreadable" && error.reason === "permission"
      ? [`chmod 600 ${file}`]
      : ["mend it; then: effect-ollama config validate"]
    return failed("config", sentence(error), fix)
  }
  const { diagnostics, source } = loaded.right
  const said = diagnostics.map(({ level, message, path }) => `${level}: ${path}: ${message}`)
  const errors = diagnostics.filter(({ level }) => level === "error").length
  if (errors > 0) {
    return failed("config", `${source.configPath ?? "it"} has ${plural(errors, "error")}`, [
      "effect-ollama config validate  (shows where)"
    ], said)
  }
  return source.configFound
    ? ok("config", `${source.configPath} is valid`, said)
    : ok("config", `no file at ${source.configPath ?? "any place"}: the defaults apply`, said)
}

export const credential = ({ configured, reason, result }: ProviderStatus): Check => {
  if (Either.isRight(result)) {
    const { key } = result.right
    return ok("credential", key === undefined ? "none, and none is needed" : `from ${key.source}`)
  }
  const error = result.left
  switch (error._tag) {
    case "NotEnabled":
      return failed(
        "credential",
        reason.replace(/^Nothing enables it: there is (.*)\.$/s, "none: $1, so nothing enables Ollama"),
        enable
      )
    case "NoModelsConfigured":
      return configured ? ok("credential", "there is one") : failed("credential", "none", enable)
    case "ProviderUnavailable":
      if (error.reason === "no-credential") return failed("credential", reason, enable)
      return configured ? ok("credential", "there is one") : failed("credential", "none", enable)
    // the first check has said it
    case "ConfigInvalid":
      return skipped("credential", "not known: the entry is wrong")
    case "MissingEnvironmentVariable":
      return failed("credential", sentence(error), [`export ${error.variable}=...`])
    default:
      return failed("credential", sentence(error), ["mend it; then: effect-ollama config validate"])
  }
}

export const provider = ({ reason, result }: ProviderStatus): Check => {
  if (Either.isRight(result)) {
    return ok(
      "provider",
      `${result.right.source === "discovered" ? "implicit" : "explicit"}: ${partOfSentence(reason)}`
    )
  }
  const error = result.left
  switch (error._tag) {
    case "NotEnabled":
      return skipped("provider", "not enabled")
    case "NoModelsConfigured":
      return failed("provider", `explicit, and empty: ${partOfSentence(reason)}`, [
        "effect-ollama config unset models.providers.ollama.baseUrl  (to discover at 127.0.0.1:11434)",
        "or list the models under models.providers.ollama.models"
      ])
    case "ProviderUnavailable":
      return error.reason === "no-credential"
        ? skipped("provider", "not usable without a credential")
        : failed("provider", sentence(error), ["effect-ollama config get models.providers.ollama"])
    default:
      return skipped("provider", "not usable as it is configured")
  }
}

// =============================================================================
// what the server says
// =============================================================================

const hostOf = (url: string): string => /^[a-z]+:\/\/([^/]+)/i.exec(url)?.[1] ?? url

export const server = ({ root }: Provider, version: Either.Either<string, DiscoveryError>): Check => {
  if (Either.isRight(version)) {
    const known = version.right === "0.0.0" ? "a version of its own" : version.right
    return ok("server", `Ollama ${oneLine(known)} at ${root}`)
  }
  const error = version.left
  const host = hostOf(root)
  switch (error._tag) {
    case "ConnectionRefused":
      return failed("server", `nothing listens on ${host}: Ollama is not running there`, [
        "ollama serve",
        "check the port: ps aux | grep ollama"
      ])
    case "RequestTimeout":
      return failed("server", `${host} does not answer in time`, [
        "check that it is an Ollama, and not overloaded",
        `curl ${root}/api/version`
      ])
    case "EndpointNotFound":
    case "MalformedResponse":
      return failed("server", `what answers at ${root} is not an Ollama`, [
        "effect-ollama config get models.providers.ollama.baseUrl",
        "Ollama's address is http://127.0.0.1:11434 when nobody changed it"
      ], [sentence(error)])
    default:
      return failed("server", sentence(error), [`curl ${root}/api/version`])
  }
}

export const installed = (tags: Either.Either<ReadonlyArray<InstalledModel>, DiscoveryError>): Check =>
  Either.isLeft(tags)
    ? failed("models", sentence(tags.left), ["effect-ollama models list"])
    : tags.right.length === 0
    ? failed("models", "none is installed", pullOne)
    : ok("models", `${plural(tags.right.length, "model")} installed: ${some(tags.right.map(({ name }) => name))}`)

const some = (names: ReadonlyArray<string>, most = 5): string =>
  names.slice(0, most).map(oneLine).join(", ") + (names.length > most ? ` and ${names.length - most} more` : "")

/** Discovered models: which have tools. Configured ones: which are there. */
export const tools = (
  catalog: Either.Either<Catalog, CatalogError>,
  installed: ReadonlyArray<InstalledModel> | undefined
): Check => {
  if (Either.isLeft(catalog)) return failed("tools", sentence(catalog.left), ["effect-ollama models list"])
  const { excluded, models, source } = catalog.right
  if (source === "configured") {
    const there = new Set(installed?.map(({ name }) => normalizeModel(name)))
    const missing = installed === undefined
      ? []
      : models.filter(({ id }: ModelDefinition) => !there.has(normalizeModel(id)))
    return missing.length === 0
      ? ok("tools", `${plural(models.length, "configured model")}; nothing is discovered`)
      : failed(
        "tools",
        `configured and not installed: ${some(missing.map(({ id }) => id))}`,
        missing.slice(0, 5).map(({ id }) => `effect-ollama pull ${id}`)
      )
  }
  const all = models.length + excluded.length
  if (models.length > 0) {
    return ok(
      "tools",
      `${models.length} of ${all} can be used: ${some(models.map(({ id }) => id))}`
    )
  }
  return failed(
    "tools",
    all === 0 ? "no model is installed" : `none of ${plural(all, "model")} has tools, so none is discovered`,
    [...pullOne, "or define a model explicitly in models.providers.ollama.models"],
    excluded.slice(0, 10).map(({ name, reason }) => `${oneLine(name)}: ${reason}`)
  )
}

// =============================================================================
// what is chosen
// =============================================================================

export interface Chosen {
  readonly ref: string
  readonly role: "primary" | "fallback" | "first-available"
  readonly result: Either.Either<string, SelectionError>
}

// Whether nobody has the model; any other failure has a cause that other checks tell.
const isAbsent = (error: SelectionError, ref: string): boolean =>
  error._tag === "NoToolModels"
    ? !error.models.some(({ name }) => normalizeModel(`${error.provider}/${name}`) === normalizeModel(ref))
    : error._tag === "UnknownModel" && error.leftOut === undefined && error.unanswered === undefined

export const refs = (chosen: ReadonlyArray<Chosen>): Check => {
  const broken = chosen.flatMap(({ ref, result, role }) =>
    Either.isLeft(result) ? [{ ref, role, error: result.left }] : []
  )
  const named = ({ ref, result, role }: Chosen) =>
    role === "first-available"
      ? `no primary is configured; the first available is ${Either.getOrElse(result, () => "none")}`
      : `${role} ${oneLine(ref)}`
  if (broken.length === 0) return ok("refs", chosen.map(named).join(", "))
  const pulls = broken.flatMap(({ error, ref }) => {
    const model = /^ollama\/(.+)$/.exec(ref)?.[1]
    const isListed = error._tag === "UnknownModel" && error.discovered === false
    return model === undefined || !isAbsent(error, ref) || isListed ? [] : [`effect-ollama pull ${model}`]
  })
  return failed(
    "refs",
    broken.map(({ error, ref, role }) =>
      role === "first-available"
        ? "no model can be chosen"
        : `${role} ${oneLine(ref)} ${isAbsent(error, ref) ? "is not there" : "cannot be used"}`
    ).join(", "),
    [...pulls, `${pulls.length === 0 ? "" : "or "}choose another: effect-ollama models list`],
    broken.map(({ error }) => sentence(error))
  )
}

/** Whether a version is before another one; a version that says nothing is not. */
const isBefore = (version: string, [major, minor]: readonly [number, number]): boolean => {
  const found = /^(\d+)\.(\d+)\.(\d+)/.exec(version)
  if (found === null || found[0] === "0.0.0") return false
  const [, a, b] = found.map(Number)
  return a! < major || (a === major && b! < minor)
}

export interface Streaming {
  /** As written in agents.defaults.models. */
  readonly ref: string
  /** Whether it is asked by Ollama's own API, which never mixes. */
  readonly isNative: boolean
}

export const streaming = (enabled: ReadonlyArray<Streaming>, version: string | undefined): Check => {
  if (enabled.length === 0) return ok("streaming", "off for every model of Ollama, which is the default")
  const names = enabled.map(({ ref }) => oneLine(ref)).join(", ")
  const risky = version !== undefined && isBefore(version, [0, 18])
    ? enabled.filter(({ isNative }) => !isNative)
    : []
  if (risky.length === 0) {
    return ok("streaming", `on for ${names}${version === undefined ? "" : ", which is no risk with this server"}`)
  }
  return failed(
    "streaming",
    `on for ${names}, and Ollama ${
      oneLine(version ?? "")
    } mixes reasoning and text in one piece: clients garble answers and show names of tools`,
    [
      ...risky.map(({ ref }) =>
        `effect-ollama config unset '${formatPath(["agents", "defaults", "models", ref, "streaming"])}'`
      ),
      "or update Ollama to 0.18 or later"
    ]
  )
}

export const probe = (answer: Either.Either<{ readonly ref: string; readonly ms: number }, CompletionError>): Check =>
  Either.isRight(answer)
    ? ok("probe", `${oneLine(answer.right.ref)} answered in ${duration(answer.right.ms)}`)
    : failed("probe", sentence(answer.left), ["effect-ollama models list", "the log of Ollama says more"])
