import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../../", import.meta.url))

/** Runs the example of README.md that has a word in it, and gives what it exports. */
export const readmeExample = async (word: string): Promise<Record<string, unknown>> => {
  const example = readFileSync(join(root, "README.md"), "utf8")
    .split("```")
    .find((block) => block.startsWith("ts\n") && block.includes(word))
  if (example === undefined) throw new Error(`README.md has no example with ${word}`)
  const folder = join(root, ".cache", "readme")
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${word}.ts`)
  writeFileSync(file, example.slice("ts\n".length))
  return await import(/* @vite-ignore */ file) as Record<string, unknown>
}
