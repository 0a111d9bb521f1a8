/** What passes through this room: what is asked, of whom, and what comes of it. */
import type * as Effect from "effect/Effect"
import type * as Either from "effect/Either"
import type * as Schedule from "effect/Schedule"
import type { ChatRequest } from "../Chat.js"
import type { Selection } from "../core/catalog/selection.js"
import type { Question } from "../core/decode/decoder.js"
import type { Repair } from "../core/repair/repair.js"
import type { Asked } from "../core/request/metadata.js"
import type { Merged } from "../core/request/params.js"
import type { Wire } from "../core/wire/wire.js"
import type { Attempt, AttemptError, InvalidRequest } from "../OllamaError.js"
import type * as Telemetry from "../telemetry/telemetry.js"
import type * as Transport from "../transport/transport.js"

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
  readonly ready: Ready
  readonly call: Call
  readonly attempts: number
}

/** What is the same for every request to a selection. */
export interface Ready {
  readonly wire: Wire
  /** The model's name on its server. */
  readonly name: string
  /** Who is asked, for what goes back to nobody else. */
  readonly source: Asked
  /** The configured parameters, merged, or why they cannot be. */
  readonly params: Either.Either<Merged, InvalidRequest>
}

/** A reply, and what it is the answer to. */
export interface Sent {
  readonly reply: Transport.Reply
  readonly question: Question
}

/** What a service asks with. */
export interface Completion {
  readonly settings: Settings
  /** How a candidate is asked again before any output. */
  readonly retry: Schedule.Schedule<unknown, AttemptError>
  /** Says that the models of a provider have changed. */
  readonly invalidate: (provider: string) => Effect.Effect<void>
}

export interface Answered<A> {
  readonly value: A
  /** The candidates that failed before. */
  readonly attempts: ReadonlyArray<Attempt>
}
