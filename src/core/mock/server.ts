/** The one implementation behind all ways to serve the mock: a request goes in, a plan comes out. */
import type { Api } from "../../Model.js"
import { isRecord, type JsonRecord } from "../json.js"
import { bindCompletions, bindOllama, effortOf, modelFor, optionFailure, readBody } from "./checks.js"
import { completion, type CompletionRequest, loaded } from "./completion.js"
import { type Generation, generations } from "./generation.js"
import { goJson } from "./goJson.js"
import { embedding, find, install, type Installed, modelList, ps, pulled, show, tags, withTag } from "./models.js"
import { applyFault, failure, faultAnswer, json, plainText, type Plan, raw, streamed, whole } from "./plan.js"
import { ReplyQueue } from "./replies.js"
import type { Description, Fault, Model, RecordedRequest, Replies, Reply, Rule } from "./script.js"

export interface Incoming {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A recorded request while it is being answered. */
export type Recording = { -readonly [K in keyof RecordedRequest]: RecordedRequest[K] }

const methods: Readonly<Record<string, ReadonlyArray<string>>> = {
  "/": ["GET", "HEAD"],
  "/api/version": ["GET", "HEAD"],
  "/api/tags": ["GET", "HEAD"],
  "/api/ps": ["GET"],
  "/api/show": ["POST"],
  "/api/chat": ["POST"],
  "/api/embed": ["POST"],
  "/api/pull": ["POST"],
  "/api/delete": ["DELETE"],
  "/v1/models": ["GET"],
  "/v1/chat/completions": ["POST"],
  "/v1/embeddings": ["POST"]
}

const faultsOf = (fault: Fault | ReadonlyArray<Fault> | undefined): ReadonlyArray<Fault> =>
  fault === undefined ? [] : Array.isArray(fault) ? fault as ReadonlyArray<Fault> : [fault as Fault]

const parsed = (body: string): unknown => {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

const forever = 9_223_372_036_854

export class Server {
  readonly generation: Generation
  requests: Array<Recording> = []
  private models: ReadonlyArray<Installed>
  private replies: ReplyQueue
  private rules: ReadonlyArray<Rule>
  private met = new Map<Rule, number>()
  private ordinal = 0
  private loadedUntil = new Map<string, number>()

  constructor(readonly description: Description) {
    this.generation = generations[description.version ?? "0.33.0"]
    this.models = []
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
    this.loadedUntil = new Map()
    this.setModels(this.description.models ?? [])
  }

  setModels(models: ReadonlyArray<Model | string>): void {
    this.models = models.map(install)
    for (const model of this.models) if (model.loaded === true) this.loadedUntil.set(model.name, 300_000)
  }

  private queue(replies: Replies = ["Hello."]): ReplyQueue {
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
    const path = new URL(incoming.url).pathname
    const prefix = this.description.prefix ?? ""
    const within = path === prefix || path.startsWith(`${prefix}/`)
    const body = parsed(incoming.body)
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
    this.ordinal++
    const plan = within ? this.answer(record, now) : plainText(404, "404 page not found")
    // a HEAD has the head of the GET
    return {
      record,
      plan: record.method === "HEAD" && plan.head !== undefined
        ? { ...plan, head: { ...plan.head, framing: "none" }, chunks: [] }
        : plan
    }
  }

  private answer(record: Recording, now: number): Plan {
    const rule = this.rules.find((rule) => this.meets(rule, record))
    if (rule === undefined) return this.route(record, now)
    this.met.set(rule, (this.met.get(rule) ?? 0) + 1)
    const faults = faultsOf(rule.fault)
    const api = record.path.startsWith("/v1/") ? "openai-completions" : "ollama"
    const delay = rule.delayMs ?? 0
    for (const fault of faults) {
      const answer = faultAnswer(fault, this.generation, api, record.model ?? "", delay) ??
        (fault.type === "error"
          ? failure(this.generation, api, 500, fault.message ?? "mock failure", { delay })
          : undefined)
      if (answer !== undefined) return faults.reduce(applyFault, answer)
    }
    const plan = rule.raw === undefined ? this.route(record, now) : raw(rule.raw, 0)
    return faults.reduce(applyFault, { ...plan, delay: plan.delay + delay })
  }

  private meets(rule: Rule, record: RecordedRequest): boolean {
    return (this.met.get(rule) ?? 0) < (rule.times ?? Infinity) &&
      (rule.path === undefined || rule.path === record.path) &&
      (rule.model === undefined || (record.model !== undefined && withTag(rule.model) === withTag(record.model))) &&
      (rule.when === undefined || rule.when(record))
  }

  private route(record: Recording, now: number): Plan {
    const allowed = Object.hasOwn(methods, record.path) ? methods[record.path] : undefined
    if (allowed === undefined) return plainText(404, "404 page not found")
    if (!allowed.includes(record.method)) {
      return this.generation.methodNotAllowed
        ? plainText(405, "405 method not allowed", [["Allow", allowed.join(", ")]])
        : plainText(404, "404 page not found")
    }
    switch (record.path) {
      case "/":
        return whole(200, "text/plain; charset=utf-8", "Ollama is running")
      case "/api/version":
        return json({ version: this.generation.version })
      case "/api/tags":
        return json(tags(this.models, this.generation))
      case "/api/ps":
        return json(ps(this.models, this.loadedUntil, this.generation))
      case "/api/show":
        return this.show(record)
      case "/api/chat":
        return this.chat(record, now)
      case "/v1/chat/completions":
        return this.completions(record, now)
      case "/v1/models":
        return whole(200, "application/json", `${goJson(modelList(this.models))}\n`)
      case "/api/embed":
        return this.embed(record, "ollama")
      case "/v1/embeddings":
        return this.embed(record, "openai-completions")
      case "/api/pull":
        return this.pull(record)
      default:
        return this.remove(record)
    }
  }

  // ===========================================================================
  // models
  // ===========================================================================

  private named(
    record: RecordedRequest
  ): { readonly name: string; readonly json: JsonRecord } | { readonly refused: Plan } {
    const body = readBody("ollama", record.body)
    if ("refused" in body) return body
    return record.model === undefined || record.model === ""
      ? { refused: json({ error: "model is required" }, 400) }
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

  private pull(record: RecordedRequest): Plan {
    const request = this.named(record)
    if ("refused" in request) return request.refused
    if (find(this.models, request.name) === undefined) this.models = [install(request.name, 0), ...this.models]
    if (request.json["stream"] === false) return json({ status: "success" })
    const status = pulled(find(this.models, request.name)!)
    return streamed("application/x-ndjson", status.map((line) => `${goJson(line)}\n`), { head: 0, chunk: 0 })
  }

  private remove(record: RecordedRequest): Plan {
    const request = this.named(record)
    if ("refused" in request) return request.refused
    const model = find(this.models, request.name)
    if (model === undefined) return json({ error: `model '${request.name}' not found` }, 404)
    this.models = this.models.filter((other) => other !== model)
    return whole(200, undefined, "")
  }

  private embed(record: RecordedRequest, api: Api): Plan {
    const body = readBody(api, record.body)
    if ("refused" in body) return body.refused
    const name = record.model ?? ""
    if (find(this.models, name) === undefined) {
      const message = `model ${JSON.stringify(name)} not found, try pulling it first`
      return failure(this.generation, api, 404, message)
    }
    const input = body.json["input"]
    const texts = (Array.isArray(input) ? input : [input]).map(String)
    const embeddings = texts.map(embedding)
    if (api === "ollama") {
      return json({
        model: name,
        embeddings,
        total_duration: 5_000_000,
        load_duration: 2_000_000,
        prompt_eval_count: texts.length
      })
    }
    const data = embeddings.map((vector, index) => ({ object: "embedding", embedding: vector, index }))
    const usage = { prompt_tokens: texts.length, total_tokens: texts.length }
    return whole(200, "application/json", `${goJson({ object: "list", data, model: name, usage })}\n`)
  }

  // ===========================================================================
  // completions
  // ===========================================================================

  private chat(record: RecordedRequest, now: number): Plan {
    const body = readBody("ollama", record.body)
    if ("refused" in body) return body.refused
    const refused = bindOllama(body.json, this.generation)
    if (refused !== undefined) return refused
    const { json: request } = body
    const stream = request["stream"] !== false
    const think = request["think"]
    const model = modelFor(
      this.models,
      this.generation,
      record.model,
      "ollama",
      request,
      think !== undefined && think !== null && think !== false
    )
    if ("refused" in model) return model.refused
    const messages = request["messages"]
    const keepAlive = request["keep_alive"]
    const context = this.context(record, "ollama", model.model, stream, false, now)
    if (!Array.isArray(messages) || messages.length === 0) {
      const unload = keepAlive === 0 || keepAlive === "0" || keepAlive === "0s"
      this.keep(model.model, unload ? 0 : keepAlive, now)
      return loaded(context, this.generation, unload ? "unload" : "load")
    }
    const option = optionFailure(request, this.generation, stream)
    if (option !== undefined) {
      // this generation has begun its 200 when it looks at the format
      return this.generation.thinks || !stream || option.head?.framing !== "chunked"
        ? option
        : {
          ...streamed("application/x-ndjson", option.chunks.map((c) => `${new TextDecoder().decode(c.bytes)}\n`), {
            head: 0,
            chunk: 0
          })
        }
    }
    this.keep(model.model, keepAlive, now)
    return this.reply(record, context)
  }

  private completions(record: RecordedRequest, now: number): Plan {
    const body = readBody("openai-completions", record.body)
    if ("refused" in body) return body.refused
    const { json: request } = body
    const refused = bindCompletions(request, this.generation)
    if (refused !== undefined) return refused
    const effort = effortOf(request)
    const model = modelFor(
      this.models,
      this.generation,
      record.model,
      "openai-completions",
      request,
      effort != null && effort !== "" && effort !== "none"
    )
    if ("refused" in model) return model.refused
    const options = request["stream_options"]
    const includeUsage = isRecord(options) && options["include_usage"] === true
    this.keep(model.model, undefined, now)
    return this.reply(
      record,
      this.context(record, "openai-completions", model.model, request["stream"] === true, includeUsage, now)
    )
  }

  private context(
    record: RecordedRequest,
    api: Api,
    model: Installed,
    stream: boolean,
    includeUsage: boolean,
    now: number
  ): CompletionRequest {
    return {
      api,
      model: record.model!,
      stream,
      includeUsage,
      ownTemplate: model.ownTemplate === true,
      ordinal: this.ordinal,
      now
    }
  }

  private keep(model: Installed, keepAlive: unknown, now: number): void {
    if (keepAlive === 0) this.loadedUntil.delete(model.name)
    else if (typeof keepAlive === "number") {
      this.loadedUntil.set(model.name, now + (keepAlive < 0 ? forever : keepAlive * 1000))
    } else this.loadedUntil.set(model.name, now + 300_000)
  }

  private reply(record: RecordedRequest, request: CompletionRequest): Plan {
    const found = this.replies.next(record)
    if (found === undefined) {
      return failure(this.generation, request.api, 500, "mock: no reply is left for this request")
    }
    const reply = typeof found === "string" ? { text: found } : found
    const faults = faultsOf(reply.fault)
    const head = typeof reply.delayMs === "object" ? reply.delayMs.head ?? 0 : 0
    for (const fault of faults) {
      const answer = faultAnswer(fault, this.generation, request.api, request.model, head)
      if (answer !== undefined) return faults.reduce(applyFault, answer)
    }
    return faults.reduce(applyFault, completion(reply, faults, request, this.generation))
  }
}
