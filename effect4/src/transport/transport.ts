// @partial
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import { constTrue } from "effect/Function"
import * as Headers from "effect/http/Headers"
import * as HttpClient from "effect/http/HttpClient"
import * as Option from "effect/Option"

const causeOf = (cause: Cause.Cause<unknown>, sending: Sending): Cause.Cause<TransportError> => {
  const failure = Cause.findErrorOption(cause)
  if (Option.isSome(failure)) return Cause.fail(unsent(failure.value, sending))
  const defect = cause.reasons.find(Cause.isDieReason)?.defect
  return isInputDefect(defect) ? Cause.fail(unsent(defect, sending)) : cause as Cause.Cause<never>
}

// How a fiber sends that does nothing else: as its parent would, under the settings of this library.
const contextOf = <R>(parent: Fiber.Fiber<unknown, unknown>, traced: boolean): Context.Context<R> => {
  const names = [...parent.getRef(Headers.CurrentRedactedNames), secretHeader]
  const context = Context.add(withoutRedirects(parent.context), Headers.CurrentRedactedNames, names)
  return (traced
    ? Context.add(context, HttpClient.TracerPropagationEnabled, false)
    : Context.add(context, HttpClient.TracerDisabledWhen, constTrue)) as unknown as Context.Context<R> // of an effect that needs R
}

const arrivedBy = (response: HttpClientResponse.HttpClientResponse): Arrived => {
  const pull = pullOf(response)
  if (pull !== undefined) return arrived(response, pull)
  // HttpClient aborts a request when the reading of its body is interrupted; there is no other way to say so.
  const close = Effect.forkDetach(Effect.interruptible(response.arrayBuffer)).pipe(
    Effect.tap(Effect.yieldNow),
    Effect.map((fiber) => fiber.interruptUnsafe())
  )
  return { response, pull, close }
}

const sendThrough = <R>(
  client: Client<R>,
  parent: Fiber.Fiber<unknown, unknown>,
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
  const fiber = Effect.runForkWith(contextOf<R>(parent, traced))(sent)
  fiber.addObserver(onHead)
  return () => {
    const exit = fiber.pollUnsafe()
    if (exit === undefined) fiber.interruptUnsafe()
    else if (Exit.isSuccess(exit)) Effect.runFork(exit.value.close)
  }
}
