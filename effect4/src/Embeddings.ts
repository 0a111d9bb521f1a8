// @partial
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as RequestResolver from "effect/RequestResolver"

/**
 * A resolver that asks once for all texts that any fibers want within a window. What nobody waits for any more is not asked.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * import { Effect } from "effect"
 * import { Embeddings } from "effect-ollama"
 *
 * export const vectors = Effect.gen(function*() {
 *   const resolver = yield* Embeddings.makeResolver({ model: "ollama/nomic-embed-text", window: "20 millis" })
 *   const vector = (text: string) => Effect.request(new Embeddings.EmbedText({ text }), resolver)
 *   // one request
 *   return yield* Effect.all([vector("one"), vector("two")], { concurrency: "unbounded" })
 * })
 */
export const makeResolver = <Form extends keyof Vectors = "float32">(
  options: ResolverOptions<Form>
): Effect.Effect<RequestResolver.RequestResolver<EmbedText<Vectors[Form]>>, never, Embeddings> =>
  Effect.map(Embeddings, (embeddings) => {
    const { maxTexts = 100, window = "10 millis", ...asked } = options
    return RequestResolver.makeWith<EmbedText<Vectors[Form]>>({
      batchKey: () => asked,
      delay: Effect.sleep(window),
      collectWhile: (entries) => new Set(Array.from(entries, ({ request }) => request.text)).size < maxTexts,
      runAll: (entries) => {
        const texts = [...new Set(entries.map(({ request }) => request.text))]
        return Effect.map(embeddings.embedMany(texts, asked), ({ embeddings }) => {
          for (const entry of entries) {
            entry.completeUnsafe(Exit.succeed(embeddings[texts.indexOf(entry.request.text)]!))
          }
        })
      }
    })
  })
