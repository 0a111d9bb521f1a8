/**
 * Environment variables in a configuration: the `env` block, and `${VAR}` in strings.
 */
import { isRecord, type JsonRecord, own } from "../json.js"
import type { KeyPath } from "./tree.js"

/** Looks a variable up; a blank one counts as unset. */
export type Lookup = (name: string) => string | undefined

const reference = /\$?\$\{([A-Z_][A-Z0-9_]*)(?::-([^}]*))?\}/g

export const isName = (name: string): boolean => /^[A-Z_][A-Z0-9_]*$/.test(name)

export const isBlank = (value: string | undefined): value is undefined => value === undefined || value.trim() === ""

export const unsetVariable = (name: string): string => `the environment variable ${name} is not set`

/** One text with its references replaced; what is put in is not looked at again. */
export const substituteText = (text: string, lookup: Lookup, missing: (variable: string) => void): string =>
  text.replace(reference, (whole: string, variable: string, otherwise: string | undefined) => {
    if (whole.startsWith("$$")) return whole.slice(1)
    const value = lookup(variable)
    if (!isBlank(value)) return value
    if (otherwise === undefined) missing(variable)
    return otherwise ?? whole
  })

/** Whether a text has a `${…}` that is meant as a reference and is none. */
export const hasBrokenReference = (text: string): boolean =>
  text.includes("${") && /(?<!\$)\$\{/.test(text.replace(reference, " "))

/** The variable of a text that is nothing but a reference: `${VAR}`, `${VAR:-default}`. */
export const onlyVariable = (text: string): string | undefined =>
  /^\$\{([A-Z_][A-Z0-9_]*)(?::-[^}]*)?\}$/.exec(text)?.[1]

/** The variable of a text that is nothing but `$VAR`, which is a reference where OpenClaw has secrets. */
export const shorthand = (text: string): string | undefined => /^\$([A-Z_][A-Z0-9_]*)$/.exec(text)?.[1]

/** The first variable in a text that is not set, and has no default. */
const unsetIn = (text: string, lookup: Lookup): string | undefined => {
  let found: string | undefined
  if (text.includes("${")) substituteText(text, lookup, (variable) => found ??= variable)
  return found
}

/** Every text in a value with a variable that is not set. */
export const unset = (
  value: unknown,
  path: KeyPath,
  lookup: Lookup,
  report: (path: KeyPath, variable: string) => void
): void => {
  const at = [...path]
  const member = (key: string | number, value: unknown): void => {
    at.push(key)
    walk(value)
    at.pop()
  }
  const walk = (value: unknown): void => {
    if (typeof value === "string") {
      const variable = unsetIn(value, lookup)
      if (variable !== undefined) report([...at], variable)
    } else if (Array.isArray(value)) value.forEach((item, i) => member(i, item))
    else if (isRecord(value)) { for (const key of Object.keys(value)) member(key, value[key]) }
  }
  walk(value)
}

/** A plain value with the references in all its strings replaced (keys are left alone); `undefined` when one is not set. */
export const substitute = (value: unknown, lookup: Lookup): unknown => {
  if (typeof value === "string") {
    return value.includes("${") ? substituteText(value, lookup, () => undefined) : value
  }
  if (Array.isArray(value)) return value.map((item) => substitute(item, lookup))
  if (!isRecord(value)) return value
  const out: Record<string, unknown> = {}
  for (const key of Object.keys(value)) out[key] = substitute(value[key], lookup)
  return out
}

/** The names of all variables that a value may need, so that they can be looked up ahead. */
export const variables = (value: unknown, into: Set<string> = new Set()): Set<string> => {
  if (typeof value === "string") {
    for (const match of value.matchAll(reference)) into.add(match[1]!)
    const name = shorthand(value.trim()) ?? marked(value.trim())
    if (name !== undefined) into.add(name)
  } else if (Array.isArray(value)) {
    for (const item of value) variables(item, into)
  } else if (isRecord(value)) {
    const id = own(value, "id")
    if (own(value, "source") === "env" && typeof id === "string" && isName(id)) into.add(id)
    for (const key of Object.keys(value)) variables(value[key], into)
  }
  return into
}

/** The variable that one of OpenClaw's older marks names. */
export const marked = (text: string): string | undefined =>
  /^(?:secretref-env:|__env__:)([A-Z_][A-Z0-9_]*)$/.exec(text)?.[1]

interface Assigned {
  readonly name: string
  readonly text: string
  readonly path: KeyPath
}

/** What an `env` block sets: `env.vars.K`, then string-valued `env.K`; the first that comes to something counts. */
export const block = (env: unknown): ReadonlyArray<Assigned> => {
  const vars = own(env, "vars")
  const texts = (from: JsonRecord, prefix: KeyPath): ReadonlyArray<Assigned> =>
    Object.entries(from).flatMap(([name, text]) =>
      typeof text === "string" ? [{ name, text, path: [...prefix, name] }] : []
    )
  return [...isRecord(vars) ? texts(vars, ["env", "vars"]) : [], ...isRecord(env) ? texts(env, ["env"]) : []]
}

/** Variables that fill what is unset or blank. */
export const filling = (lookup: Lookup, variables: ReadonlyMap<string, string>): Lookup => (name) => {
  const value = lookup(name)
  return isBlank(value) ? variables.get(name) : value
}

/**
 * A look-up that fills what the environment leaves open from the `env` block. References in the block's own values are
 * to the environment, not to the block; a variable whose value needs one that is not set stays unset.
 */
export const withBlock = (
  env: unknown,
  lookup: Lookup,
  missing: (path: KeyPath, variable: string) => undefined
): Lookup => {
  const filled = new Map<string, string>()
  for (const { name, path, text } of block(env)) {
    if (!isBlank(lookup(name)) || filled.has(name)) continue
    const variable = unsetIn(text, lookup)
    const value = variable === undefined ? substituteText(text, lookup, () => undefined) : missing(path, variable)
    if (!isBlank(value)) filled.set(name, value)
  }
  return filling(lookup, filled)
}
