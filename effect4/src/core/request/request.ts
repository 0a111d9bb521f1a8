// @partial
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Results from "effect/Result"

const units = ["weeks", "days", "hours", "minutes", "seconds", "milliseconds", "microseconds", "nanoseconds"]

// Effect 4 takes any object for one of units, and what has none of them for no time at all.
const isTime = (value: {}): boolean =>
  typeof value !== "object" || Array.isArray(value)
    ? typeof value !== "boolean"
    : Duration.isDuration(value) || units.some((unit) => unit in value)

const duration = (value: unknown, path: string): Result<void> =>
  value === undefined
    || (value !== null && !Number.isNaN(value) && isTime(value)
      && Option.isSome(Duration.fromInput(value as Duration.Input)))
    ? Results.void
    : invalid(path, "expected a duration")
