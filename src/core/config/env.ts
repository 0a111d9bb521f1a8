/**
 * Environment variables in a configuration: the `env` block, and `${VAR}` in strings.
 */
import { isRecord, type JsonRecord, own } from "../json.js"
import type { KeyPath } from "./tree.js"

/** Looks a variable up; a blank one counts as unset. */
export type Lookup = (name: string) => string | undefined

export interface Missing {
  readonly variable: string
  readonly path: KeyPath
}

const reference = /\$?\$\{([A-Z_][A-Z0-9_]*)(?::-([^}]*))?\}/g

export const isName = (name: string): boolean => /^[A-Z_][A-Z0-9_]*$/.test(name)

export const isBlank = (value: string | undefined): value is undefined => value === undefined || value.trim() === ""

/** The variable of a text that is nothing but `${VAR}`, when it is set. */
export const onlyVariable = (text: string, lookup: Lookup): string | undefined => {
  const name = /^\s*\$\{([A-Z_][A-Z0-9_]*)(?::-[^}]*)?\}\s*$/.exec(text)?.[1]
  return name === undefined || isBlank(lookup(name)) ? undefined : name
}

/** The variable of a `{ source: "env", id }`, when it is not set. */
export const unsetSource = (value: unknown, lookup: Lookup): string | undefined => {
  const id = own(value, "source") === "env" ? own(value, "id") : undefined
  return typeof id === "string" && isName(id) && isBlank(lookup(id)) ? id : undefined
}

/** One text with its references replaced; what is put in is not looked at again. */
export const substituteText = (text: string, lookup: Lookup, missing: (variable: string) => void): string =>
  text.replace(reference, (whole: string, variable: string, otherwise: string | undefined) => {
    if (whole.startsWith("$$")) return whole.slice(1)
    const value = lookup(variable)
    if (!isBlank(value)) return value
    if (otherwise === undefined) missing(variable)
    return otherwise ?? whole
  })

/** A plain value with the references in all its strings replaced (keys are left alone). */
export const substitute = (
  value: unknown,
  path: KeyPath,
  lookup: Lookup,
  missing: (missing: Missing) => void
): unknown => {
  if (typeof value === "string") {
    return value.includes("${")
      ? substituteText(value, lookup, (variable) => missing({ variable, path }))
      : value
  }
  if (Array.isArray(value)) return value.map((item, i) => substitute(item, [...path, i], lookup, missing))
  if (!isRecord(value)) return value
  const out: Record<string, unknown> = {}
  for (const key of Object.keys(value)) out[key] = substitute(value[key], [...path, key], lookup, missing)
  return out
}

/** The names of all variables that a value may need, so that they can be looked up ahead. */
export const variables = (value: unknown, into: Set<string> = new Set()): Set<string> => {
  if (typeof value === "string") {
    for (const match of value.matchAll(reference)) into.add(match[1]!)
  } else if (Array.isArray(value)) {
    for (const item of value) variables(item, into)
  } else if (isRecord(value)) {
    const id = own(value, "id")
    if (own(value, "source") === "env" && typeof id === "string" && isName(id)) into.add(id)
    for (const key of Object.keys(value)) variables(value[key], into)
  }
  return into
}

/** The variables that an `env` block sets: `env.vars.K`, then string-valued `env.K`. */
export const block = (env: unknown): ReadonlyMap<string, { readonly text: string; readonly path: KeyPath }> => {
  const out = new Map<string, { readonly text: string; readonly path: KeyPath }>()
  const vars = own(env, "vars")
  const add = (from: JsonRecord, prefix: KeyPath) => {
    for (const key of Object.keys(from)) {
      const text = from[key]
      if (typeof text === "string" && !out.has(key)) out.set(key, { text, path: [...prefix, key] })
    }
  }
  if (isRecord(vars)) add(vars, ["env", "vars"])
  if (isRecord(env)) add(env, ["env"])
  return out
}

/**
 * A look-up that fills what the environment leaves open from the `env` block. References in the block's own values are
 * to the environment, not to the block.
 */
export const withBlock = (env: unknown, lookup: Lookup, missing: (missing: Missing) => void): Lookup => {
  const filled = new Map<string, string>()
  for (const [name, { path, text }] of block(env)) {
    if (isBlank(lookup(name))) {
      filled.set(name, substituteText(text, lookup, (variable) => missing({ variable, path })))
    }
  }
  return (name) => {
    const value = lookup(name)
    return isBlank(value) ? filled.get(name) : value
  }
}
