/**
 * The sentences of the errors: what happened, then what to do about it. Pure functions of the errors' own fields, so
 * that a decoded error says the same as the one that was encoded.
 */
interface ErrorCause {
  readonly name: string
  readonly message: string
  readonly code?: string | undefined
}

interface ConfigProblem {
  readonly path: string
  readonly expected: string
  readonly actual: string
  readonly file?: string | undefined
  readonly line?: number | undefined
  readonly column?: number | undefined
}

interface ExcludedModel {
  readonly name: string
  readonly reason: keyof typeof reasons
  readonly detail?: string | undefined
}

export type Maybe<A> = A | undefined

export interface Answer {
  readonly url: string
  readonly status: number
  readonly detail: string
}

export const pull = "ollama pull gpt-oss:20b"

const plural = (n: number, one: string): string => `${n} ${one}${n === 1 ? "" : "s"}`

// The sentence around it has its own full stop.
export const said = (detail: Maybe<string>): string =>
  detail === undefined || detail === "" ? "" : `: ${detail.replace(/[.\s]{1,3}$/, "")}`

const because = (cause: Maybe<ErrorCause>): string =>
  cause === undefined ? "" : ` (${cause.code ?? cause.name}${said(cause.message)})`

export const seconds = (ms: number): string => ms % 1000 === 0 ? `${ms / 1000} s` : `${ms} ms`

const some = (names: ReadonlyArray<string>, most = 8): string =>
  names.slice(0, most).join(", ") + (names.length > most ? `, and ${names.length - most} more` : "")

const position = (e: { readonly line?: Maybe<number>; readonly column?: Maybe<number> }): string =>
  e.line === undefined ? "" : `:${e.line}${e.column === undefined ? "" : `:${e.column}`}`

export const host = (url: string): string => /^[a-z+.-]+:\/\/([^/]+)/i.exec(url)?.[1] ?? url

export const configUnreadable = (e: {
  readonly path: string
  readonly reason: string
  readonly cause?: Maybe<ErrorCause>
}): string => {
  switch (e.reason) {
    case "not-found":
      return `${e.path} does not exist. Create it, or unset the variable that names it (OPENCLAW_CONFIG_PATH).`
    case "not-a-file":
      return `${e.path} is not a regular file. Name a JSON5 file.`
    case "permission":
      return `${e.path} may not be read. Check its permissions.`
    default:
      return `${e.path} cannot be read${because(e.cause)}.`
  }
}

export const configSyntaxError = (e: {
  readonly path: string
  readonly line: number
  readonly column: number
  readonly detail: string
  readonly excerpt: string
}): string => `${e.path}${position(e)} is not valid JSON5: ${e.detail}.${e.excerpt === "" ? "" : `\n${e.excerpt}`}`

export const configProblem = (p: ConfigProblem): string => {
  const where = [p.file === undefined ? "" : `${p.file}${position(p)}`, p.path].filter((part) => part !== "").join(": ")
  return `${where === "" ? "the configuration" : where}: expected ${p.expected}, found ${p.actual}`
}

export const configInvalid = (e: { readonly problems: ReadonlyArray<ConfigProblem> }): string =>
  e.problems.length === 1
    ? `The configuration is invalid. ${configProblem(e.problems[0]!)}.`
    : `The configuration has ${plural(e.problems.length, "problem")}:\n${
      e.problems.map((p) => `  - ${configProblem(p)}`).join("\n")
    }`

export const configIncludeError = (e: {
  readonly path: string
  readonly reason: string
  readonly files: ReadonlyArray<string>
  readonly detail?: Maybe<string>
  readonly file?: Maybe<string>
  readonly line?: Maybe<number>
  readonly column?: Maybe<number>
}): string => (e.file === undefined ? "" : `${e.file}${position(e)}: `) + notIncluded(e)

const notIncluded = (e: Parameters<typeof configIncludeError>[0]): string => {
  const chain = e.files.length === 0 ? "" : ` (${e.files.join(" -> ")})`
  switch (e.reason) {
    case "cycle":
      return `$include of ${e.path} goes round in a circle${chain}. Remove one of these includes.`
    case "too-deep":
      return `$include of ${e.path} is more than 10 levels deep${chain}. Flatten the includes.`
    case "too-many":
      return `More than 100 files are included${chain}. Merge some of them.`
    case "too-large":
      return `The included files are larger than 8 MiB in all${chain}. Include less.`
    case "outside":
      return `$include of ${e.path} leaves the directory of the configuration file${chain}. Move the file into it, or name its directory in OPENCLAW_INCLUDE_ROOTS.`
    case "invalid":
      return `An $include is not a path or a list of paths${said(e.detail)}${chain}.`
    default:
      return `$include of ${e.path} cannot be read${said(e.detail)}${chain}.`
  }
}

export const missingEnvironmentVariable = (e: { readonly variable: string; readonly path: string }): string =>
  `${e.path} needs the environment variable ${e.variable}, which is not set. Run \`export ${e.variable}=...\`, or write \${${e.variable}:-default}.`

export const configUnwritable = (e: {
  readonly path: string
  readonly reason: string
  readonly file?: Maybe<string>
  readonly cause?: Maybe<ErrorCause>
}): string => {
  switch (e.reason) {
    case "included":
      return `That value does not stand in ${e.path}: it is included from ${e.file ?? "another file"}. Change it there.`
    case "locked":
      return `${e.path} is being changed by another program. Try again; if none is running, remove ${
        e.file ?? "its lock"
      }.`
    case "permission":
      return `${e.path} may not be written. Check its permissions and those of its directory.`
    case "no-home":
      return "There is no place for the configuration file. Set HOME, or name the file with OPENCLAW_CONFIG_PATH."
    default:
      return `${e.path} cannot be written${because(e.cause)}. It is as it was.`
  }
}

export const notEnabled = (e: { readonly provider: string }): string =>
  e.provider === "ollama"
    ? "Ollama is not enabled. Run `export OLLAMA_API_KEY=ollama-local` (any value works), or use Ollama.layerWith({ discover: true })."
    : `The provider ${e.provider} is not enabled. Give it an apiKey in models.providers.${e.provider} or an auth profile.`

export const providerUnavailable = (e: {
  readonly provider: string
  readonly reason: string
  readonly detail?: Maybe<string>
}): string => {
  const at = `models.providers.${e.provider}`
  switch (e.reason) {
    case "no-credential":
      if (e.detail !== undefined) {
        return `The provider ${e.provider} needs the secret ${e.detail}, which is not known here. Give the host option \`secrets\`, which looks it up, or write it as "\${NAME}" or { source: "env", id: "NAME" }.`
      }
      if (e.provider === "ollama-cloud") {
        return `The provider ollama-cloud has no key. Set OLLAMA_API_KEY to a key of https://ollama.com, or set ${at}.apiKey.`
      }
      return e.provider === "ollama"
        ? `The provider ollama has no key. Run \`export OLLAMA_API_KEY=ollama-local\` (any value works), or set ${at}.apiKey.`
        : `The provider ${e.provider} has no key. Set ${at}.apiKey, add an auth profile, or set ${at}.authHeader to false if it needs none.`
    case "unsupported-api":
      return `${at}.api is ${
        e.detail ?? "an API"
      }, which this library does not speak. Use "openai-completions" or "ollama".`
    case "no-base-url":
      return `The provider ${e.provider} has no address. Set ${at}.baseUrl.`
    case "unsupported-transport":
      return `${at}.request sets ${
        e.detail ?? "a proxy or TLS"
      }, which this library does not honour, and no prompt goes round it. Remove it, or give the HTTP client that setting.`
    default:
      return `There is no provider ${e.provider}. Define it under models.providers${said(e.detail)}.`
  }
}

export const noModelsConfigured = (e: {
  readonly provider: string
  readonly url: string
  readonly excluded?: Maybe<ReadonlyArray<ExcludedModel>>
}): string =>
  e.excluded !== undefined && e.excluded.length > 0
    ? `All models of models.providers.${e.provider} are left out: ${
      some(e.excluded.map(excludedModel))
    }. Mend them, or list others.`
    : e.provider === "ollama"
    ? `models.providers.ollama has a baseUrl and lists no models, so nothing is discovered at ${e.url}. List the models under models.providers.ollama.models, or discover them: remove that \`baseUrl\`, or use Ollama.layerWith({ discover: true }). Without the baseUrl a key is needed too: set OLLAMA_API_KEY (any value works) if there is none.`
    : `models.providers.${e.provider} lists no models. List them under models.providers.${e.provider}.models.`

/** Why a model is not in a catalog. */
export const reasons = {
  "no-tools": "no tools",
  "no-completion": "not a chat model",
  "no-embedding": "not an embedding model",
  "unknown-capabilities": "capabilities unknown: update Ollama to 0.6.4 or later, or define the model explicitly",
  "show-failed": "details could not be read",
  "duplicate": "listed twice",
  "unsupported-api": "its api is not spoken here",
  "no-id": "it has no id",
  "own-base-url": "it has a baseUrl of its own",
  "invalid-headers": "its headers cannot be sent"
}

/** Whether of none of these models its server said what it can do, which it may do the next time. */
export const areUnread = (models: ReadonlyArray<ExcludedModel>): boolean =>
  models.length > 0 && models.every(({ reason }) => reason === "show-failed")

const again = "Try again, or raise discovery.showTimeout"

const fixes: { readonly [reason in ExcludedModel["reason"]]?: string } = {
  "unsupported-api":
    "Write \"openai-completions\" or \"ollama\" as the `api` of this model, if its server speaks one of them.",
  "no-id": "Give it an `id`, the model's name on its server.",
  "show-failed": `${again}, or define it explicitly in models.providers.`,
  "own-base-url": "Give it a provider of its own, with that `baseUrl`.",
  "invalid-headers": "Mend its `headers`."
}

const excludedModel = (m: ExcludedModel): string => `${m.name} (${reasons[m.reason]}${said(m.detail)})`

export const noToolModels = (e: {
  readonly provider: string
  readonly url: string
  readonly models: ReadonlyArray<ExcludedModel>
}): string => {
  const unread = areUnread(e.models)
  const seen = e.models.length === 0
    ? `The Ollama at ${host(e.url)} has no models.`
    : `The Ollama at ${host(e.url)} has ${plural(e.models.length, "model")}, none ${
      unread ? "known to have" : "with"
    } tools: ${some(e.models.map(excludedModel))}.`
  return `${seen} ${
    unread ? `${again}; else pull` : "Pull"
  } a tool-capable model with \`${pull}\`, or define the model explicitly in models.providers.${e.provider}.`
}

export const unknownModel = (e: {
  readonly ref: string
  readonly known: ReadonlyArray<string>
  readonly leftOut?: Maybe<ExcludedModel>
  readonly suggestion?: Maybe<string>
  readonly several?: Maybe<ReadonlyArray<string>>
  readonly discovered?: Maybe<boolean>
  readonly unanswered?: Maybe<ReadonlyArray<string>>
}): string => {
  if (e.several !== undefined && e.several.length > 1) {
    return `More than one provider has the model ${e.ref}. Write which one is meant: ${some(e.several)}.`
  }
  const known = e.known.length === 0 ? "" : ` Known: ${some(e.known)}.`
  if (e.leftOut !== undefined) {
    const fix = fixes[e.leftOut.reason] ?? "Define it explicitly in models.providers to use it all the same."
    return `${e.ref} was left out of the catalog: ${reasons[e.leftOut.reason]}${said(e.leftOut.detail)}. ${fix}${known}`
  }
  if (e.unanswered !== undefined) {
    const meant = e.suggestion === undefined ? "" : ` Write ${e.suggestion} to ask one of them.`
    return `No provider that answered has the model ${e.ref}; ${some(e.unanswered)} did not.${meant}${known}`
  }
  // a suggestion that is not known is only the full way to write the ref
  const exists = e.suggestion !== undefined && e.known.includes(e.suggestion)
  const meant = e.suggestion === undefined ? "" : exists ? ` Did you mean ${e.suggestion}?` : ` Write ${e.suggestion}.`
  const full = exists ? e.ref : e.suggestion ?? e.ref
  const [provider] = e.ref.split("/", 1)
  // a known provider has known models; a name with a dot (hf.co/u/m) is a host, so all of it is a model's
  if (
    !exists && e.ref.includes("/") && !provider!.includes(".")
    && !full.toLowerCase().startsWith(`${provider!.trim().toLowerCase()}/`)
  ) {
    return `There is no provider ${provider}: define it under models.providers.${provider}, or write ${full} if that is a model's whole name.${known}`
  }
  return `No provider has the model ${e.ref}.${meant}${howToGet(full, exists, e.discovered)}${known}`
}

// Pulling a model helps where models are discovered.
const howToGet = (ref: string, exists: boolean, discovered: Maybe<boolean>): string => {
  const cut = ref.indexOf("/")
  const provider = ref.slice(0, Math.max(cut, 0))
  if (provider === "ollama" && discovered !== false) {
    return ` Pull it with \`ollama pull ${ref.slice(cut + 1)}\`, or define it explicitly.`
  }
  if (discovered === false && provider !== "") return ` List it under models.providers.${provider}.models.`
  return exists ? "" : " Define it explicitly in models.providers."
}

const notRefs: { readonly [reason: string]: string } = {
  "empty-model": ": it names no model",
  "empty-provider": ": it names no provider",
  "no-text": ": what stands there is no text"
}

export const invalidModelRef = (e: { readonly ref: string; readonly reason: string }): string =>
  `${e.reason === "no-text" ? e.ref : JSON.stringify(e.ref)} is not a model ref${
    notRefs[e.reason] ?? ""
  }. Write provider/model, e.g. ollama/gpt-oss:20b.`

const tries = (attempts: number): string => attempts > 1 ? ` (${attempts} attempts)` : ""

/** Whether it is an Ollama for certain: by its own API, its port, or its words. */
export const isOllama = (e: { readonly url: string; readonly detail?: Maybe<string> }): boolean =>
  /\/api\/\w+$/.test(e.url) || /^[a-z]+:\/\/[^/]*:11434(\/|$)/i.test(e.url) || /try pulling it/i.test(e.detail ?? "")

/** What helps with an Ollama, also where it may be another server. */
export const ifOllama = (e: { readonly url: string; readonly detail?: Maybe<string> }, fix: string): string =>
  isOllama(e) ? fix : `if it is an Ollama, ${fix}`

export const connectionRefused = (e: {
  readonly url: string
  readonly address?: Maybe<string>
  readonly port?: Maybe<number>
  readonly attempts: number
}): string =>
  `Nothing listens on ${
    e.address !== undefined && e.port !== undefined
      ? `${e.address.includes(":") ? `[${e.address}]` : e.address}:${e.port}`
      : host(e.url)
  }${tries(e.attempts)}. ${
    isOllama(e)
      ? "Start Ollama with `ollama serve`, and check the port (`ps aux | grep ollama`)."
      : "Check the address in baseUrl, and that the server is running; an Ollama is started with `ollama serve`."
  }`

/** Whether a request failed without a reason, as browsers and workers report all that they do not let a page know. */
export const isUnexplained = (cause: Maybe<ErrorCause>): boolean =>
  cause !== undefined
  && /^(failed to fetch|load failed|networkerror\b|network (request failed|connection lost))/i.test(cause.message)

export const isPlainHttp = (url: string): boolean => /^http:/i.test(url)

export const connectionFailed = (e: {
  readonly url: string
  readonly reason: string
  readonly attempts: number
  readonly cause?: Maybe<ErrorCause>
}): string => {
  const at = host(e.url)
  const how = `${tries(e.attempts)}${because(e.cause)}`
  switch (e.reason) {
    case "dns":
      return `The host of ${at} was not found${how}. Check the name in baseUrl.`
    case "reset": {
      const running = isOllama(e) ? "Ollama is still running (`ollama serve`)" : "the server is still running"
      const scheme = isPlainHttp(e.url)
        ? ", and that it speaks http here: a port for TLS needs https:// in baseUrl"
        : ""
      return `${at} closed the connection${how}. Check that ${running}${scheme}.`
    }
    case "unreachable":
      return `${at} cannot be reached${how}. Check the address and the network.`
    case "tls":
      return isPlainHttp(e.url)
        ? `${at} speaks TLS${how}. Write https:// in baseUrl.`
        : `No TLS connection to ${at}${how}. Ollama itself speaks http: check the scheme of baseUrl, or the certificate.`
    case "protocol":
      return `What listens on ${at} does not speak HTTP${how}. Check the port of baseUrl.`
    default:
      return isUnexplained(e.cause)
        ? `The request to ${at} failed${how}, and a browser does not say why. ${
          isOllama(e) ? "Ollama" : "The server"
        } is not running there (\`ollama serve\`), or it does not allow the origin of this page: set OLLAMA_ORIGINS on the server.`
        : `The request to ${at} failed${how}. If it works with curl, check proxies and, in a browser, OLLAMA_ORIGINS.`
  }
}

export const requestTimeout = (e: {
  readonly url: string
  readonly phase: string
  readonly limit?: Maybe<number>
  readonly attempts: number
  readonly cause?: Maybe<ErrorCause>
}): string => {
  const limit = e.limit === undefined ? "" : ` within ${seconds(e.limit)}`
  if (e.cause?.code === "UND_ERR_HEADERS_TIMEOUT" || e.cause?.code === "UND_ERR_BODY_TIMEOUT") {
    return `${
      host(e.url)
    } sent nothing${limit}: Node's own fetch gives up after 300 s, whatever is configured. Use the effect-ollama/node transport or NodeHttpClient.layerUndici, or set \`streaming: true\` for the model.`
  }
  const quick = /\/api\/(tags|show|version|ps)$/.exec(e.url)?.[1]
  // no model is loaded to answer these
  if (quick !== undefined && e.phase !== "connect") {
    const happened = e.phase === "first-byte"
      ? `did not answer${limit}${tries(e.attempts)}`
      : `stopped sending${e.limit === undefined ? "" : ` for ${seconds(e.limit)}`}`
    const raise = quick === "tags" || quick === "show" ? `, or raise discovery.${quick}Timeout` : ""
    return `${e.url} ${happened}. Check that it is an Ollama and not overloaded${raise}.`
  }
  switch (e.phase) {
    case "connect":
      return `No connection to ${host(e.url)}${limit}${tries(e.attempts)}. Check the address, and that ${
        isOllama(e) ? "Ollama" : "the server"
      } is running.`
    case "first-byte":
      return `${host(e.url)} did not answer${limit}${
        tries(e.attempts)
      }. A model that is being loaded sends nothing: raise timeoutSeconds, or load it ahead.`
    default:
      return `${host(e.url)} stopped sending${
        e.limit === undefined ? "" : ` for ${seconds(e.limit)}`
      }. Raise timeoutSeconds if the model is that slow.`
  }
}

/** How the detail begins of an answer that the program itself does not want. */
export const refusedByHost = "the program's own HttpClient refuses it"

export const malformedResponse = (e: { readonly url: string; readonly detail: string }): string =>
  e.detail.startsWith(refusedByHost)
    ? `The answer of ${e.url} did not get through: ${e.detail}.`
    : `The answer of ${e.url} is malformed: ${e.detail}. Is that really Ollama, and is the base URL right?`

// What a model wrote is no part of a sentence, but for a name that looks like one.
export const malformedToolCall = (e: { readonly name: string }): string =>
  `The model called ${
    /^[\w.:/-]{1,64}$/.test(e.name) ? e.name : "a tool"
  } with arguments that are not a JSON object. Try again, remove \`streaming: true\`, or choose a model that is better at tools.`

export const incompleteResponse = (e: {
  readonly url: string
  readonly reason: string
  readonly finish?: Maybe<string>
  readonly cause?: Maybe<ErrorCause>
}): string =>
  `The answer of ${host(e.url)} ended before it was finished${
    e.reason === "connection"
      ? `: the connection broke${because(e.cause)}`
      : e.reason === "failed"
      ? `: the server gave it up${said(e.finish)}`
      : ""
  }. See the server's log; an identical retry often succeeds.`

export const outputInvalid = (e: { readonly ref: string; readonly detail: string }): string =>
  `The answer of ${e.ref} does not have the requested form: ${e.detail}.`

export const allModelsFailed = (
  e: { readonly attempts: ReadonlyArray<{ readonly ref: string; readonly error: { readonly hint: string } }> }
): string =>
  `All ${plural(e.attempts.length, "model")} failed:\n${
    e.attempts.map((a) => `  - ${a.ref}: ${a.error.hint}`).join("\n")
  }`

export const tooManyTurns = (e: { readonly turns: number }): string =>
  `The model still calls tools after ${plural(e.turns, "turn")}. Raise maxTurns, or continue from \`history\`.`
