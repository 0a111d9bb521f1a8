/** The one implementation behind all ways to serve the mock: a request goes in, a plan comes out. */
import type { Api } from "../../Model.js"
import { isRecord, type JsonRecord, parse } from "../json.js"
import * as answers from "./answers.js"
import { readBody } from "./checks.js"
import { forOrigin } from "./cors.js"
import { embed, embedOne } from "./embeddings.js"
import { type Generation, generations } from "./generation.js"
import { goJson } from "./goJson.js"
import {
  find,
  install,
  type Installed,
  keep,
  listing,
  type LoadedModels,
  loadFirst,
  modelList,
  newest,
  ps,
  show,
  tags,
  withTag
} from "./models.js"
import * as operations from "./operations.js"
import {
  applyFault,
  failed,
  failure,
  faultAnswer,
  faultsOf,
  json,
  plainText,
  type Plan,
  raw,
  unfinished,
  whole
} from "./plan.js"
import { ReplyQueue } from "./replies.js"
import { methodsOf, modelPath } from "./routes.js"
import type { Description, Fault, Model, RecordedRequest, Replies, Reply, Rule } from "./script.js"

export interface Incoming {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** The body as it came, where it is no text. */
  readonly bytes?: Uint8Array | undefined
}

/** A recorded request while it is being answered. */
export type Recording = { -readonly [K in keyof RecordedRequest]: RecordedRequest[K] }

/** A path as the router reads it. */
const decoded = (path: string): string => {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

const apiOf = ({ path }: RecordedRequest): Api => path.startsWith("/v1/") ? "openai-completions" : "ollama"

export class Server {
  readonly generation: Generation
  requests: Array<Recording> = []
  private models: ReadonlyArray<Installed>
  private replies: ReplyQueue
  private rules: ReadonlyArray<Rule>
  private met = new Map<Rule, number>()
  private ordinal = 0
  private loaded: LoadedModels = new Map()
  private blobs: Set<string>

  /** `report` is told what the description's functions throw; `most` requests are remembered, the last ones. */
  constructor(
    readonly description: Description,
    readonly report: (error: unknown) => void,
    private readonly most: number
  ) {
    this.generation = generations[description.version ?? "0.33.0"]
    this.models = []
    this.blobs = new Set(description.blobs)
    this.replies = this.queue(description.replies)
    this.rules = description.rules ?? []
    this.setModels(description.models ?? [])
  }

  reset(): void {
    this.requests = []
    this.met = new Map()
    this.ordinal = 0
    this.replies = this.queue(this.description.replies)
    this.rules = this.description.rules ?? []
    this.loaded = new Map()
    this.blobs = new Set(this.description.blobs)
    this.setModels(this.description.models ?? [])
  }

  setModels(models: ReadonlyArray<Model | string>): void {
    this.models = models.map(install)
    for (const model of this.models) if (model.loaded === true) loadFirst(this.loaded, model)
  }

  private queue(replies: Replies | undefined): ReplyQueue {
    return new ReplyQueue(replies, this.description.exhausted !== "fail")
  }

  setReplies(replies: Replies): void {
    this.replies = this.queue(replies)
  }

  push(replies: ReadonlyArray<Reply | string>): void {
    this.replies.push(replies)
  }

  setRules(rules: ReadonlyArray<Rule>): void {
    this.rules = rules
    this.met = new Map()
  }

  /** Records the request and decides the whole answer. */
  handle(incoming: Incoming, now: number): { readonly plan: Plan; readonly record: Recording } {
    const path = decoded(new URL(incoming.url).pathname)
    const prefix = this.description.prefix ?? ""
    const within = path === prefix || path.startsWith(`${prefix}/`)
    const body = parse(incoming.body)?.value
    const named = isRecord(body) ? body["model"] ?? body["name"] : undefined
    const record: Recording = {
      method: incoming.method,
      url: incoming.url,
      path: within ? path.slice(prefix.length) || "/" : path,
      headers: incoming.headers,
      body: incoming.body,
      json: body,
      model: typeof named === "string" ? named : undefined,
      at: now,
      aborted: false,
      complete: false
    }
    this.requests.push(record)
    if (this.requests.length > this.most) this.requests.shift()
    this.ordinal++
    const bytes = () => incoming.bytes ?? new TextEncoder().encode(incoming.body)
    const plan = forOrigin(
      record,
      this.generation,
      within ? methodsOf(record.path, this.generation) : undefined,
      this.description.origins ?? [],
      () => {
        if (!within) return plainText(404, "404 page not found")
        try {
          return this.answer(record, now, bytes)
        } catch (error) {
          this.report(error)
          return failed(error)
        }
      }
    )
    // a HEAD has the head of the GET
    return {
      record,
      plan: record.method === "HEAD" && plan.head !== undefined
        ? { ...plan, head: { ...plan.head, framing: "none" }, chunks: [] }
        : plan
    }
  }

  private answer(record: Recording, now: number, bytes: () => Uint8Array): Plan {
    const rule = this.rules.find((rule) => this.meets(rule, record))
    if (rule === undefined) return this.route(record, now, bytes, [])
    this.met.set(rule, (this.met.get(rule) ?? 0) + 1)
    const faults = faultsOf(rule.fault)
    const api = apiOf(record)
    const delay = rule.delayMs ?? 0
    for (const fault of faults) {
      const answer = faultAnswer(fault, this.generation, api, record.model ?? "", delay) ??
        (fault.type === "error" && !(fault.after !== undefined && fault.after > 0)
          ? failure(this.generation, api, 500, fault.message ?? "mock failure", { delay })
          : undefined)
      if (answer !== undefined) return faults.reduce(applyFault, answer)
    }
    const plan = rule.raw === undefined
      ? this.route(record, now, bytes, faults)
      : unfinished(raw(rule.raw, 0), faults, this.generation, api)
    return faults.reduce(applyFault, { ...plan, delay: plan.delay + delay })
  }

  private meets(rule: Rule, record: RecordedRequest): boolean {
    return (this.met.get(rule) ?? 0) < (rule.times ?? Infinity) &&
      (rule.path === undefined || rule.path === record.path) &&
      (rule.model === undefined || (record.model !== undefined && withTag(rule.model) === withTag(record.model))) &&
      (rule.when === undefined || rule.when(record))
  }

  /** `faults`: those of content are made with the answer. */
  private route(record: Recording, now: number, bytes: () => Uint8Array, faults: ReadonlyArray<Fault>): Plan {
    const allowed = methodsOf(record.path, this.generation)
    if (allowed === undefined) return plainText(404, "404 page not found")
    if (!allowed.includes(record.method)) {
      return this.generation.methodNotAllowed
        ? plainText(405, "405 method not allowed", [["Allow", allowed.join(", ")]])
        : plainText(404, "404 page not found")
    }
    const speaker = this.speaker(now, faults)
    switch (record.path) {
      case "/api/chat":
        return answers.chat(speaker, record)
      case "/api/generate":
        return answers.generate(speaker, record)
      case "/v1/chat/completions":
        return answers.completions(speaker, record)
      case "/v1/completions":
        return answers.textCompletions(speaker, record)
      case "/v1/responses":
        return answers.responses(speaker, record)
      default:
        return unfinished(this.tell(record, speaker, bytes), faults, this.generation, apiOf(record))
    }
  }

  /** All but what a model says. */
  private tell(record: Recording, speaker: answers.Speaker, bytes: () => Uint8Array): Plan {
    if (record.path.startsWith(modelPath)) return this.listed(record.path.slice(modelPath.length))
    if (record.path.startsWith(operations.blobPath)) {
      return operations.blob(record.method, record.path, bytes(), this.blobs)
    }
    switch (record.path) {
      case "/":
        return whole(200, "text/plain; charset=utf-8", "Ollama is running")
      case "/api/version":
        return json({ version: this.generation.version })
      case "/api/tags":
        return json(tags(this.models, this.generation))
      case "/api/ps":
        return json(ps(this.models, this.loaded, this.generation, speaker.now))
      case "/api/show":
        return this.show(record)
      case "/v1/models":
        return whole(200, "application/json", `${goJson(modelList(this.models))}\n`)
      case "/api/embed":
        return embed(speaker, record, "ollama")
      case "/api/embeddings":
        return embedOne(speaker, record)
      case "/v1/embeddings":
        return embed(speaker, record, "openai-completions")
      case "/api/pull":
        return this.pull(record)
      case "/api/push":
        return this.send(record)
      case "/api/create":
        return this.create(record)
      case "/api/copy":
        return this.copy(record)
      case "/api/delete":
        return this.remove(record)
      default:
        return operations.web(record.path, record.body)
    }
  }

  // ===========================================================================
  // models
  // ===========================================================================

  private named(
    record: RecordedRequest,
    missing = "model is required"
  ): { readonly name: string; readonly json: JsonRecord } | { readonly refused: Plan } {
    const body = readBody("ollama", record.body)
    if ("refused" in body) return body
    return record.model === undefined || record.model === ""
      ? { refused: json({ error: missing }, 400) }
      : { name: record.model, json: body.json }
  }

  private show(record: RecordedRequest): Plan {
    const request = this.named(record)
    if ("refused" in request) return request.refused
    const model = find(this.models, request.name)
    if (model !== undefined) return json(show(model, request.json["verbose"] === true, this.generation))
    const name = this.generation.showTagsMissing ? withTag(request.name) : request.name
    return json({ error: `model '${name}' not found` }, 404)
  }

  /** From the registry, when it is not there yet. */
  private obtain(name: string): Installed | undefined {
    const model = find(this.models, name)
    return model === undefined && operations.offers(this.description.registry, name) ? install(name, 0) : model
  }

  private add(model: Installed): void {
    const before = find(this.models, model.name)
    this.models = [newest(model, this.models), ...this.models.filter((other) => other !== before)]
  }

  private pull(record: RecordedRequest): Plan {
    const request = this.named(record, "invalid model name")
    if ("refused" in request) return request.refused
    const stream = request.json["stream"] !== false
    const model = this.obtain(request.name)
    if (model === undefined) return operations.missing(stream)
    const isThere = find(this.models, request.name) === model
    const plan = operations.pull(model, stream, this.description.registry, isThere)
    return isThere ? plan : { ...plan, effect: () => this.add(model) }
  }

  private send(record: RecordedRequest): Plan {
    const request = this.named(record)
    if ("refused" in request) return request.refused
    const model = find(this.models, request.name)
    if (model === undefined) return json({ error: `model '${request.name}' not found` }, 404)
    return operations.push(model, request.json["stream"] !== false, this.description.registry)
  }

  private create(record: RecordedRequest): Plan {
    const request = this.named(record)
    if ("refused" in request) return request.refused
    const { json: body, name } = request
    const stream = body["stream"] !== false
    const from = body["from"]
    const refused = operations.refusedCreate(body, this.blobs)
    if (refused !== undefined) return refused
    const base = typeof from === "string" ? this.obtain(from) : undefined
    if (typeof from === "string" && base === undefined) return operations.missing(stream)
    const model = operations.made(name, body, base)
    return { ...operations.created(model, stream, this.description.registry), effect: () => this.add(model) }
  }

  private copy(record: RecordedRequest): Plan {
    const body = readBody("ollama", record.body)
    if ("refused" in body) return body.refused
    const { destination, source } = body.json
    const model = find(this.models, String(source))
    if (model === undefined) return json({ error: `model ${JSON.stringify(source)} not found` }, 404)
    this.add({ ...model, name: withTag(String(destination)) })
    return whole(200, undefined, "")
  }

  private remove(record: RecordedRequest): Plan {
    const request = this.named(record)
    if ("refused" in request) return request.refused
    const model = find(this.models, request.name)
    if (model === undefined) return json({ error: `model '${request.name}' not found` }, 404)
    this.models = this.models.filter((other) => other !== model)
    return whole(200, undefined, "")
  }

  private listed(name: string): Plan {
    const model = find(this.models, name)
    return model === undefined
      ? failure(this.generation, "openai-completions", 404, `model '${name}' not found`)
      : whole(200, "application/json", `${goJson({ ...listing(model), id: name })}\n`)
  }

  // ===========================================================================
  // completions
  // ===========================================================================

  private speaker(now: number, faults: ReadonlyArray<Fault>): answers.Speaker {
    return {
      faults,
      generation: this.generation,
      models: this.models,
      ordinal: this.ordinal,
      now,
      next: (record) => this.replies.next(record),
      keep: (model, request) => keep(this.loaded, model, request, now)
    }
  }
}
