/** What the tests need of Effect 3's test kit and that of Effect 4 has not: a clock that waits, and properties of fast-check. */
import * as V from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import type * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { TestClock, TestConsole } from "effect/testing"
import * as fc from "fast-check"

export * from "@effect/vitest"

/**
 * The TestClock of Effect 4 gives the others two turns of the scheduler before it moves, and each nested fork takes one: a
 * fiber that has not come to its first sleep by then sleeps from the later time. (That of Effect 3 waited until all fibers
 * were suspended.) So there are more turns here. What waits for a timer or a socket still has to be waited for by the test.
 */
const clock = Layer.effectContext(Effect.gen(function*() {
  const stock = yield* Layer.build(TestClock.layer({ warningDelay: "1 hour" }))
  const clock = Context.getUnsafe(stock as Context.Context<never>, Clock.Clock) as TestClock.TestClock
  // A bug of 4.1.0: the first sleep of a test starts a warning, and makes itself interruptible for that, in the finalizer of
  // an interrupted fiber too, which is cut short. Moving the clock ends the warning.
  yield* clock.adjust(0)
  const turns = Effect.repeat(Effect.yieldNow, { times: 20 })
  const patient: TestClock.TestClock = {
    ...clock,
    adjust: (duration) => Effect.andThen(turns, clock.adjust(duration)),
    setTime: (timestamp) => Effect.andThen(turns, clock.setTime(timestamp))
  }
  return Context.add(stock as Context.Context<never>, Clock.Clock, patient) as Context.Context<never>
}))

const env = Layer.mergeAll(TestConsole.layer, clock)

type Body<R> = (context: V.TestContext) => Effect.Effect<unknown, unknown, R>
type Arbitraries = ReadonlyArray<fc.Arbitrary<unknown>> | Readonly<Record<string, fc.Arbitrary<unknown>>>
type Values<A> = { -readonly [K in keyof A]: A[K] extends fc.Arbitrary<infer T> ? T : never }
type Options = number | { readonly timeout?: number; readonly fastCheck?: fc.Parameters<any> } // any: fast-check's own

const timeoutOf = (options?: Options) => typeof options === "number" ? options : options?.timeout
const fastCheckOf = (options?: Options) => typeof options === "object" ? options.fastCheck : undefined

const all = <A extends Arbitraries>(of: A): fc.Arbitrary<Values<A>> =>
  (Array.isArray(of) ? fc.tuple(...of) : fc.record(of as Record<string, fc.Arbitrary<unknown>>)) as fc.Arbitrary<
    Values<A>
  >

const effect = Object.assign(
  (name: string, body: Body<Scope.Scope>, timeout?: number) =>
    V.it.live(name, (context) => Effect.provide(Effect.suspend(() => body(context)), env), timeout),
  {
    prop: <const A extends Arbitraries>(
      name: string,
      of: A,
      body: (values: Values<A>) => Effect.Effect<unknown, unknown, Scope.Scope>,
      options?: Options
    ) =>
      V.it(
        name,
        { timeout: timeoutOf(options) ?? 30_000 },
        () =>
          fc.assert(
            fc.asyncProperty(all(of), async (values) => {
              const exit = await Effect.runPromiseExit(
                Effect.scoped(Effect.provide(Effect.suspend(() => body(values)), env))
              )
              if (Exit.isFailure(exit)) throw Cause.squash(exit.cause)
              return exit.value !== false
            }),
            fastCheckOf(options)
          )
      )
  }
)

const prop = <const A extends Arbitraries>(
  name: string,
  of: A,
  body: (values: Values<A>) => unknown,
  options?: Options
) =>
  V.it(
    name,
    { timeout: timeoutOf(options) ?? 30_000 },
    () => fc.assert(fc.property(all(of), (values) => body(values) !== false), fastCheckOf(options))
  )

export const it = new Proxy(V.it, {
  get: (target, key, receiver) => key === "effect" ? effect : key === "prop" ? prop : Reflect.get(target, key, receiver)
}) as unknown as
  & Omit<typeof V.it, "effect" | "prop">
  & ((name: string, body: () => unknown, timeout?: number) => void)
  & {
    readonly effect: typeof effect
    readonly prop: typeof prop
  }

/** Effect's own arbitrary of a Schema, as one of fast-check (it does not shrink). */
export const arbitraryOf = <A>(schema: Schema.Schema<A>): fc.Arbitrary<A> =>
  fc.nat().map((seed) => Effect.runSync(Arbitrary.sampleEffect(Arbitrary.schema(schema), { count: 1, seed }))[0]!)
