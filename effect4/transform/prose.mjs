// Names in comments and pages.
const words = [
  [/`@effect\/ai`/g, "`effect/ai`"],
  [/`Either`/g, "`Result`"],
  [/\bContext\.Tag\b/g, "Context.Service"],
  [/\bDuration\.DurationInput\b/g, "Duration.Input"]
]

export const prose = (text) => words.reduce((text, [from, to]) => text.replace(from, to), text)
