/** The way through `HttpClient`: for every client that is not driven directly, and for all of them where a host traces. */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Headers from "@effect/platform/Headers"
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import type * as FiberRef from "effect/FiberRef"
import * as FiberRefs from "effect/FiberRefs"
import { constTrue } from "effect/Function"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import { responseIn } from "../core/failure/transport.js"
import { arrived, pullOf } from "./direct.js"
import type { Arrived, Send } from "./exchange.js"

export type Client<R> = HttpClient.HttpClient.With<HttpClientError.HttpClientError, R>

// What we send and what answers of Ollama carry is no secret; every other header may be.
export const secretHeader =
  /^(?!(accept|content-encoding|content-length|content-type|date|retry-after|server|transfer-encoding|user-agent)$)/

// The options of fetch that hosts provide are kept. Redirects are never followed: they would carry the key elsewhere.
const withoutRedirects = (context: Context.Context<never>): Context.Context<never> =>
  Context.add(context, FetchHttpClient.RequestInit, {
    ...Option.getOrUndefined(Context.getOption(context, FetchHttpClient.RequestInit)),
    redirect: "manual"
  })

// How a fiber sends that does nothing else: as its parent would, under the settings of this library.
const runtimeOf = <R>(parent: Fiber.RuntimeFiber<unknown, unknown>, traced: boolean): Runtime.Runtime<R> => {
  const set = <A>(fiberRefs: FiberRefs.FiberRefs, fiberRef: FiberRef.FiberRef<A>, value: A) =>
    FiberRefs.updateAs(fiberRefs, { fiberId: parent.id(), fiberRef, value })
  const names = [...parent.getFiberRef(Headers.currentRedactedNames), secretHeader]
  const redacted = set(parent.getFiberRefs(), Headers.currentRedactedNames, names)
  return Runtime.make({
    context: withoutRedirects(parent.currentContext) as Context.Context<R>, // of an effect that needs R
    runtimeFlags: Runtime.defaultRuntimeFlags,
    fiberRefs: traced
      ? set(redacted, HttpClient.currentTracerPropagation, false)
      : set(redacted, HttpClient.currentTracerDisabledWhen, constTrue)
  })
}

const arrivedBy = (response: HttpClientResponse.HttpClientResponse): Arrived => {
  const pull = pullOf(response)
  if (pull !== undefined) return arrived(response, pull)
  // HttpClient aborts a request when the reading of its body is interrupted; there is no other way to say so.
  const close = Effect.forkDaemon(Effect.interruptible(response.arrayBuffer)).pipe(
    Effect.tap(Effect.yieldNow()),
    Effect.flatMap(Fiber.interruptFork)
  )
  return { response, pull, close }
}

// A host's own middleware may make an error of a status (`filterStatusOk`): what the server said is in it.
const respondedIn = (error: unknown): HttpClientResponse.HttpClientResponse | undefined => {
  const response = responseIn(error)
  if (response === undefined || !(HttpClientResponse.TypeId in response)) return undefined
  return response as HttpClientResponse.HttpClientResponse // has its TypeId
}

const isSuccess = ({ status }: HttpClientResponse.HttpClientResponse): boolean => status >= 200 && status < 300

/** On a fiber that can be left alone: some transports never settle. */
export const sendThrough = <R>(
  client: Client<R>,
  parent: Fiber.RuntimeFiber<unknown, unknown>,
  traced: boolean
): Send =>
(request, onHead) => {
  const sent = Effect.matchEffect(client.execute(request), {
    onFailure: (error) => {
      const response = respondedIn(error)
      return response === undefined ? Effect.fail(error) : Effect.succeed({
        ...arrivedBy(response),
        seen: true,
        ...(isSuccess(response) ? { unwanted: error } : undefined)
      })
    },
    onSuccess: (response) => Effect.succeed(arrivedBy(response))
  })
  const fiber = Runtime.runFork(runtimeOf<R>(parent, traced))(sent)
  fiber.addObserver(onHead)
  return () => {
    const exit = fiber.unsafePoll()
    if (exit === null) fiber.unsafeInterruptAsFork(FiberId.none)
    else if (Exit.isSuccess(exit)) Effect.runFork(exit.value.close)
  }
}
