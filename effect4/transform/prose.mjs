// Names in comments and pages.
const words = [
  [/\[`@effect\/ai`\]\([^)]*\)/g, "`effect/ai`"],
  [/`@effect\/ai`/g, "`effect/ai`"],
  [/`KeyValueStore` of `@effect\/platform`/g, "`KeyValueStore` of `effect/persistence`"],
  [/`Either`/g, "`Result`"],
  [/\bContext\.Tag\b/g, "Context.Service"],
  [/\bDuration\.DurationInput\b/g, "Duration.Input"],
  [/`http\.client POST`/g, "`POST`"],
  [/`Effect\.tagMetrics`/g, "`Metric.CurrentMetricAttributes`"],
  [/`gen_ai\.system`/g, "`gen_ai.provider.name`"]
]

export const prose = (text) => words.reduce((text, [from, to]) => text.replace(from, to), text)
