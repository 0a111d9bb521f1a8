// @partial
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Pull from "effect/Pull"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

const fromStream = Effect.fnUntraced(function*(arrived: Arrived): Effect.fn.Return<StreamPull> {
  const scope = yield* Scope.make()
  const pull = yield* Scope.provide(Stream.toPull(arrived.response.stream), scope)
  const runFork = Effect.runForkWith(yield* Effect.context<never>())
  // Where it was taken may be a region that nothing interrupts.
  // The fiber itself never fails: what fails unseen is logged, with the request and its key.
  const interruptible = Effect.exit(Effect.interruptible(pull))
  let fiber: Fiber.Fiber<Exit.Exit<Pieces, unknown>> | undefined
  let begun = false
  return {
    // A stream that was never pulled has nothing to close yet.
    close: Effect.suspend(() => begun ? Scope.close(scope, Exit.void) : arrived.close),
    read(resume) {
      begun = true
      const running = runFork(interruptible)
      fiber = running
      running.addObserver((ended) => {
        fiber = undefined
        const exit: Exit.Exit<Pieces, unknown> = Exit.isSuccess(ended) ? ended.value : Exit.failCause(ended.cause)
        if (Exit.isSuccess(exit)) return resume(undefined, exit.value)
        if (Pull.isDoneCause(exit.cause)) return resume(undefined, undefined)
        const failure = Cause.findErrorOption(exit.cause)
        // A body without a byte is one that has ended.
        if (Option.isSome(failure)) return resume(isEmptyBody(failure.value) ? undefined : failure.value, undefined)
        resume(Cause.squash(exit.cause), undefined)
      })
    },
    cancel() {
      if (fiber !== undefined) runFork(Fiber.interrupt(fiber))
    }
  }
})

const isEmptyBody = (error: unknown): boolean =>
  typeof error === "object" && error !== null && "reason" in error
  && (error.reason as { readonly _tag?: unknown })._tag === "EmptyBodyError"
