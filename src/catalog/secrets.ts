/**
 * The secrets of a provider that only the host can look up: asked for when the provider is first needed, once for all who
 * wait, and kept; what failed is asked for again.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import type { Secrets } from "../config/host.js"
import { isLocal } from "../core/baseUrl.js"
import { withSecret } from "../core/config/keys.js"
import type { Provider, ProviderSecret, SecretReference } from "../core/provider.js"
import { ConfigInvalid, type ProviderError, ProviderUnavailable } from "../OllamaError.js"

/** For how long the host is waited for. */
const limit = "10 seconds"

/** The provider as it can be asked, and whether nothing is missing in it. */
interface Unlocked {
  readonly provider: Provider
  readonly complete: boolean
}

/** The provider as it can be asked. */
export type Unlock = (provider: Provider) => Effect.Effect<Provider, ProviderError>

/** With a host that looks secrets up. */
export const unlockWith = (secrets: Secrets): Unlock => (provider) =>
  provider.secrets === undefined ? Effect.succeed(provider) : once(unlocked(provider, provider.secrets, secrets))

/** Without one. */
export const unlockAlone: Unlock = (provider) =>
  provider.secrets === undefined ? Effect.succeed(provider) : Effect.as(
    Effect.forEach(provider.secrets, (secret) => missing(provider, secret, "there is no `secrets`"), { discard: true }),
    { ...provider, secrets: undefined }
  )

// What becomes of a secret that nobody gives.
const missing = (
  provider: Provider,
  secret: ProviderSecret,
  why: string
): Effect.Effect<undefined, ProviderUnavailable> => {
  const detail = `${secret.reference.text} (${why})`
  return secret.optional
    ? Effect.as(Effect.logWarning(`${provider.id} is asked without the secret ${detail}`), undefined)
    : Effect.fail(new ProviderUnavailable({ provider: provider.id, reason: "no-credential", detail }))
}

// Why a secret is not there, in words that cannot hold it.
class NotGiven {
  constructor(readonly why: string) {}
}

const lookUp = (reference: SecretReference, secrets: Secrets): Effect.Effect<Redacted.Redacted, NotGiven> =>
  // @effect-diagnostics-next-line anyUnknownInErrorContext:off - the host fails as it likes
  Effect.suspend(() => secrets(reference)).pipe(
    Effect.timeoutFail({ duration: limit, onTimeout: () => new NotGiven(`\`secrets\` took longer than ${limit}`) }),
    Effect.catchAllCause((cause) => {
      const error = Option.getOrUndefined(Cause.failureOption(cause))
      if (error instanceof NotGiven) return Effect.fail(error)
      // its message could hold anything
      const tag = Predicate.hasProperty(error, "_tag") && typeof error._tag === "string" ? ` with ${error._tag}` : ""
      return Effect.fail(new NotGiven(`\`secrets\` failed${tag}`))
    }),
    Effect.filterOrFail(
      (value) => Redacted.isRedacted(value) && typeof Redacted.value(value) === "string",
      () => new NotGiven("`secrets` gave no Redacted text")
    )
  )

type Setter = (provider: Provider) => Provider

const unlocked = (
  provider: Provider,
  pending: ReadonlyArray<ProviderSecret>,
  secrets: Secrets
): Effect.Effect<Unlocked, ProviderError> => {
  const local = isLocal(provider.root)
  return Effect.map(
    Effect.forEach(pending, (secret) =>
      Effect.matchEffect(lookUp(secret.reference, secrets), {
        onFailure: ({ why }): Effect.Effect<Setter | undefined, ProviderError> => missing(provider, secret, why),
        onSuccess: (value): Effect.Effect<Setter | undefined, ProviderError> => {
          const set = withSecret(secret, value, local)
          if (typeof set === "function") return Effect.succeed(set)
          if (set.actual === "nothing") return missing(provider, secret, "`secrets` gave nothing")
          if (secret.optional) return missing(provider, secret, set.actual)
          return Effect.fail(new ConfigInvalid({ problems: [{ path: secret.reference.path, ...set }] }))
        }
      }), { concurrency: "unbounded" }),
    (setters): Unlocked => ({
      provider: setters.reduce<Provider>((all, set) => set?.(all) ?? all, { ...provider, secrets: undefined }),
      complete: setters.every((set) => set !== undefined)
    })
  )
}

/** One run for all who wait, which ends when the last of them is gone: nobody who waits is its parent. */
const once = (run: Effect.Effect<Unlocked, ProviderError>): Effect.Effect<Provider, ProviderError> => {
  let kept: Provider | undefined
  let running: { readonly fiber: Fiber.RuntimeFiber<Provider, ProviderError>; waiters: number } | undefined

  const launch = Effect.map(
    Effect.forkDaemon(Effect.interruptible(Effect.map(run, ({ complete, provider }) => {
      if (complete) kept = provider
      return provider
    }))),
    (fiber) => {
      const self = { fiber, waiters: 0 }
      running = self
      fiber.addObserver(() => {
        if (running === self) running = undefined
      })
      return self
    }
  )

  return Effect.uninterruptibleMask((restore) =>
    Effect.suspend(() => {
      if (kept !== undefined) return Effect.succeed(kept)
      return Effect.flatMap(running === undefined ? launch : Effect.succeed(running), (self) => {
        self.waiters++
        const leave = Effect.suspend(() => {
          self.waiters--
          if (self.waiters > 0) return Effect.void
          if (running === self) running = undefined
          return Fiber.interrupt(self.fiber)
        })
        return Effect.ensuring(restore(Fiber.join(self.fiber)), leave)
      })
    })
  )
}
