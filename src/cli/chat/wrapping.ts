/**
 * Wraps text between words while it arrives piece by piece. A word is held back until it is whole; a word that is longer
 * than a line is left to the terminal.
 */
import { widthOf } from "../text.js"

export class Wrapping {
  private column = 0
  private word = ""

  constructor(private readonly columns: () => number) {}

  /** What can be written now. */
  push(text: string): string {
    if (this.columns() === Infinity) return this.flush() + text
    let out = ""
    for (const character of text) {
      if (character === "\n") {
        out += `${this.flush()}\n`
        this.column = 0
      } else if (character === " ") {
        out += this.flush()
        // a blank at the end of a line is the line break
        if (this.column < this.columns() - 1) {
          out += " "
          this.column++
        }
      } else {
        this.word += character
        // somebody waits: a long word without an end is no word
        if (this.word.length > 200) out += this.flush()
      }
    }
    return out
  }

  /** The word that was held back. */
  flush(): string {
    const { word } = this
    this.word = ""
    const width = widthOf(word)
    const breaks = width > 0 && this.column > 0 && this.column + width > this.columns() - 1 && width < this.columns()
    this.column = breaks ? width : this.column + width
    return breaks ? `\n${word}` : word
  }
}
