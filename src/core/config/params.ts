/**
 * Params where they are written: what a request would refuse is said before there is one.
 */
import * as Either from "effect/Either"
import { isRecord, type JsonRecord } from "../json.js"
import { canonical, refused } from "../request/params.js"
import { kindOf, type Problem } from "./plain.js"
import type { KeyPath } from "./tree.js"

/** All that is wrong with a set of params, as the function that encodes them sees it. */
export const checkParams = (params: JsonRecord, path: KeyPath, report: (problem: Problem) => void): void =>
  check(params, path, report, false)

const check = (params: JsonRecord, path: KeyPath, report: (problem: Problem) => void, nested: boolean): void => {
  for (const key of Object.keys(params)) {
    const given = params[key]
    const at = [...path, key]
    if (refused.includes(key)) {
      report({ path: at, expected: "no such parameter: requests set it themselves", actual: kindOf(given) })
    } else if (key === "options" && isRecord(given) && !nested) check(given, at, report, true)
    else if (key === "options" && nested) {
      report({ path: at, expected: "no options inside options", actual: kindOf(given) })
    } else {
      const checked = canonical({ [key]: given }, "")
      if (Either.isRight(checked)) continue
      const effort = checked.left.path === "reasoning.effort" && isRecord(given)
      const found = effort ? given["effort"] : given
      report({
        path: effort ? [...at, "effort"] : at,
        expected: checked.left.detail.replace(/^expected /, ""),
        actual: typeof found === "number" ? String(found) : kindOf(found)
      })
    }
  }
}
