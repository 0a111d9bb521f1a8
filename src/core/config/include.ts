/**
 * `$include`: where files are put in, within which bounds, and what comes of it. The files are read by others.
 */
import type { Position } from "./lex.js"
import { formatPath, type KeyPath, merge, type Node } from "./tree.js"

/** How far includes go. */
export const limits = { depth: 10, files: 100, bytes: 8 * 1024 * 1024 }

const sections = [
  ["models"],
  ["agents", "defaults", "model"],
  ["agents", "defaults", "models"],
  ["agents", "defaults", "params"],
  ["agents", "defaults", "thinkingDefault"],
  ["auth"],
  ["env"]
]

// Whether a path leads to, or into, a section that is read.
const isRead = (path: KeyPath): boolean =>
  sections.some((section) => section.every((key, i) => i >= path.length || path[i] === key))

const pathsOf = (node: Node): ReadonlyArray<string> | undefined => {
  const items = node.kind === "array" ? node.items : [node]
  const paths = items.flatMap((item) =>
    item.kind === "scalar" && typeof item.value === "string" && item.value.trim() !== "" ? [item.value] : []
  )
  return paths.length === items.length && !paths.some((path) => path.includes("\u0000")) ? paths : undefined
}

/** What an object asks to be put in. */
export interface Site {
  /** Where the object stands in the whole configuration. */
  readonly at: KeyPath
  /** As they are written; `undefined` when these are no paths. */
  readonly paths: ReadonlyArray<string> | undefined
  /** Where they stand. */
  readonly position: Position
}

/** The sites of a tree that stands at `at`, in the order in which they are followed. */
export const sites = (node: Node, at: KeyPath): ReadonlyArray<Site> => {
  const found: Array<Site> = []
  const walk = (node: Node, at: KeyPath): void => {
    if (node.kind === "scalar" || !isRead(at)) return
    if (node.kind === "array") return node.items.forEach((item, i) => walk(item, [...at, i]))
    for (const [key, member] of node.members) if (key !== "$include") walk(member, [...at, key])
    const included = node.members.get("$include")
    if (included !== undefined) {
      found.push({ at, paths: pathsOf(included), position: included.place.position(included.place.start) })
    }
  }
  walk(node, at)
  return found
}

/** Says what is wrong with the `$include` of a site. */
export const invalidAt = (at: KeyPath, detail: string): string => `${formatPath([...at, "$include"])}: ${detail}`

/** What beside an `$include` cannot stand: other keys, when what is included is no object. */
export const isMisfit = (site: Node, included: ReadonlyArray<Node>): boolean =>
  included.length > 0 && site.kind === "object" && site.members.size > 1
  && included.reduce((all, next) => merge(all, next)).kind !== "object"

/** A tree with everything put in: of the site at a path what `included` has for it, in the order of its files. */
export const assemble = (node: Node, at: KeyPath, included: ReadonlyMap<string, ReadonlyArray<Node>>): Node => {
  if (node.kind === "scalar" || !isRead(at)) return node
  if (node.kind === "array") {
    return { ...node, items: node.items.map((item, i) => assemble(item, [...at, i], included)) }
  }
  const members = new Map<string, Node>()
  for (const [key, member] of node.members) {
    if (key !== "$include") members.set(key, assemble(member, [...at, key], included))
  }
  const self: Node = { ...node, members }
  const files = included.get(formatPath(at)) ?? []
  if (files.length === 0) return self
  const all = files.reduce((earlier, later) => merge(earlier, later))
  return members.size === 0 ? all : merge(all, self)
}
