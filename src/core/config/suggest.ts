/**
 * What was probably meant by a misspelt name.
 */

// The number of insertions, deletions, replacements and swaps of neighbours between two words.
const distance = (a: string, b: string): number => {
  let before: Array<number> = []
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      let best = Math.min(previous[j]! + 1, row[j - 1]! + 1, previous[j - 1]! + cost)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, before[j - 2]! + 1)
      row.push(best)
    }
    before = previous
    previous = row
  }
  return previous[b.length]!
}

const bare = (name: string): string => name.toLowerCase().replace(/[_\- ]/g, "")

/** The nearest of the known names, when it is near: at most two edits, fewer for short names. */
export const suggest = (name: string, known: Iterable<string>): string | undefined => {
  if (name.length > 64) return undefined
  let found: string | undefined
  let least = Math.min(3, Math.ceil(name.length / 2))
  for (const candidate of known) {
    const d = distance(bare(name), bare(candidate))
    if (d < least) {
      least = d
      found = candidate
    }
  }
  return found
}
