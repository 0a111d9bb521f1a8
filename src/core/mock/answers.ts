/** What a server answers that is to speak, on each of the paths on which it does. */
import type { Api } from "../../Model.js"
import { isRecord, type JsonRecord } from "../json.js"
import {
  asksToThink,
  bindChat,
  bindCompletions,
  bindGenerate,
  bindOllama,
  bindPrompt,
  incapable,
  modelFor,
  optionFailure,
  readBody,
  type Task
} from "./checks.js"
import { completion, type CompletionRequest, loaded } from "./completion.js"
import { generated, textCompletion } from "./derived.js"
import type { Generation } from "./generation.js"
import { type Installed, keepAliveMs } from "./models.js"
import { applyFault, failure, faultAnswer, faultsOf, ndjson, type Plan, streamed } from "./plan.js"
import * as fromResponses from "./responses.js"
import type { Fault, RecordedRequest, Reply } from "./script.js"

/** What of a server these answers need. */
export interface Speaker {
  /** Of a rule; how they are sent is its own. */
  readonly faults: ReadonlyArray<Fault>
  readonly generation: Generation
  readonly models: ReadonlyArray<Installed>
  /** Of the request. */
  readonly ordinal: number
  /** ms since the epoch. */
  readonly now: number
  /** The reply that is next in turn. */
  readonly next: (record: RecordedRequest) => Reply | string | undefined
  /** Loads or unloads the model as a request says; one of `/v1` says nothing. */
  readonly keep: (model: Installed, request: JsonRecord | undefined) => void
}

const requestOf = (
  { now, ordinal }: Speaker,
  record: RecordedRequest,
  api: Api,
  model: Installed,
  stream: boolean,
  json: JsonRecord
): CompletionRequest => {
  const options = json["stream_options"]
  return {
    api,
    model: record.model!,
    stream,
    includeUsage: isRecord(options) && options["include_usage"] === true,
    ownTemplate: model.ownTemplate === true,
    ordinal,
    now
  }
}

/** Puts the answer of a chat into the form of another path. */
type Put = (plan: Plan) => Plan

const reply = (
  { faults: ruled, generation, next }: Speaker,
  record: RecordedRequest,
  request: CompletionRequest,
  put: Put = (plan) => plan,
  api = request.api
): Plan => {
  const found = next(record)
  if (found === undefined) return failure(generation, api, 500, "mock: no reply is left for this request")
  const reply = typeof found === "string" ? { text: found } : found
  const faults = faultsOf(reply.fault)
  const head = typeof reply.delayMs === "object" ? reply.delayMs.head ?? 0 : 0
  for (const fault of faults) {
    const answer = faultAnswer(fault, generation, api, request.model, head)
    if (answer !== undefined) return faults.reduce(applyFault, answer)
  }
  const plan = completion(reply, [...ruled, ...faults], request, generation)
  return faults.reduce(applyFault, reply.raw === undefined ? put(plan) : plan)
}

// =============================================================================
// Ollama's own API
// =============================================================================

interface Native {
  readonly kind: Task["kind"]
  readonly refuse: (json: JsonRecord) => Plan | undefined
  /** There is nothing to answer: the model is loaded, or unloaded. */
  readonly isEmpty: (json: JsonRecord) => boolean
  readonly put?: (plan: Plan, json: JsonRecord) => Plan
}

const native = (speaker: Speaker, record: RecordedRequest, { isEmpty, kind, put, refuse }: Native): Plan => {
  const { generation } = speaker
  const body = readBody("ollama", record.body)
  if ("refused" in body) return body.refused
  const { json } = body
  const refused = bindOllama(json, generation) ?? refuse(json)
  if (refused !== undefined) return refused
  const stream = json["stream"] !== false
  const think = json["think"]
  const thinks = think !== undefined && think !== null && think !== false
  const found = modelFor(speaker.models, generation, record.model, "ollama", json)
  if ("refused" in found) return found.refused
  const { model } = found
  const request = requestOf(speaker, record, "ollama", model, stream, json)
  const inForm: Put = (plan) => put === undefined ? plan : put(plan, json)
  // whatever it cannot do, it can go
  const goes = isEmpty(json) && keepAliveMs(json["keep_alive"]) === 0
  const unable = goes ? undefined : incapable(model, generation, "ollama", json, { name: request.model, kind, thinks })
  if (unable !== undefined) return unable
  if (isEmpty(json)) {
    speaker.keep(model, json)
    return inForm(loaded(request, generation, goes ? "unload" : "load"))
  }
  const option = optionFailure(json, generation, stream)
  if (option !== undefined) {
    // this generation has begun its 200 when it looks at the format
    return generation.thinks || !stream || option.head?.framing !== "chunked"
      ? option
      : {
        ...streamed(ndjson, option.chunks.map((c) => `${new TextDecoder().decode(c.bytes)}\n`), {
          head: 0,
          chunk: 0
        })
      }
  }
  speaker.keep(model, json)
  return reply(speaker, record, request, inForm)
}

const isBlank = (prompt: unknown) => prompt === undefined || prompt === null || prompt === ""

export const chat = (speaker: Speaker, record: RecordedRequest): Plan =>
  native(speaker, record, {
    kind: "chat",
    refuse: bindChat,
    isEmpty: ({ messages }) => !Array.isArray(messages) || messages.length === 0
  })

export const generate = (speaker: Speaker, record: RecordedRequest): Plan =>
  native(speaker, record, {
    kind: "generate",
    refuse: bindGenerate,
    isEmpty: ({ prompt }) => isBlank(prompt),
    put: generated
  })

// =============================================================================
// /v1
// =============================================================================

interface Derived {
  readonly isEmpty: (json: JsonRecord) => boolean
  readonly put: (plan: Plan, json: JsonRecord, request: CompletionRequest) => Plan
}

/** A path of `/v1`. `derived`: its answers are made of a chat of Ollama's own API. */
const compatible = (
  speaker: Speaker,
  record: RecordedRequest,
  kind: Task["kind"],
  refuse: (json: JsonRecord) => Plan | undefined,
  derived?: Derived
): Plan => {
  const { generation } = speaker
  const body = readBody("openai-completions", record.body)
  if ("refused" in body) return body.refused
  const { json } = body
  const refused = refuse(json)
  if (refused !== undefined) return refused
  const found = modelFor(speaker.models, generation, record.model, "openai-completions", json)
  if ("refused" in found) return found.refused
  const task = { name: record.model!, kind, thinks: asksToThink(json) }
  const unable = incapable(found.model, generation, "openai-completions", json, task)
  if (unable !== undefined) return unable
  speaker.keep(found.model, undefined)
  const api = derived === undefined ? "openai-completions" : "ollama"
  const request = requestOf(speaker, record, api, found.model, json["stream"] === true, json)
  if (derived === undefined) return reply(speaker, record, request)
  const inForm: Put = (plan) => derived.put(plan, json, request)
  return derived.isEmpty(json)
    ? inForm(loaded(request, generation, "load"))
    : reply(speaker, record, request, inForm, "openai-completions")
}

export const completions = (speaker: Speaker, record: RecordedRequest): Plan =>
  compatible(speaker, record, "chat", (json) => bindCompletions(json, speaker.generation))

export const textCompletions = (speaker: Speaker, record: RecordedRequest): Plan =>
  compatible(speaker, record, "generate", bindPrompt, {
    isEmpty: ({ prompt }) => isBlank(prompt),
    put: (plan, _, request) => textCompletion(plan, request, speaker.generation)
  })

export const responses = (speaker: Speaker, record: RecordedRequest): Plan =>
  compatible(speaker, record, "chat", (json) => fromResponses.bindResponses(json, speaker.generation), {
    isEmpty: fromResponses.saysNothing,
    put: (plan, json, request) => fromResponses.response(plan, json, request, speaker.generation)
  })
