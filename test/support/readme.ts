import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../../", import.meta.url))

type Exports = Record<string, unknown>

const examples = new Map<string, Promise<Exports>>()

/** Runs the example of README.md (or another page) that has a word in it, once, and gives what it exports. */
export const readmeExample = (word: string, page = "README.md"): Promise<Exports> => {
  const example = examples.get(word) ?? run(word, page)
  examples.set(word, example)
  return example
}

const run = async (word: string, page: string): Promise<Exports> => {
  const example = readFileSync(join(root, page), "utf8")
    .split("```")
    .find((block) => block.startsWith("ts\n") && block.includes(word))
  if (example === undefined) throw new Error(`${page} has no example with ${word}`)
  const folder = join(root, ".cache", "readme")
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${word}.ts`)
  writeFileSync(file, example.slice("ts\n".length))
  return await import(/* @vite-ignore */ file) as Exports
}
