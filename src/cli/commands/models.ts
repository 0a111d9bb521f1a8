/** `models list` and `models show`. */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { reasons } from "../../core/failure/sentences.js"
import type { ModelDefinition } from "../../Model.js"
import { normalizeModel } from "../../ModelRef.js"
import * as Models from "../../Models.js"
import * as OllamaClient from "../../OllamaClient.js"
import type { ExcludedModel } from "../../OllamaError.js"
import type { Provider } from "../../Provider.js"
import { sentence } from "../failure.js"
import { note, print, printJson, Screen } from "../screen.js"
import { isOllama, live } from "../session.js"
import { pairs, table } from "../table.js"
import { bytes, grouped, oneLine } from "../text.js"
import { remaining } from "./server.js"

const yes = (value: boolean | undefined): string => value === undefined ? "-" : value ? "yes" : "no"

// =============================================================================
// models list
// =============================================================================

interface Row {
  readonly ref: string
  readonly name: string
  readonly contextWindow: number
  readonly maxTokens: number
  readonly input: ReadonlyArray<string>
  readonly reasoning: boolean
  readonly tools?: boolean | undefined
  readonly streaming?: boolean | undefined
  readonly configured: boolean
  /** Absent when nobody was asked. */
  readonly reachable?: boolean | undefined
}

/** Whether a provider's server answers; those that are no Ollama are not asked. */
const isReachable = Effect.fnUntraced(function*(provider: Provider) {
  if (provider.source === "discovered") return true
  if (!isOllama(provider)) return undefined
  return yield* Effect.isSuccess(OllamaClient.version(provider))
})

const rowOf = Effect.fnUntraced(function*(provider: string, model: ModelDefinition, reachable: boolean | undefined) {
  const ref = `${provider}/${model.id}`
  const selection = yield* Effect.option(Models.select(ref))
  const row: Row = {
    ref,
    name: model.name,
    contextWindow: model.contextWindow,
    maxTokens: model.maxTokens,
    input: model.input,
    reasoning: model.reasoning,
    tools: model.tools,
    streaming: Option.getOrUndefined(Option.map(selection, ({ streaming }) => streaming)),
    configured: true,
    reachable
  }
  return row
})

const reasonOf = ({ detail, reason }: ExcludedModel): string =>
  `${reasons[reason]}${detail === undefined || detail === "" ? "" : ` (${oneLine(detail)})`}`

const columns = [
  { title: "ref", cell: ({ ref }: Row) => oneLine(ref) },
  {
    title: "name",
    cell: ({ name }: Row) => oneLine(name),
    isSaid: ({ ref }: Row) => oneLine(ref.slice(ref.indexOf("/") + 1))
  },
  { title: "context", cell: ({ contextWindow }: Row) => grouped(contextWindow), right: true },
  { title: "max tokens", cell: ({ maxTokens }: Row) => grouped(maxTokens), right: true },
  { title: "input", cell: ({ input }: Row) => input.join("+") },
  { title: "reasoning", cell: ({ reasoning }: Row) => yes(reasoning) },
  { title: "streaming", cell: ({ streaming }: Row) => yes(streaming) },
  { title: "configured", cell: ({ configured }: Row) => yes(configured) },
  { title: "reachable", cell: ({ reachable }: Row) => yes(reachable) }
]

const leftOutColumns = [
  { title: "left out", cell: ({ ref }: { readonly ref: string; readonly model: ExcludedModel }) => oneLine(ref) },
  { title: "why", cell: ({ model }: { readonly ref: string; readonly model: ExcludedModel }) => reasonOf(model) }
]

export const list = ({ all, json }: { readonly all: boolean; readonly json: boolean }) =>
  Effect.gen(function*() {
    const listings = yield* Models.list
    const found: Array<Row> = []
    const leftOut: Array<{ readonly ref: string; readonly model: ExcludedModel }> = []
    // where models are discovered, pulling one helps
    let discovers = false
    const failures: Array<
      { readonly id: string; readonly failure: { readonly _tag: string; readonly message: string } }
    > = []
    for (const { catalog, status } of listings) {
      if (Either.isLeft(catalog)) {
        failures.push({ id: status.id, failure: catalog.left })
        continue
      }
      const reachable = Either.isRight(status.result) ? yield* isReachable(status.result.right) : undefined
      for (const model of catalog.right.models) found.push(yield* rowOf(status.id, model, reachable))
      discovers ||= catalog.right.source === "discovered"
      for (const model of catalog.right.excluded) leftOut.push({ ref: `${status.id}/${model.name}`, model })
    }
    if (json) {
      yield* printJson({
        models: found,
        ...(all
          ? { leftOut: leftOut.map(({ model, ref }) => ({ ref, reason: model.reason, detail: model.detail })) }
          : {}),
        providers: listings.map(({ catalog, status }) => ({
          id: status.id,
          configured: status.configured,
          reason: status.reason,
          ...(Either.isLeft(catalog) ? { error: catalog.left._tag, hint: sentence(catalog.left) } : {})
        }))
      })
    } else {
      const { out } = yield* Screen
      if (found.length > 0) yield* print(table(columns, found, out))
      if (all && leftOut.length > 0) {
        yield* print(`${found.length > 0 ? "\n" : ""}${table(leftOutColumns, leftOut, out)}`)
      }
    }
    const [first] = failures
    // nothing to show: that is the failure
    if (found.length === 0 && first !== undefined && failures.length === listings.length) {
      return yield* Effect.fail(first.failure)
    }
    // what nobody enables is no news beside what can be used
    const news = failures.filter(({ failure }) => failure._tag !== "NotEnabled")
    for (const { failure, id } of news) yield* note(({ yellow }) => `${yellow(`${id}:`)} ${sentence(failure)}`)
    if (found.length === 0 && !json) {
      yield* note(({ dim }) =>
        leftOut.length === 0
          ? "No models are installed. Pull one: effect-ollama pull gpt-oss:20b"
          : `None of the ${leftOut.length} models can be used. ${
            !all
              ? "Why: effect-ollama models list --all"
              : discovers
              ? "Pull one with tools: effect-ollama pull gpt-oss:20b"
              : "Mend them in the configuration: effect-ollama config validate"
          }${dim("")}`
      )
    } else if (!all && leftOut.length > 0 && !json) {
      yield* note(({ dim }) => dim(`${leftOut.length} left out; --all shows why`))
    }
  }).pipe(Effect.provide(live()))

// =============================================================================
// models show
// =============================================================================

/** The server's own words about a model, where there is an Ollama to ask. */
const fromServer = Effect.fnUntraced(function*(provider: Provider, model: string) {
  if (!isOllama(provider)) return undefined
  const [shown, installed, loaded] = yield* Effect.all([
    Effect.option(OllamaClient.show(provider, model)),
    Effect.option(OllamaClient.tags(provider)),
    Effect.option(OllamaClient.ps(provider))
  ], { concurrency: "unbounded" })
  const named = <A extends { readonly name: string }>(all: Option.Option<ReadonlyArray<A>>) =>
    Option.getOrElse(all, (): ReadonlyArray<A> => []).find(({ name }) => normalizeModel(name) === normalizeModel(model))
  return {
    shown: Option.getOrUndefined(shown),
    installed: named(installed),
    loaded: named(loaded),
    answers: Option.isSome(loaded)
  }
})

export const show = ({ json, ref }: { readonly json: boolean; readonly ref: string }) =>
  Effect.gen(function*() {
    const { api, model, params, provider, ref: full, streaming } = yield* Models.select(ref)
    const server = yield* fromServer(provider, model.id)
    const given = provider.source === "discovered" ? "server" : "config"
    const source = (field: ModelDefinition["known"][number]) => model.known.includes(field) ? given : "default"
    const capabilities = server?.shown?.capabilities ?? model.capabilities
    const digest = model.digest ?? server?.installed?.digest
    if (json) {
      yield* printJson({
        ref: full,
        provider: { id: provider.id, url: provider.root, source: provider.source },
        api,
        definition: model,
        sources: Object.fromEntries(
          (["name", "reasoning", "tools", "input", "cost", "contextWindow", "maxTokens"] as const).map(
            (field) => [field, source(field)]
          )
        ),
        streaming,
        params,
        capabilities,
        digest,
        size: server?.installed?.size,
        loaded: server?.loaded ?? null
      })
      return
    }
    const { out } = yield* Screen
    const { inks } = out
    const from = (field: ModelDefinition["known"][number]) => inks.dim(` (${source(field)})`)
    const free = Object.values(model.cost).every((price) => price === 0)
    const loaded = server?.loaded
    const rows: Array<readonly [string, string]> = [
      ["name", oneLine(model.name) + from("name")],
      ["provider", `${provider.id} at ${provider.root}, ${provider.source}`],
      ["api", api],
      ["context", `${grouped(model.contextWindow)} tokens${from("contextWindow")}`],
      ["max tokens", grouped(model.maxTokens) + from("maxTokens")],
      ["input", model.input.join(", ") + from("input")],
      ["reasoning", yes(model.reasoning) + from("reasoning")],
      ["tools", model.tools === undefined ? "nobody said" : yes(model.tools) + from("tools")],
      [
        "cost",
        (free ? "free" : `${model.cost.input} in, ${model.cost.output} out, per million tokens`) + from("cost")
      ],
      ["streaming", yes(streaming)],
      ...(model.numCtx === undefined
        ? []
        : [["num_ctx", `${grouped(model.numCtx)} tokens${inks.dim(" (Modelfile)")}`] as const]),
      ...(params.length === 0 ? [] : [["params", oneLine(JSON.stringify(Object.assign({}, ...params)))] as const]),
      ...(capabilities === undefined ? [] : [["capabilities", oneLine(capabilities.join(", "))] as const]),
      ...(server?.installed?.size === undefined ? [] : [["size", bytes(server.installed.size)] as const]),
      ...(server?.shown?.quantization === undefined
        ? []
        : [
          [
            "weights",
            oneLine(`${server.shown.family ?? ""} ${server.shown.parameterSize ?? ""} ${server.shown.quantization}`)
          ] as const
        ]),
      ...(digest === undefined
        ? []
        : [["digest", oneLine(out.columns() < 80 ? digest.slice(0, 12) : digest)] as const]),
      ...(server === undefined || !server.answers
        ? []
        : [["loaded", loaded === undefined ? "no" : `yes, ${yield* remaining(loaded)}`] as const])
    ]
    yield* print(`${inks.bold(oneLine(full))}\n${pairs(rows, out)}`)
  }).pipe(Effect.provide(live({ keepWithoutTools: true })))
