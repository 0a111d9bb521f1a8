/**
 * `node --import mended-effect.mjs`: Effect with one line of `Channel.fromEffect` changed, to show what that line costs.
 * V8 gives a function that is assigned to a property a place in the old generation from the start (the parser takes it
 * for a method of a class), and with it, until the next full collection, all that it refers to: here the effect of a
 * consumer, and by that the chunk it consumes. V8 concludes that chunks and events live long, and from then on allocates
 * all of them there.
 */
import { register } from "node:module"
import { isMainThread } from "node:worker_threads"

const line = "op.effect = () => effect;"
const mended = "const evaluate = () => effect; op.effect = evaluate;"

if (isMainThread) register(import.meta.url)

export const load = async (url, context, next) => {
  const loaded = await next(url, context)
  if (!url.endsWith("/effect/dist/esm/internal/core-stream.js")) return loaded
  const source = String(loaded.source)
  if (!source.includes(line)) throw new Error("Channel.fromEffect is another one than was measured")
  return { ...loaded, source: source.replace(line, mended) }
}
