/** The sentences of what servers refuse: what they said, and what to do about it. */
import { type Answer, host, ifOllama, isOllama, isPlainHttp, type Maybe, pull, said, seconds } from "./sentences.js"

// Status, the server's own code, and its words.
const answered = (e: Answer, code?: Maybe<string>): string =>
  `${e.status}${code === undefined || code === e.detail ? "" : `, ${code}`}${said(e.detail)}`

export const endpointNotFound = (e: Answer & { readonly location?: Maybe<string> }): string =>
  e.location !== undefined || (e.status >= 300 && e.status < 400)
    ? `${e.url} redirects${
      e.location === undefined ? "" : ` to ${e.location}`
    } (${e.status}), which is not followed. Set baseUrl to the final address.`
    : /\bHTTPS\b/i.test(e.detail) && isPlainHttp(e.url)
    ? `${host(e.url)} speaks TLS (${answered(e)}). Write https:// in baseUrl.`
    : `${e.url} answered ${e.status}${
      said(e.detail)
    }. The base URL is probably wrong: Ollama's is http://127.0.0.1:11434.`

export const modelNotFound = (e: Answer & { readonly model?: Maybe<string> }): string => {
  const name = e.model === undefined ? "" : ` ${e.model}`
  if (e.status === 410 || /\b(retired|decommissioned|deprecated|discontinued)\b/i.test(e.detail)) {
    return `${host(e.url)} no longer has the model${name} (${answered(e)}). Name another model.`
  }
  const pull = e.model === undefined ? "pull it" : `pull it with \`ollama pull ${e.model}\``
  return `${host(e.url)} does not have the model${name} (${answered(e)}). Check the name, or ${ifOllama(e, pull)}.`
}

export const unauthorized = (e: Answer & { readonly signinUrl?: Maybe<string> }): string =>
  e.signinUrl === undefined
    ? `${host(e.url)} wants another key (${answered(e)}). Check the key, or ${
      ifOllama(e, "sign in with `ollama signin`")
    }.`
    : `${host(e.url)} wants you to sign in: open ${e.signinUrl}, or run \`ollama signin\`.`

export const forbidden = (e: Answer & { readonly reason: string }): string => {
  switch (e.reason) {
    case "cloud-disabled":
      return `Ollama's cloud is switched off on ${host(e.url)}${
        said(e.detail)
      }. Unset OLLAMA_NO_CLOUD, or use a local model.`
    case "host-or-origin":
      return `${
        host(e.url)
      } does not allow this Host or Origin (${e.status}, no body). Set OLLAMA_ORIGINS on the server, or reach it under its own name.`
    default:
      return `${host(e.url)} does not allow this (${answered(e)}). Check what the key may do, or use another model.`
  }
}

const wait = (retryAfter: Maybe<number>): string =>
  retryAfter === undefined ? "Try again later" : `Try again in ${seconds(retryAfter)}`

export const rateLimited = (e: Answer & { readonly reason: string; readonly retryAfter?: Maybe<number> }): string =>
  e.reason === "quota"
    ? `The quota or balance at ${host(e.url)} is used up${said(e.detail)}. Use a local model, or raise the limit.`
    : e.status === 413
    ? `The request is larger than ${host(e.url)} allows at a time${said(e.detail)}. Shorten it, or use another model.`
    : `Too many requests to ${host(e.url)}${said(e.detail)}. ${wait(e.retryAfter)}.`

export const serverBusy = (e: Answer & { readonly retryAfter?: Maybe<number> }): string =>
  `${host(e.url)} is busy${said(e.detail)}. ${wait(e.retryAfter)}, or ${ifOllama(e, "raise OLLAMA_MAX_QUEUE")}.`

export const contextOverflow = (
  e: Answer & {
    readonly promptTokens?: Maybe<number>
    readonly contextSize?: Maybe<number>
  }
): string =>
  /physical batch size/i.test(e.detail)
    ? `The prompt is larger than what the server takes at once${
      said(e.detail)
    }. Shorten the prompt, or raise that: num_batch of an Ollama, --ubatch-size of llama.cpp.`
    : (e.promptTokens !== undefined && e.contextSize !== undefined
      ? `The prompt has ${e.promptTokens} tokens and the context ${e.contextSize}.`
      : `The prompt does not fit into the context${said(e.detail)}.`)
      + ` Shorten the prompt, or ${ifOllama(e, "raise num_ctx (api: \"ollama\") or OLLAMA_CONTEXT_LENGTH")}.`

export const invalidRequest = (e: {
  readonly detail: string
  readonly path?: Maybe<string>
  readonly status?: Maybe<number>
}): string =>
  `The request is wrong${e.path === undefined ? "" : ` at ${e.path}`}${e.status === undefined ? "" : ` (${e.status})`}${
    said(e.detail)
  }.`

/** What Ollama says of a model that does not fit; others say it of what a plan has. */
export const needsMemory = /requires more (?:system |gpu |vram )?memory (?:\(|than )/i

// The same request fails again: what to do instead.
const otherwise = (detail: string): string | undefined => {
  if (/does not support insert/i.test(detail)) {
    return "It cannot fill in: leave out the suffix, or name a model with `insert` among its capabilities."
  }
  if (/does not support (chat|generate|completion)|not a chat model|only supports? embedding/i.test(detail)) {
    return "It is no chat model: name one that is."
  }
  if (/requires a newer version/i.test(detail)) return "Update the server: it is too old for this model."
  if (/no space left on device|not enough space on the disk/i.test(detail)) return "Its disk is full: make room there."
  if (/\/\S+: permission denied|access is denied\.?$/i.test(detail)) {
    return "It may not open that file: give it the right to."
  }
  if (/authorized to push/i.test(detail)) {
    return "Push it under a namespace of your own, whose account has the server's key (`ollama signin`)."
  }
  if (/jinja|^template: |(chat|prompt) template|roles must alternate|system message must be/i.test(detail)) {
    return "The model's template does not take these messages: send one system message, first, let user and assistant take turns, or use another model."
  }
  if (needsMemory.test(detail)) {
    return "Free memory there, or use a smaller model, a smaller quantization of it or a smaller context."
  }
  return undefined
}

/** Whether what a server says of its failure will be so the next time. */
export const isLasting = (detail: string): boolean => otherwise(detail) !== undefined

export const requestRejected = (e: Answer & { readonly code?: Maybe<string> }): string =>
  `${host(e.url)} does not take this request (${answered(e, e.code)}). ${
    otherwise(e.detail)
      ?? (e.status === 413
        ? "It is too large: shorten it, or send smaller pictures."
        : e.status === 407
        ? "A proxy on the way wants credentials: give them to the HTTP client, or go round it."
        : "Change what it names, or use another model.")
  }`

export const serverError = (e: Answer): string =>
  `${host(e.url)} failed (${answered(e)}). ${
    otherwise(e.detail) ?? "See the server's log; an identical retry often succeeds."
  }`

type Capability = {
  readonly model?: Maybe<string>
  readonly url?: Maybe<string>
  readonly status?: Maybe<number>
  readonly detail?: Maybe<string>
}

const model = (e: Capability): string => e.model ?? "The model"

// What a server said; nothing when it was seen before sending.
const refused = (e: Capability): string => e.status === undefined ? "" : ` (${e.status}${said(e.detail)})`

const suchAs = (e: Capability, command: string): string =>
  e.url === undefined || isOllama({ url: e.url, detail: e.detail }) ? `, e.g. \`${command}\`` : ""

export const toolsNotSupported = (e: Capability): string =>
  `${model(e)} does not support tools${refused(e)}. ${
    /--\S|requires/.test(e.detail ?? "") ? "Start the server as it says, or choose" : "Choose"
  } one that does${suchAs(e, pull)}.`

export const thinkingNotSupported = (e: Capability): string =>
  `${model(e)} does not support thinking${refused(e)}. Leave out \`think\`, or choose one that does${suchAs(e, pull)}.`

export const imagesNotSupported = (e: Capability): string =>
  `${model(e)} cannot see pictures${refused(e)}. Choose one with vision${suchAs(e, "ollama pull qwen2.5vl")}.`
