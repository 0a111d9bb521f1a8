/**
 * A parsed configuration file: values that remember where they stand, so that a problem can be pointed at and a value
 * be replaced in place.
 */

export interface Place {
  readonly file: string
  /** Offsets of the value in the file's text. */
  readonly start: number
  readonly end: number
  readonly position: (offset: number) => { readonly line: number; readonly column: number }
}

export type Node =
  | { readonly kind: "object"; readonly members: ReadonlyMap<string, Node>; readonly place: Place }
  | { readonly kind: "array"; readonly items: ReadonlyArray<Node>; readonly place: Place }
  | { readonly kind: "scalar"; readonly value: string | number | boolean | null; readonly place: Place }

export type KeyPath = ReadonlyArray<string | number>

export interface SourcePosition {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** `models.providers.ollama.models[0].id`; keys that are no plain words are quoted. */
export const formatPath = (path: KeyPath): string =>
  path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`
    if (!/^[\w$-]+$/.test(key)) return `${text}[${JSON.stringify(key)}]`
    return text === "" ? key : `${text}.${key}`
  }, "")

/** The plain value. A key `__proto__` becomes an ordinary own property. */
export const toValue = (node: Node): unknown => {
  switch (node.kind) {
    case "scalar":
      return node.value
    case "array":
      return node.items.map(toValue)
    case "object":
      return Object.fromEntries(Array.from(node.members, ([key, member]) => [key, toValue(member)]))
  }
}

/** Arrays concatenate, objects merge deeply, of anything else the later wins. */
export const merge = (earlier: Node, later: Node): Node => {
  if (earlier.kind === "array" && later.kind === "array") {
    return { ...later, items: [...earlier.items, ...later.items] }
  }
  if (earlier.kind === "object" && later.kind === "object") {
    const members = new Map(earlier.members)
    for (const [key, value] of later.members) {
      const known = members.get(key)
      members.set(key, known === undefined ? value : merge(known, value))
    }
    return { ...later, members }
  }
  return later
}

/** The node at a path; of a path that is not there, its nearest parent. */
export const find = (node: Node, path: KeyPath): Node => {
  let here = node
  for (const key of path) {
    const next = here.kind === "object"
      ? here.members.get(String(key))
      : here.kind === "array" && typeof key === "number"
      ? here.items[key]
      : undefined
    if (next === undefined) break
    here = next
  }
  return here
}

/** Where the value of a path stands; of a path that is not there, its nearest parent. */
export const locate = (node: Node) => (path: KeyPath): SourcePosition => {
  const { place } = find(node, path)
  return { file: place.file, ...place.position(place.start) }
}
