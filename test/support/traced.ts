/** The spans that a program makes, with what they say and how they ended. */
import { Effect, Exit, Layer, Option, Tracer } from "effect"

export interface Seen {
  readonly name: string
  readonly parent: string | undefined
  readonly attributes: Map<string, unknown>
  ends: Array<"success" | "failure" | "interruption">
  /** How often it was told an attribute or an event. */
  told: number
}

/** The spans that a program makes. */
export const traced = <A, E, R>(program: (seen: ReadonlyArray<Seen>) => Effect.Effect<A, E, R>) => {
  const seen: Array<Seen> = []
  const names = new Map<Tracer.AnySpan, string>()
  const tracer = Tracer.make({
    span: (name, parent, context, links, startTime, kind) => {
      const attributes = new Map<string, unknown>()
      const record: Seen = {
        name,
        parent: Option.getOrUndefined(Option.flatMapNullable(parent, (span) => names.get(span))),
        attributes,
        ends: [],
        told: 0
      }
      seen.push(record)
      const span: Tracer.Span = {
        _tag: "Span",
        spanId: String(seen.length),
        traceId: "trace",
        name,
        sampled: true,
        parent,
        context,
        links,
        status: { _tag: "Started", startTime },
        attributes,
        kind,
        attribute: (key, value) => {
          attributes.set(key, value)
          record.told++
        },
        event: () => {
          record.told++
        },
        addLinks: () => {},
        end: (_, exit) => {
          record.ends.push(Exit.isSuccess(exit) ? "success" : Exit.isInterrupted(exit) ? "interruption" : "failure")
        }
      }
      names.set(span, name)
      return span
    },
    context: (f) => f()
  })
  return Effect.provide(Effect.suspend(() => program(seen)), Layer.setTracer(tracer))
}

/** Those of that name. */
export const named = (seen: ReadonlyArray<Seen>, name: string) => seen.filter((span) => span.name === name)
