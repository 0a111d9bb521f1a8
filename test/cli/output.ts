import { inks, type Output } from "../../src/cli/screen.js"

/** A terminal without colours, for what is only laid out for it. */
export const output = (columns: number): Output => ({
  write: () => {
    throw new Error("it writes")
  },
  isTerminal: true,
  columns: () => columns,
  inks: inks(false)
})
