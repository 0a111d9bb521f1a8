// @partial
import * as Context from "effect/Context"
import type * as Fiber from "effect/Fiber"
import { constTrue } from "effect/Function"
import * as Headers from "effect/http/Headers"
import * as HttpClient from "effect/http/HttpClient"

const runtimeOf = <R>(parent: Fiber.Fiber<unknown, unknown>, traced: boolean): Context.Context<R> => {
  const names = [...parent.getRef(Headers.CurrentRedactedNames), secretHeader]
  const context = Context.add(withoutRedirects(parent.context), Headers.CurrentRedactedNames, names)
  return (traced
    ? Context.add(context, HttpClient.TracerPropagationEnabled, false)
    : Context.add(context, HttpClient.TracerDisabledWhen, constTrue)) as unknown as Context.Context<R> // of an effect that needs R
}
