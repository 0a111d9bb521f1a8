/**
 * Tells V8 which objects of a stream live for a moment only. V8 counts how many objects of one place in the code survive
 * a collection; where most do, it allocates all later ones in the old generation, where they stay until a full
 * collection: over a million deltas a process grew by 127 MB without this, and by 20 with it. A place that made many
 * objects none of which survived is settled for good. It is a hint: where it does not work, nothing else changes.
 */
import { delta, list } from "../core/decode/machine.js"

// V8 judges by a hundred and more since the last collection; with 300 it was sometimes told too late.
const enough = 1000

let told = false

/** Once in a process, before its first stream; takes a millisecond or two. */
export const tell = (): void => {
  if (told) return
  told = true
  for (let i = 0; i < enough; i++) {
    delta("text", "", "")
    list()
  }
}
