// @partial
const globalValue = <A>(key: string, make: () => A): A => {
  const store = globalThis as { [key: symbol]: A | undefined }
  return store[Symbol.for(key)] ??= make()
}

// Global, because a bundler may give the Node transport and the library a copy of this module each.
const clients = globalValue(
  "effect-ollama/direct/clients",
  () => new WeakMap<object, { readonly send: Send; readonly execute: unknown }>()
)

const pulls = globalValue("effect-ollama/direct/pulls", () => new WeakMap<object, BodyPull>())
