// @partial
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"

// How Effect 4 makes a JSON Schema and samples of what is only declared.
const asRecord = () =>
  Schema.link<JsonObject>()(Schema.Record(Schema.String, Schema.Json), {
    decode: SchemaGetter.transform((value) => value),
    encode: SchemaGetter.transform((value) => value as { readonly [key: string]: Schema.Json })
  })

export const JsonObject: Schema.Codec<JsonObject> = Schema.declare<JsonObject>(isPlain, {
  identifier: "JsonObject",
  description: "a plain JSON object",
  toCodecJson: asRecord,
  toCodecArbitrary: asRecord
})
