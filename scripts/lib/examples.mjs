// Finds the TypeScript examples of the documentation: ```ts fences of Markdown files and `@example` blocks of JSDoc.

const isFence = (line) => /^\s*```/.test(line)
const endsExample = /^\s*\*\/|^\s*\*\s*@(since|category|see|param|returns|example|deprecated)\b/
const opensExample = (line) => /^\s*```(ts|typescript)\s*$/.test(line)

/** The examples of a Markdown text: `{ line, code }`, where `line` is the 0-based line of the first line of code. */
export const ofMarkdown = (text) => fences(text.split("\n"), 0)

const fences = (lines, offset) => {
  const found = []
  for (let i = 0; i < lines.length; i++) {
    if (!isFence(lines[i])) continue
    const wanted = opensExample(lines[i])
    const start = i + 1
    i = start
    while (i < lines.length && !isFence(lines[i])) i++
    if (wanted) found.push({ line: offset + start, code: lines.slice(start, i).join("\n") })
  }
  return found
}

/** The examples in the JSDoc of a TypeScript text. */
export const ofJsDoc = (text) => {
  const lines = text.split("\n")
  const found = []
  let inComment = false
  for (let i = 0; i < lines.length; i++) {
    if (/^\s*\/\*\*/.test(lines[i])) inComment = true
    if (inComment && /^\s*\*\s*@example\b/.test(lines[i])) {
      const start = i + 1
      i = start
      while (i < lines.length && !endsExample.test(lines[i])) i++
      const code = lines.slice(start, i).map((line) => line.replace(/^\s*\* ?/, ""))
      found.push(...(code.some(isFence) ? fences(code, start) : [{ line: start, code: code.join("\n") }]))
      i--
    }
    if (lines[i].includes("*/")) inComment = false
  }
  return found
}
