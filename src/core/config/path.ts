/**
 * Paths as people write them: `models.providers.ollama.models[0].id`, `agents.defaults.models["ollama/x:1.5"].alias`.
 */
import * as Either from "effect/Either"
import { maxDepth } from "./plain.js"
import { formatPath, type KeyPath } from "./tree.js"

const plainKey = /^[\w$-]+/

/** What stands in brackets: an index, a quoted key, or a key whose quotes the shell has taken. */
const bracketed = (text: string): readonly [key: string | number, length: number] | undefined => {
  const quoted = /^\[\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\s*\]/.exec(text)
  if (quoted !== null) {
    const inner = quoted[1]!.slice(1, -1).replace(/\\(.)/g, "$1")
    return [inner, quoted[0].length]
  }
  const bare = /^\[([^\][]*)\]/.exec(text)
  if (bare === null) return undefined
  const key = bare[1]!.trim()
  if (key === "" || /["']/.test(key)) return undefined
  return [/^\d{1,9}$/.test(key) ? Number(key) : key, bare[0].length]
}

/** The keys of a path, or what is wrong with it. */
export const parsePath = (text: string): Either.Either<KeyPath, string> => {
  const path: Array<string | number> = []
  let rest = text.trim()
  if (rest === "") return Either.left("it is empty")
  while (rest !== "") {
    if (path.length >= maxDepth) return Either.left(`it has more than ${maxDepth} keys`)
    if (rest.startsWith("[")) {
      const found = bracketed(rest)
      if (found === undefined) return Either.left("a bracket is not closed, or holds nothing")
      path.push(found[0])
      rest = rest.slice(found[1])
    } else {
      const dot = rest.startsWith(".")
      if (dot !== path.length > 0) {
        return Either.left(dot ? "it begins with a dot" : `there is no dot after ${formatPath(path)}`)
      }
      const at = dot ? 1 : 0
      const key = plainKey.exec(rest.slice(at))?.[0]
      const odd = /^[^.[\]]+/.exec(rest.slice(at))?.[0]
      if (odd === undefined) return Either.left("a key is missing")
      if (key !== odd) {
        return Either.left(
          `a key with other characters than letters and digits stands in brackets and quotes: ${
            formatPath([...path, odd])
          }`
        )
      }
      path.push(key)
      rest = rest.slice(at + key.length)
    }
  }
  return Either.right(path)
}
