// @partial
import * as Metric from "effect/Metric"

const histogram = (name: string, unit: string, description: string, boundaries: ReadonlyArray<number>) =>
  Metric.histogram(name, { description, boundaries, attributes: { unit } })
