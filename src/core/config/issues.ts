/**
 * What is wrong with a configuration at one place, so that an edit is judged by what it writes and not by what stands
 * elsewhere.
 */
import * as Either from "effect/Either"
import { ConfigInvalid, type ConfigProblem } from "../../OllamaError.js"
import { type Input, resolve } from "./resolve.js"
import type { Diagnostic } from "./resolved.js"
import { formatPath, type KeyPath } from "./tree.js"

export interface Issues {
  readonly problems: ReadonlyArray<ConfigProblem>
  readonly warnings: ReadonlyArray<Diagnostic>
}

/** Whether a written path is another one, or leads into what stands there. */
const isWithin = (written: string, place: string): boolean =>
  written === place || written.startsWith(`${place}.`) || written.startsWith(`${place}[`)

// A value that is wrong where it stands. What is not set, spoken or known here may be where the file is used.
const problemOf = ({ level, message, ...place }: Diagnostic): ConfigProblem | undefined => {
  const [, expected, actual] = /^expected (.*?), found (.*)$/s.exec(message) ?? []
  return level === "error" && expected !== undefined && actual !== undefined
    ? { ...place, expected, actual }
    : undefined
}

/** What is wrong at a path. A variable that is not set is nothing wrong: it may be set where the file is used. */
export const issuesAt = (input: Input, path: KeyPath): Issues => {
  const place = formatPath(path)
  const here = <A extends { readonly path: string }>(all: ReadonlyArray<A>) =>
    all.filter((one) => isWithin(one.path, place))
  const resolved = resolve(input)
  if (Either.isLeft(resolved)) {
    return { problems: resolved.left instanceof ConfigInvalid ? here(resolved.left.problems) : [], warnings: [] }
  }
  const { diagnostics } = resolved.right
  const problems = here(diagnostics).flatMap((diagnostic) => problemOf(diagnostic) ?? [])
  const said = new Set(problems.map((problem) => problem.path))
  return {
    problems,
    warnings: here(diagnostics).filter((diagnostic) => diagnostic.level === "warning" && !said.has(diagnostic.path))
  }
}
