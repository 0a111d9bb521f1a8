/** Requests as the library makes them: with the step that turns a `Schema` into JSON Schema. */
import { toJsonSchema } from "../../src/completion/schemas.js"
import * as JsonSchema from "../../src/core/request/jsonSchema.js"
import * as Request from "../../src/core/request/request.js"

export const normalize = (options: unknown) => Request.normalize(options, toJsonSchema)

export const output = (schema: unknown, path: string) => JsonSchema.output(schema, path, toJsonSchema)

export const toolParameters = (schema: unknown, path: string) => JsonSchema.toolParameters(schema, path, toJsonSchema)
