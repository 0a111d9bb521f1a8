// @partial
import type * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import type { Issue } from "../core/repair/object.js"

const format = SchemaIssue.makeFormatterStandardSchemaV1()

// In the words of Effect 3, which say no more than a person needs.
const worded = (message: string): string =>
  message.replace(/ \| undefined$/, "").replace(/^Expected object$/, "Expected an object").replace(
    /^Expected array$/,
    "Expected a list"
  ).replace(" a finite number", " a number").replace(/^Missing key$/, "is missing")

const issuesOf = (error: Schema.SchemaError): ReadonlyArray<Issue> =>
  format(error.issue).issues.map(({ message, path }) => ({
    message: worded(message),
    path: (path ?? []).map((step) => typeof step === "object" ? step.key : step)
  }))
