import { Error as PlatformErrors, FileSystem, Path } from "@effect/platform"
import { ConfigProvider, Effect, Either, Layer, Option } from "effect"
import { OpenClawConfig, type Provider } from "effect-ollama"

export const ok = <R, L>(self: Either.Either<R, L>): R =>
  Either.getOrThrowWith(self, (left) => new Error(`unexpected failure: ${String(left)}`))

export const failed = <R, L>(self: Either.Either<R, L>): L =>
  Either.getOrThrowWith(Either.flip(self), () => new Error("unexpected success"))

type Env = Readonly<Record<string, string>>

export const resolve = (config: unknown, env: Env = {}, more: Partial<OpenClawConfig.ResolveInput> = {}) =>
  OpenClawConfig.resolve({ config, env, ...more })

export const resolved = (config: unknown, env: Env = {}, more: Partial<OpenClawConfig.ResolveInput> = {}) =>
  ok(resolve(config, env, more))

export const status = (
  config: unknown,
  env: Env = {},
  more: Partial<OpenClawConfig.ResolveInput> = {},
  id = "ollama"
): Provider.ProviderStatus => {
  const found = resolved(config, env, more).providers.find((provider) => provider.id === id)
  if (found === undefined) throw new Error(`no provider ${id}`)
  return found
}

export const provider = (
  config: unknown,
  env: Env = {},
  more: Partial<OpenClawConfig.ResolveInput> = {},
  id = "ollama"
): Provider.Provider => ok(status(config, env, more, id).result)

export const error = (
  config: unknown,
  env: Env = {},
  more: Partial<OpenClawConfig.ResolveInput> = {},
  id = "ollama"
) => failed(status(config, env, more, id).result)

export const ollama = (entry: unknown) => ({ models: { providers: { ollama: entry } } })

/** The problems of a configuration that cannot be loaded, as `path: expected, found`. */
export const problems = (config: unknown): ReadonlyArray<string> =>
  failed(resolve(config)).problems.map((p) => `${p.path}: expected ${p.expected}, found ${p.actual}`)

/** What is said about a configuration, as `level path: message`. */
export const said = (
  config: unknown,
  env: Env = {},
  more: Partial<OpenClawConfig.ResolveInput> = {}
): ReadonlyArray<string> =>
  resolved(config, env, more).diagnostics.map(({ level, message, path }) => `${level} ${path}: ${message}`)

export const env = { OLLAMA_API_KEY: "ollama-local" }

interface Link {
  readonly link: string
}

/** Files in memory: text, bytes, a link, or another kind of thing. */
export type Files = Readonly<Record<string, string | Uint8Array | Link | FileSystem.File.Type>>

const kinds = new Set(["FIFO", "Directory", "Socket", "CharacterDevice"])

const systemError = (reason: PlatformErrors.SystemErrorReason, path: string) =>
  new PlatformErrors.SystemError({ reason, module: "FileSystem", method: "stat", pathOrDescriptor: path })

export const memory = (files: Files) => {
  const find = (path: string): Effect.Effect<readonly [string, Files[string]], PlatformErrors.PlatformError> => {
    const file = Object.hasOwn(files, path) ? files[path]! : undefined
    if (file === undefined) {
      return Object.keys(files).some((name) => name.startsWith(`${path}/`))
        ? Effect.succeed([path, "Directory"] as const)
        : Effect.fail(systemError("NotFound", path))
    }
    return typeof file === "object" && "link" in file ? find(file.link) : Effect.succeed([path, file] as const)
  }
  const isKind = (file: Files[string]): file is FileSystem.File.Type => typeof file === "string" && kinds.has(file)
  const bytes = (file: Files[string]) => typeof file === "string" ? new TextEncoder().encode(file) : file as Uint8Array
  return FileSystem.layerNoop({
    stat: (path) =>
      Effect.map(find(path), ([, file]) => ({
        type: isKind(file) ? file : "File",
        size: FileSystem.Size(isKind(file) ? 0 : bytes(file).length),
        mtime: Option.none(),
        atime: Option.none(),
        birthtime: Option.none(),
        dev: 0,
        ino: Option.none(),
        mode: 0o600,
        nlink: Option.none(),
        uid: Option.none(),
        gid: Option.none(),
        rdev: Option.none(),
        blksize: Option.none(),
        blocks: Option.none()
      })),
    readFile: (path) =>
      Effect.flatMap(
        find(path),
        ([, file]) => isKind(file) ? Effect.die(`opened a ${file}`) : Effect.succeed(bytes(file))
      ),
    readLink: (path) => {
      const file = Object.hasOwn(files, path) ? files[path] : undefined
      return typeof file === "object" && "link" in file
        ? Effect.succeed(file.link)
        : Effect.fail(systemError("Unknown", path))
    },
    realPath: (path) => Effect.map(find(path), ([real]) => real)
  })
}

export const withEnv = (env: Env) => Layer.setConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(env))))

/** Loads what is in these files, with these variables. */
export const load = (
  files: Files,
  variables: Env = {},
  options: OpenClawConfig.FileOptions = {},
  fileSystem: Layer.Layer<FileSystem.FileSystem> = memory(files)
) =>
  OpenClawConfig.load(options).pipe(
    Effect.provide([fileSystem, Path.layer, withEnv({ HOME: "/home/me", ...variables })])
  )

export const home = "/home/me/.openclaw"
