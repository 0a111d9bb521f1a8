/** The library for Effect 4, with the Effect that is beside it: `npm run build:effect4`. */
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { makeOn } from "../../bench/library.mjs"

const dist = new URL("../build/dist/", import.meta.url).href

const made = makeOn({
  Effect,
  FetchHttpClient,
  Layer,
  ManagedRuntime,
  Schema,
  Stream,
  own: {
    contextOf: (shared) => shared.contextEffect,
    forEach: (events, take) => events.forEach(take),
    getOrThrow: Result.getOrThrow,
    runFold: (events, initial, add) => Stream.runFold(events, () => initial, add),
    runForEachChunk: Stream.runForEachArray
  }
})

export const make = (variant) => made(variant, dist)
