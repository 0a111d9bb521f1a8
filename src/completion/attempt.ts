/** One candidate's answer: encode, send, read, decode; whole here, as a stream in `stream.ts`. */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { ChatRequest } from "../Chat.js"
import { type About, about, type Asked } from "../core/about.js"
import type { Selection } from "../core/catalog/selection.js"
import { whole } from "../core/decode/decoder.js"
import type { ContentEvent, DecodeFailure } from "../core/decode/types.js"
import { type AnswerContext, decodeError, interrupted } from "../core/failure/answer.js"
import { origin } from "../core/failure/fallback.js"
import type { Repair, Run } from "../core/repair/repair.js"
import { repairWhole } from "../core/repair/repairs.js"
import type { Asked as AskedOf } from "../core/request/metadata.js"
import { encode, type Wire } from "../core/wire/wire.js"
import type { PartialAnswer } from "../Message.js"
import type { AttemptError } from "../OllamaError.js"
import type * as Telemetry from "../telemetry/telemetry.js"
import * as Transport from "../transport/transport.js"

/** What all attempts of a service share. */
export interface Settings {
  readonly client: Transport.Client<never>
  readonly limits: Transport.Limits
  /** How long (ms) a finished stream may still send its usage. */
  readonly finishGrace: number
  /** Makes the ids of tool calls that came without one. */
  readonly generateId: Effect.Effect<(index: number) => string>
}

export interface Call {
  readonly request: ChatRequest
  readonly repairs: ReadonlyArray<Repair>
  readonly malformedCalls?: "fail" | "return" | undefined
  readonly firstByte?: number | undefined
  readonly idle?: number | undefined
  /** Whether to ask for a stream on the wire, whatever is configured. */
  readonly streaming?: boolean | undefined
  /** How the call is looked at. */
  readonly operation: Telemetry.Operation
}

/** One attempt: who is asked what, and which attempt of this candidate it is. */
export interface Asking {
  readonly settings: Settings
  readonly selection: Selection
  readonly wire: Wire
  readonly call: Call
  readonly attempts: number
}

/** A reply, and what it is the answer to. */
export interface Sent {
  readonly reply: Transport.Reply
  readonly asked: Asked
}

/** Who is asked, for what goes back to nobody else. */
const askedOf = ({ api, endpoint, ollama, provider }: Selection): AskedOf => ({
  provider: provider.id,
  origin: origin(endpoint.root),
  api,
  ollama
})

/** What decoding has to know of the request. */
export const decodingOf = ({ call: { malformedCalls, request }, selection }: Asking) => ({
  source: askedOf(selection),
  tools: request.tools.map(({ name }) => name),
  malformedCalls
})

export const send = (
  { attempts, call, selection, settings, wire }: Asking,
  stream: boolean,
  restore: Transport.Restore
): Effect.Effect<Sent, AttemptError> => {
  const { endpoint, model } = selection
  const encoding = encode({
    wire,
    model,
    request: call.request,
    params: selection.params,
    ignored: selection.ignored,
    ollama: selection.ollama,
    asked: askedOf(selection),
    compat: selection.compat,
    stream,
    maxTokensField: selection.maxTokensField
  })
  if (Either.isLeft(encoding)) return Effect.fail(encoding.left)
  const { body, ignored, numCtx } = encoding.right
  const outgoing: Transport.Outgoing = {
    endpoint,
    method: "POST",
    url: wire.url(endpoint),
    body,
    purpose: "completion",
    model: model.id,
    attempts,
    limits: {
      ...settings.limits,
      firstByte: call.firstByte ?? endpoint.timeout ?? settings.limits.firstByte,
      idle: call.idle ?? endpoint.timeout ?? settings.limits.idle
    }
  }
  const asked: Asked = { request: call.request, ignored, numCtx: numCtx ?? model.numCtx }
  return Effect.map(Transport.open(settings.client, outgoing, restore), (reply) => ({ reply, asked }))
}

/** What errors of this answer tell. */
export const contextOf = (
  { reply: { outgoing: { url }, secrets } }: Sent,
  { selection: { model } }: Asking,
  partial: PartialAnswer | undefined
): AnswerContext => ({ url, model: model.id, partial, secrets: secrets() })

export const beginRepairs = ({ call: { repairs, request } }: Asking, makeId: (index: number) => string) => {
  const tools = request.tools.map((tool) => tool.name)
  return repairs.map((repair): Run => repair.begin({ tools, makeId }))
}

// =============================================================================
// whole answers
// =============================================================================

export interface WholeAnswer {
  readonly events: ReadonlyArray<ContentEvent>
  readonly parts: PartialAnswer["parts"]
  readonly about: About
}

/** Asks with `stream: false`. */
export const answerWhole = (asking: Asking): Effect.Effect<WholeAnswer, AttemptError> =>
  Effect.flatMap(
    asking.settings.generateId,
    (makeId) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.flatMap(send(asking, false, restore), (sent) =>
          Effect.matchEffect(Transport.text(sent.reply, restore), {
            onFailure: (error) => Effect.fail(interrupted(error, undefined)),
            onSuccess: (text) => decodeWhole(text, sent, asking, makeId)
          }))
      )
  )

const ended: DecodeFailure = { _tag: "Ended" }

const decodeWhole = (
  text: string,
  sent: Sent,
  asking: Asking,
  makeId: (index: number) => string
): Effect.Effect<WholeAnswer, AttemptError> => {
  const { call, selection, settings, wire } = asking
  const answer = whole(text, { wire, makeId, ...decodingOf(asking), maxAnswerChars: settings.limits.maxBytes })
  const { events, finish, parts } = call.repairs.length === 0
    ? answer
    : repairWhole(answer.events, answer.finish, beginRepairs(asking, makeId))
  if (finish !== undefined) return Effect.succeed({ events, parts, about: about(finish, selection, sent.asked) })
  const partial = parts.length === 0 ? undefined : { parts }
  return Effect.fail(decodeError(answer.failure ?? ended, contextOf(sent, asking, partial)))
}
