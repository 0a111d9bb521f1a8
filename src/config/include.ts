/**
 * `$include`: reads the other files of a configuration.
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import { assemble, invalidAt, isMisfit, limits, type Site, sites } from "../core/config/include.js"
import { find, formatPath, type KeyPath, type Node } from "../core/config/tree.js"
import type { ConfigInvalid, ConfigSyntaxError, ConfigUnreadable } from "../OllamaError.js"
import { ConfigIncludeError } from "../OllamaError.js"
import { readTree } from "./files.js"

type IncludeError = ConfigIncludeError | ConfigInvalid | ConfigSyntaxError | ConfigUnreadable

interface Here {
  /** The files that led here, by their real paths. */
  readonly chain: ReadonlyArray<string>
  /** The directory of the file that includes. */
  readonly directory: string
}

/** The tree of a configuration file with everything put in that it includes. */
export const expand = Effect.fnUntraced(function*(
  services: { readonly fs: FileSystem.FileSystem; readonly path: Path.Path },
  file: string,
  others: ReadonlyArray<string>,
  top: Node,
  bytes: number
) {
  const { fs, path } = services
  const total = { files: 0, bytes }
  const real = yield* Effect.orElseSucceed(fs.realPath(file), () => file)
  const named = [path.dirname(file), ...others]
  const roots = [
    ...yield* Effect.forEach(named, (root) => Effect.orElseSucceed(fs.realPath(root), () => root)),
    path.dirname(real)
  ]
  const isInside = (target: string, extra: ReadonlyArray<string> = []) =>
    [...roots, ...extra].some((root) => {
      const relative = path.relative(root, target)
      return relative !== "" && !path.isAbsolute(relative) && relative.split(/[\\/]/, 1)[0] !== ".."
    })

  const load = (written: string, here: Here, { at, position }: Site): Effect.Effect<Node, IncludeError> =>
    Effect.gen(function*() {
      const target = path.resolve(here.directory, written)
      const including = here.chain[here.chain.length - 1]!
      const fail = (reason: ConfigIncludeError["reason"], files: ReadonlyArray<string>, detail?: string) =>
        new ConfigIncludeError({
          path: target,
          reason,
          files,
          ...(detail === undefined ? {} : { detail }),
          file: including,
          ...position
        })
      const chain = [...here.chain, target]
      // Said before the file is asked for: what lies outside is nobody's business.
      if (!isInside(target, named)) return yield* fail("outside", chain)
      if (here.chain.length > limits.depth) return yield* fail("too-deep", chain)
      if (++total.files > limits.files) return yield* fail("too-many", chain)
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
      total.bytes += parsed.bytes
      if (total.bytes > limits.bytes) return yield* fail("too-large", chain)
      return yield* within(parsed.node, { chain: [...here.chain, found], directory: path.dirname(found) }, at)
    })

  const follow = (
    tree: Node,
    site: Site,
    here: Here,
    base: KeyPath
  ): Effect.Effect<ReadonlyArray<Node>, IncludeError> =>
    Effect.gen(function*() {
      const including = here.chain[here.chain.length - 1]!
      const invalid = (detail: string) =>
        new ConfigIncludeError({
          path: including,
          reason: "invalid",
          files: here.chain,
          detail: invalidAt(site.at, detail),
          file: including,
          ...site.position
        })
      if (site.paths === undefined) return yield* invalid("expected a path or a list of paths")
      const included = yield* Effect.forEach(site.paths, (written) => load(written, here, site))
      return isMisfit(find(tree, site.at.slice(base.length)), included)
        ? yield* invalid("what is included is no object, and there are other keys beside it")
        : included
    })

  const within = (tree: Node, here: Here, at: KeyPath): Effect.Effect<Node, IncludeError> =>
    Effect.gen(function*() {
      const included = new Map<string, ReadonlyArray<Node>>()
      for (const site of sites(tree, at)) {
        included.set(formatPath(site.at), yield* follow(tree, site, here, at))
      }
      return assemble(tree, at, included)
    })

  return yield* within(top, { chain: [real], directory: path.dirname(file) }, [])
})
