// What a terminal shows after it got some bytes, and the same as SVG: enough of a terminal for the captures of the docs.

const wide = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\u{1f300}-\u{1faff}]/u

const plain = { bold: false, dim: false, color: undefined }

/** The lines of the screen: cells with a character and its style. */
export const play = (bytes, columns) => {
  const lines = [[]]
  let row = 0
  let column = 0
  let style = plain
  const at = (index) => (lines[index] ??= [])
  const put = (character) => {
    const width = wide.test(character) ? 2 : 1
    if (column + width > columns) {
      row++
      column = 0
    }
    const line = at(row)
    while (line.length < column) line.push({ character: " ", style: plain })
    line[column] = { character, style }
    if (width === 2) line[column + 1] = { character: "", style }
    column += width
  }
  const control = (parameters, final) => {
    const [n = 0] = parameters
    switch (final) {
      case "m":
        for (const code of parameters.length === 0 ? [0] : parameters) {
          if (code === 0) style = plain
          else if (code === 1) style = { ...style, bold: true }
          else if (code === 2) style = { ...style, dim: true }
          else if (code === 22) style = { ...style, bold: false, dim: false }
          else if (code >= 30 && code <= 37) style = { ...style, color: code - 30 }
          else if (code === 39) style = { ...style, color: undefined }
        }
        break
      case "K":
        at(row).length = Math.min(at(row).length, column)
        break
      case "J":
        at(row).length = Math.min(at(row).length, column)
        lines.length = row + 1
        break
      case "A":
        row = Math.max(0, row - (n || 1))
        break
      case "B":
        row += n || 1
        break
      case "C":
        column += n || 1
        break
      case "D":
        column = Math.max(0, column - (n || 1))
        break
      case "G":
        column = Math.max(0, (n || 1) - 1)
        break
    }
  }
  for (const [token, parameters, final] of bytes.matchAll(/\u001b\[([0-9;?]*)([a-zA-Z])|[\s\S]/gu)) {
    if (final !== undefined) control(parameters.split(";").filter((text) => text !== "").map(Number), final)
    else if (token === "\n") {
      row++
      at(row)
    } else if (token === "\r") column = 0
    else if (token === "\b") column = Math.max(0, column - 1)
    else if (token >= " ") put(token)
  }
  while (lines.length > 0 && (lines.at(-1) ?? []).every(({ character }) => character === " ")) lines.pop()
  return Array.from(lines, (line) => Array.from(line ?? [], (cell) => cell ?? { character: " ", style: plain }))
}

const themes = {
  light: {
    background: "#ffffff",
    border: "#d0d7de",
    text: "#1f2328",
    dim: "#656d76",
    colors: ["#24292f", "#c51c26", "#116329", "#7d4e00", "#0550ae", "#8250df", "#0b6e84", "#6e7781"]
  },
  dark: {
    background: "#0d1117",
    border: "#30363d",
    text: "#e6edf3",
    dim: "#8b949e",
    colors: ["#484f58", "#ff7b72", "#56d364", "#e3b341", "#79c0ff", "#d2a8ff", "#56d4dd", "#b1bac4"]
  }
}

const size = { character: 8.4, line: 19, font: 14, margin: 16 }

const escape = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;")

/** Cells of one style beside each other. */
const runs = (line) => {
  const out = []
  line.forEach(({ character, style }, column) => {
    const last = out.at(-1)
    if (last !== undefined && last.style === style) last.text += character
    else out.push({ column, style, text: character })
  })
  // several blanks would be one: what stands behind them is placed
  return out.flatMap(({ column, style, text }) =>
    Array.from(text.matchAll(/\S+(?: \S+)*/g), ({ 0: shown, index }) => ({
      column: column + widthOf(text.slice(0, index)),
      style,
      text: shown
    }))
  )
}

const widthOf = (text) => Array.from(text).reduce((sum, character) => sum + (wide.test(character) ? 2 : 1), 0)

export const toSvg = (lines, columns, theme, title) => {
  const { background, border, colors, dim, text } = themes[theme]
  const width = Math.ceil(columns * size.character + 2 * size.margin)
  const height = lines.length * size.line + 2 * size.margin
  const fill = (style) => style.color !== undefined ? colors[style.color] : style.dim ? dim : text
  const rows = lines.flatMap((line, row) =>
    runs(line).map(({ column, style, text }) => {
      const x = (size.margin + column * size.character).toFixed(1)
      const y = size.margin + (row + 0.76) * size.line
      // each run is as wide as its cells, whatever font there is
      const cells = widthOf(text)
      return `<text x="${x}" y="${y.toFixed(1)}" fill="${fill(style)}"${
        style.bold ? " font-weight=\"700\"" : ""
      } textLength="${(cells * size.character).toFixed(1)}" lengthAdjust="spacingAndGlyphs">${escape(text)}</text>`
    })
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="${size.font}">
<title>${escape(title)}</title>
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" fill="${background}" stroke="${border}"/>
${rows.join("\n")}
</svg>
`
}
