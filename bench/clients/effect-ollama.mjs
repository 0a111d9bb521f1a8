/** The library for Effect 3. */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { makeOn } from "../library.mjs"

export const make = makeOn({
  Effect,
  FetchHttpClient,
  Layer,
  ManagedRuntime,
  Schema,
  Stream,
  own: {
    contextOf: (shared) => Effect.map(shared.runtimeEffect, (runtime) => runtime.context),
    forEach: Chunk.forEach,
    getOrThrow: Either.getOrThrow,
    runFold: Stream.runFold,
    runForEachChunk: Stream.runForEachChunk
  }
})
