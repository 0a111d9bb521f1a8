/**
 * What is typed into a conversation: lines, several of them between `"""`, commands with a slash, and paths of pictures.
 */
import { parse } from "../../core/json.js"

export type Input =
  | { readonly type: "prompt"; readonly text: string }
  | { readonly type: "command"; readonly name: string; readonly rest: string }
  /** More lines are to come. */
  | { readonly type: "open"; readonly text: string }
  | { readonly type: "nothing" }

const fence = "\"\"\""

const commands = ["set", "show", "load", "save", "clear", "bye", "exit", "help", "?"]

/** Reads a line, after the lines that were open before it. */
export const read = (line: string, open?: string): Input => {
  const text = open === undefined ? line : `${open}\n${line}`
  const start = text.indexOf(fence)
  // a fence opens at the beginning, or behind `/set system`
  if (start >= 0 && /^\s*(?:\/set\s+system\s+)?$/.test(text.slice(0, start))) {
    const end = text.indexOf(fence, start + fence.length)
    if (end < 0) return { type: "open", text }
    const inner = text.slice(start + fence.length, end).replace(/^\n|\n$/g, "")
    const before = text.slice(0, start).trim()
    return before === "" ? prompt(inner) : command(`${before} ${inner}`)
  }
  return text.trimStart().startsWith("/") && isCommand(text) ? command(text.trim()) : prompt(text)
}

// A path of a file begins with a slash too.
const isCommand = (text: string): boolean => {
  const word = /^\s*\/(\S*)/.exec(text)?.[1] ?? ""
  return commands.includes(word) || !word.includes("/")
}

const prompt = (text: string): Input => text.trim() === "" ? { type: "nothing" } : { type: "prompt", text }

const command = (text: string): Input => {
  const [, name = "", rest = ""] = /^\/(\S*)\s*([\s\S]*)$/.exec(text) ?? []
  return { type: "command", name, rest: rest.trim() }
}

const picture =
  /(?:"([^"\n]+\.(?:png|jpe?g|webp))"|'([^'\n]+\.(?:png|jpe?g|webp))'|((?:~?\.{0,2}\/|[a-z]:[\\/])(?:\\ |[^\s"'])*\.(?:png|jpe?g|webp)))(?=$|[\s,;:!?.)])/gi

/** The paths in a prompt that may be those of pictures, as they stand there and as a file system knows them. */
export const pictures = (text: string): ReadonlyArray<{ readonly written: string; readonly path: string }> =>
  Array.from(text.matchAll(picture), (match) => ({
    written: match[0],
    path: match[1] ?? match[2] ?? match[3]!.replace(/\\ /g, " ")
  }))

/** The value of a parameter: a number, true or false, a list, or a text. */
export const valueOf = (text: string): unknown => {
  const json = parse(text)
  return json === undefined ? text : json.value
}
