/** What the lines of a stream amount to, before anyone looks into the JSON. */
export type Frame =
  /** One event: its value, its exact text, and whether it was announced as an error (`event: error`). */
  | { readonly _tag: "Json"; readonly value: unknown; readonly text: string; readonly error: boolean }
  /** `[DONE]` */
  | { readonly _tag: "Done" }
  | { readonly _tag: "Bad"; readonly detail: string }

/** Cut short, for a message. */
export const excerpt = (text: string): string => {
  const line = text.trim()
  return line.length > 80 ? `${line.slice(0, 80)}…` : line
}

export const bad = (detail: string): Frame => ({ _tag: "Bad", detail })

/** The detail of an event over the bound. */
export const overBound = (max: number): string => `an event is larger than ${max} bytes`

export const tooLarge = (max: number): Frame => bad(overBound(max))
