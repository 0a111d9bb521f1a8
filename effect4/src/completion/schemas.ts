// @partial
import * as Schema from "effect/Schema"

const make = (schema: Schema.Top): object => {
  const { definitions, schema: root } = Schema.toJsonSchemaDocument(schema, { onExcessProperty: "error" })
  return Object.keys(definitions).length === 0 ? root : { ...root, $defs: definitions }
}
