/**
 * `$include`: puts other files into a configuration, within bounds.
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import { formatPath, type KeyPath, merge, type Node } from "../core/config/tree.js"
import type { ConfigInvalid, ConfigSyntaxError, ConfigUnreadable } from "../OllamaError.js"
import { ConfigIncludeError } from "../OllamaError.js"
import { readTree } from "./files.js"

const maxIncludeDepth = 10
const maxFiles = 100
const maxTotalBytes = 8 * 1024 * 1024

const read = [["models"], ["agents", "defaults", "model"], ["agents", "defaults", "models"], ["auth"], ["env"]]

// Whether a path leads to, or into, a section that is read.
const isRead = (path: KeyPath): boolean =>
  read.some((section) => section.every((key, i) => i >= path.length || path[i] === key))

type IncludeError = ConfigIncludeError | ConfigInvalid | ConfigSyntaxError | ConfigUnreadable

interface State {
  files: number
  bytes: number
}

interface Here {
  /** The files that led here, by their real paths. */
  readonly chain: ReadonlyArray<string>
  /** The directory of the file that includes. */
  readonly directory: string
}

const pathsOf = (node: Node): ReadonlyArray<string> | undefined => {
  const items = node.kind === "array" ? node.items : [node]
  const paths = items.flatMap((item) =>
    item.kind === "scalar" && typeof item.value === "string" && item.value.trim() !== "" ? [item.value] : []
  )
  return paths.length === items.length && !paths.some((path) => path.includes("\u0000")) ? paths : undefined
}

/** The tree of a configuration file with everything put in that it includes. */
export const expand = Effect.fnUntraced(function*(
  services: { readonly fs: FileSystem.FileSystem; readonly path: Path.Path },
  file: string,
  top: Node,
  bytes: number
) {
  const { fs, path } = services
  const state: State = { files: 0, bytes }
  const real = yield* Effect.orElseSucceed(fs.realPath(file), () => file)
  const roots = [
    yield* Effect.orElseSucceed(fs.realPath(path.dirname(file)), () => path.dirname(file)),
    path.dirname(real)
  ]
  const isInside = (target: string, extra: ReadonlyArray<string> = []) =>
    [...roots, ...extra].some((root) => {
      const relative = path.relative(root, target)
      return relative !== "" && !path.isAbsolute(relative) && relative.split(/[\\/]/, 1)[0] !== ".."
    })

  const load = (written: string, here: Here, at: KeyPath): Effect.Effect<Node, IncludeError> =>
    Effect.gen(function*() {
      const target = path.resolve(here.directory, written)
      const fail = (reason: ConfigIncludeError["reason"], files: ReadonlyArray<string>, detail?: string) =>
        new ConfigIncludeError({ path: target, reason, files, ...(detail === undefined ? {} : { detail }) })
      const chain = [...here.chain, target]
      // Said before the file is asked for: what lies outside is nobody's business.
      if (!isInside(target, [path.dirname(file)])) return yield* fail("outside", chain)
      if (here.chain.length > maxIncludeDepth) return yield* fail("too-deep", chain)
      if (++state.files > maxFiles) return yield* fail("too-many", chain)
      const found = yield* Effect.mapError(
        fs.realPath(target),
        (error) => fail("unreadable", chain, error._tag === "SystemError" ? error.reason : undefined)
      )
      if (!isInside(found)) return yield* fail("outside", chain)
      if (here.chain.includes(found)) {
        return yield* fail("cycle", [...here.chain.slice(here.chain.indexOf(found)), found])
      }
      const parsed = yield* Effect.catchTag(
        readTree(fs, found),
        "ConfigUnreadable",
        (error) => fail("unreadable", chain, error.reason)
      )
      state.bytes += parsed.bytes
      if (state.bytes > maxTotalBytes) return yield* fail("too-large", chain)
      return yield* walk(parsed.node, { chain: [...here.chain, found], directory: path.dirname(found) }, at)
    })

  const walk = (node: Node, here: Here, at: KeyPath): Effect.Effect<Node, IncludeError> => {
    if (node.kind === "scalar" || !isRead(at)) return Effect.succeed(node)
    return Effect.gen(function*() {
      if (node.kind === "array") {
        const items = yield* Effect.forEach(node.items, (item, i) => walk(item, here, [...at, i]))
        return { ...node, items }
      }
      const members = new Map<string, Node>()
      for (const [key, member] of node.members) {
        if (key !== "$include") members.set(key, yield* walk(member, here, [...at, key]))
      }
      const included = node.members.get("$include")
      const self: Node = { ...node, members }
      if (included === undefined) return self
      const invalid = (detail: string) =>
        new ConfigIncludeError({
          path: here.chain[here.chain.length - 1]!,
          reason: "invalid",
          files: here.chain,
          detail: `${formatPath([...at, "$include"])}: ${detail}`
        })
      const paths = pathsOf(included)
      if (paths === undefined) return yield* invalid("expected a path or a list of paths")
      let all: Node | undefined
      for (const written of paths) {
        const next = yield* load(written, here, at)
        all = all === undefined ? next : merge(all, next)
      }
      if (all === undefined) return self
      if (members.size === 0) return all
      if (all.kind !== "object") {
        return yield* invalid("what is included is no object, and there are other keys beside it")
      }
      return merge(all, self)
    })
  }
  return yield* walk(top, { chain: [real], directory: path.dirname(file) }, [])
})
