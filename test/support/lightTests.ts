/**
 * `it.effect` and `it.scoped` with the same test clock and services, made without the nine Layers of `TestContext`: those
 * take twenty times as long as all else of a small test.
 */
import { it, type Vitest } from "@effect/vitest"
import { Context, Effect, FiberRef, HashSet, Layer, Logger, type Scope, TestClock, TestServices } from "effect"

// As Node has it. Of a hundred frames, which Vitest asks for, all but the first few are those of Effect's run loop, and to
// write them down takes longer than most of what fails here.
Error.stackTraceLimit = 10

const services = TestServices.liveServices

const clock = Layer.build(Layer.provide(TestClock.defaultTestClock, Layer.succeedContext(services)))

const testing = <A, E>(effect: Effect.Effect<A, E, TestServices.TestServices>) =>
  Effect.scoped(Effect.zipRight(clock, effect)).pipe(
    Effect.mapInputContext((context: Context.Context<never>) => Context.merge(context, services)),
    Effect.locallyWith(FiberRef.currentLoggers, HashSet.remove(Logger.defaultLogger))
  )

const effect: Vitest.Test<TestServices.TestServices> = (name, self, timeout) =>
  it.live(name, (context) => testing(Effect.suspend(() => self(context))), timeout)

const scoped: Vitest.Test<TestServices.TestServices | Scope.Scope> = (name, self, timeout) =>
  it.live(name, (context) => testing(Effect.scoped(Effect.suspend(() => self(context)))), timeout)

const prop: typeof it.effect.prop = (name, arbitraries, self, timeout) =>
  it.live.prop(name, arbitraries, (args, context) => testing(Effect.suspend(() => self(args, context))), timeout)

Object.assign(it, { effect: Object.assign(effect, it.effect, { prop }), scoped: Object.assign(scoped, it.scoped) })
