import { Error as PlatformError, FileSystem, Path } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Config, ConfigProvider, Effect, Layer, Redacted } from "effect"
import { OllamaError, OpenClawConfig } from "effect-ollama"
import { execFileSync } from "node:child_process"
import { env, failed, home, load, memory, ok, withEnv } from "./fixtures.js"

const file = "{ agents: { defaults: { model: 'a/b' } } }"

const found = (files: Readonly<Record<string, string>>, variables: Readonly<Record<string, string>>, options = {}) =>
  load(files, variables, options).pipe(
    Effect.map((config) => config.primary === undefined ? "nothing" : config.source.configPath)
  )

describe("where the configuration is", () => {
  it.effect("OPENCLAW_CONFIG_PATH, then the state directory, then home", () =>
    Effect.gen(function*() {
      const files = { "/c.json": file, "/state/openclaw.json": file, [`${home}/openclaw.json`]: file }
      const variables = { OPENCLAW_CONFIG_PATH: "/c.json", OPENCLAW_STATE_DIR: "/state" }
      assert.strictEqual(yield* found(files, variables), "/c.json")
      assert.strictEqual(yield* found(files, { ...variables, OPENCLAW_CONFIG_PATH: " " }), "/state/openclaw.json")
      assert.strictEqual(yield* found(files, { OPENCLAW_STATE_DIR: "" }), `${home}/openclaw.json`)
      assert.strictEqual(yield* found(files, variables, { path: `${home}/openclaw.json` }), `${home}/openclaw.json`)
    }))

  it.effect("home is OPENCLAW_HOME, then HOME, then USERPROFILE", () =>
    Effect.gen(function*() {
      const files = { "/a/.openclaw/openclaw.json": file, "/b/.openclaw/openclaw.json": file }
      assert.strictEqual(yield* found(files, { OPENCLAW_HOME: "/a", HOME: "/b" }), "/a/.openclaw/openclaw.json")
      assert.strictEqual(yield* found(files, { HOME: "/b" }), "/b/.openclaw/openclaw.json")
      assert.strictEqual(yield* found(files, { HOME: " ", USERPROFILE: "/a" }), "/a/.openclaw/openclaw.json")
    }))

  it.effect("a leading ~ is home", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* found({ "/home/me/c": file }, { OPENCLAW_CONFIG_PATH: "~/c" }), "/home/me/c")
      assert.strictEqual(
        yield* found({ "/home/me/s/openclaw.json": file }, { OPENCLAW_STATE_DIR: "~/s" }),
        "/home/me/s/openclaw.json"
      )
    }))

  it.effect("a file that was named must be there, one that was not need not", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(load({}, { OPENCLAW_CONFIG_PATH: "/gone" }))
      assert.strictEqual(error._tag === "ConfigUnreadable" && error.reason, "not-found")
      assert.strictEqual((yield* Effect.flip(load({}, {}, { path: "/gone" })))._tag, "ConfigUnreadable")
      const config = yield* load({}, {})
      assert.isFalse(config.source.configFound)
      assert.strictEqual(config.source.configPath, `${home}/openclaw.json`)
    }))

  it.effect("a link to a file that is not there is no missing file", () =>
    Effect.gen(function*() {
      const files = {
        [`${home}/openclaw.json`]: { link: "/gone" },
        [`${home}/agents/main/agent/auth-profiles.json`]: { link: "/gone" }
      }
      const error = yield* Effect.flip(load(files))
      assert.strictEqual(error._tag === "ConfigUnreadable" && error.reason, "other")
      assert.include(error.message, "symbolic link to a file that is not there")
      const profiles = yield* load({ ...files, "/gone.json": "{}" }, { OPENCLAW_CONFIG_PATH: "/gone.json" })
      assert.include(profiles.diagnostics[0]?.message ?? "", "symbolic link")
    }))

  it.effect("without any home it is empty", () =>
    Effect.gen(function*() {
      const config = yield* load({}, { HOME: "" })
      assert.deepStrictEqual(config.source, { configFound: false, profilesFound: false })
    }))

  it.effect("locations says so without reading", () =>
    Effect.gen(function*() {
      const where = yield* OpenClawConfig.locations().pipe(Effect.provide([Path.layer, withEnv({ HOME: "/h" })]))
      assert.deepStrictEqual(where, {
        config: "/h/.openclaw/openclaw.json",
        named: false,
        profiles: "/h/.openclaw/agents/main/agent/auth-profiles.json"
      })
    }))
})

describe("how it is read", () => {
  it.effect("only regular files are opened", () =>
    Effect.gen(function*() {
      for (const kind of ["FIFO", "Directory", "Socket", "CharacterDevice"] as const) {
        const error = yield* Effect.flip(load({ [`${home}/openclaw.json`]: kind }))
        assert.strictEqual(error._tag === "ConfigUnreadable" && error.reason, "not-a-file")
      }
    }))

  it.effect("over 2 MiB it is refused", () =>
    Effect.gen(function*() {
      const exact = `{ }${" ".repeat(2 * 1024 * 1024 - 3)}`
      assert.isTrue((yield* load({ [`${home}/openclaw.json`]: exact })).source.configFound)
      const error = yield* Effect.flip(load({ [`${home}/openclaw.json`]: `${exact} ` }))
      assert.strictEqual(error._tag, "ConfigInvalid")
      assert.include(error.message, "2097152 bytes")
    }))

  it.effect("what is no UTF-8 is refused", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(load({ [`${home}/openclaw.json`]: new Uint8Array([0x7b, 0xff, 0x7d]) }))
      assert.strictEqual(error._tag, "ConfigSyntaxError")
    }))

  it.effect("a blank file and one that holds no object are refused", () =>
    Effect.gen(function*() {
      const blank = yield* Effect.flip(load({ [`${home}/openclaw.json`]: " \n" }))
      assert.include(blank.message, "the file is empty")
      const list = yield* Effect.flip(load({ [`${home}/openclaw.json`]: "[]" }))
      assert.strictEqual(list._tag, "ConfigInvalid")
      assert.include(list.message, `${home}/openclaw.json:1:1: expected an object, found a list`)
    }))

  it.effect("what is wrong with a variable or a host option is not said to stand in the file", () =>
    Effect.gen(function*() {
      const files = { [`${home}/openclaw.json`]: "{ agents: { defaults: { model: 'ollama/m' } } }" }
      for (
        const [config, path] of [
          [yield* load(files, { OLLAMA_API_KEY: "sch lüssel" }), "OLLAMA_API_KEY"],
          [yield* load(files, env, { baseUrl: "box:1" }), "options.baseUrl"]
        ] as const
      ) {
        const error = failed(config.providers[0]!.result)
        assert(error._tag === "ConfigInvalid")
        assert.include(error.message, ` ${path}: expected`)
        assert.notInclude(error.message, "openclaw.json")
        assert.deepStrictEqual(config.diagnostics.map((said) => [said.path, said.file, said.line]), [
          [path, undefined, undefined]
        ])
      }
    }))

  it.effect("problems, and what is only said, have file, line and column", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(load({ [`${home}/openclaw.json`]: "{\n  models:\n    'x' }" }))
      assert.deepStrictEqual(error._tag === "ConfigInvalid" && error.problems, [{
        path: "models",
        expected: "an object",
        actual: "a string",
        file: `${home}/openclaw.json`,
        line: 3,
        column: 5
      }])
      const config = yield* load({ [`${home}/openclaw.json`]: "{\n  models: {\n    mode: 'x' } }" })
      assert.deepStrictEqual(config.diagnostics, [{
        level: "warning",
        path: "models.mode",
        message: "expected \"merge\" or \"replace\", found a string: not used",
        file: `${home}/openclaw.json`,
        line: 3,
        column: 11
      }])
    }))

  it.effect("variables come from the ConfigProvider", () =>
    Effect.gen(function*() {
      const config = yield* load(
        { [`${home}/openclaw.json`]: "{ models: { providers: { ollama: { apiKey: '${MY_KEY}' } } } }" },
        { MY_KEY: "v" }
      )
      assert.strictEqual(Redacted.value(ok(config.providers[0]!.result).key!.value), "v")
    }))
})

describe("ConfigUnreadable", () => {
  it.effect("has no reason but those that reading can give", () =>
    Effect.gen(function*() {
      const unreadable = (stat: PlatformError.SystemErrorReason | "Directory") =>
        Effect.gen(function*() {
          const fs = stat === "Directory" ? memory({ "/a": stat }) : FileSystem.layerNoop({
            stat: () =>
              Effect.fail(new PlatformError.SystemError({ reason: stat, module: "FileSystem", method: "stat" }))
          })
          const failure = yield* load({}, {}, { path: "/a" }, fs).pipe(Effect.flip)
          return failure._tag === "ConfigUnreadable" ? failure.reason : failure._tag
        })
      const found = yield* Effect.all([
        unreadable("NotFound"),
        unreadable("Directory"),
        unreadable("PermissionDenied"),
        unreadable("Busy")
      ])
      assert.deepStrictEqual<ReadonlyArray<string>>(found, OllamaError.ConfigUnreadable.fields.reason.literals)
    }))
})

describe("auth-profiles.json", () => {
  const profiles = "{ version: 1, profiles: { work: { type: 'api_key', provider: 'ollama', key: 'k' } } }"

  it.effect("is in the state directory, or in OPENCLAW_AGENT_DIR", () =>
    Effect.gen(function*() {
      const where = [
        [`${home}/agents/main/agent/auth-profiles.json`, {}],
        ["/s/agents/main/agent/auth-profiles.json", { OPENCLAW_STATE_DIR: "/s" }],
        ["/a/auth-profiles.json", { OPENCLAW_STATE_DIR: "/s", OPENCLAW_AGENT_DIR: "/a" }]
      ] as const
      for (const [path, variables] of where) {
        const config = yield* load({ [path]: profiles }, variables)
        assert.strictEqual(ok(config.providers[0]!.result).key?.source, "profile work")
        assert.deepStrictEqual([config.source.profilesPath, config.source.profilesFound], [path, true])
      }
    }))

  it.effect("that cannot be read fails only those who need it, and shows nothing of it", () =>
    Effect.gen(function*() {
      const path = "/a/auth-profiles.json"
      for (const text of ["{ profiles: { a: { key: 'hush' } }", "FIFO", "", "[]"] as const) {
        const variables = { OPENCLAW_AGENT_DIR: "/a", OPENCLAW_CONFIG_PATH: "/c" }
        const files = { [path]: text, "/c": "{ models: { providers: { ollama: {} } } }" }
        const config = yield* load(files, variables)
        const { result } = config.providers[0]!
        assert.strictEqual(result._tag === "Left" && result.left._tag, "ConfigInvalid")
        assert.include(JSON.stringify(result), path)
        assert.notInclude(JSON.stringify(config), "hush")
        assert.strictEqual(config.diagnostics[0]!.level, "error")
        assert.isTrue((yield* load(files, { ...variables, ...env })).providers[0]!.configured)
      }
    }))
})

describe("an auth-profiles.json that cannot be read", () => {
  const path = "/a/auth-profiles.json"
  const cases: ReadonlyArray<readonly [file: string, hint: string, diagnostic: string]> = [
    ["FIFO", `${path}: expected a file that can be read, found no regular file`, "expected a file that can be read, "],
    ["[]", `${path}: expected an object, found a list`, "expected an object, found a list"],
    ["{\n  a: }", `${path}:2:6: expected JSON5, found an error (`, "line 2, column 6: expected JSON5, "],
    [" ".repeat(2 ** 21 + 1), `${path}: expected at most 2097152 bytes`, "expected at most 2097152 bytes, "]
  ]
  for (const [file, hint, diagnostic] of cases) {
    it.effect(`is named once: ${hint}`, () =>
      Effect.gen(function*() {
        const config = yield* load(
          { [path]: file, "/c": "{ models: { providers: { ollama: {} } } }" },
          { OPENCLAW_AGENT_DIR: "/a", OPENCLAW_CONFIG_PATH: "/c" }
        )
        const { result } = config.providers[0]!
        assert(result._tag === "Left")
        assert.isTrue(result.left.hint.startsWith(`The configuration is invalid. ${hint}`), result.left.hint)
        assert.deepStrictEqual(config.diagnostics.map((d) => [d.level, d.path]), [["error", path]])
        assert.isTrue(config.diagnostics[0]!.message.startsWith(diagnostic), config.diagnostics[0]!.message)
      }))
  }
})

describe("layers", () => {
  const ollama = Effect.map(OpenClawConfig.OpenClawConfig, (config) => ok(config.providers[0]!.result))

  it.effect("layer takes a value, and needs no file system", () =>
    Effect.gen(function*() {
      const found = yield* ollama.pipe(
        Effect.provide(OpenClawConfig.layer({ models: { providers: { ollama: { apiKey: "${K}", api: "ollama" } } } })),
        Effect.withConfigProvider(ConfigProvider.fromMap(new Map([["K", "v"]])))
      )
      assert.strictEqual(found.api, "ollama")
      assert.strictEqual(found.key?.source, "env K")
    }))

  it.effect("an env block may hold keys that every object has, also with the environment itself", () =>
    Effect.gen(function*() {
      const vars = { constructor: "x", toString: "x", valueOf: "x", SURELY_NOT_SET: "v" }
      const config = {
        env: { vars, hasOwnProperty: "x" },
        models: { providers: { ollama: { apiKey: "$SURELY_NOT_SET" } } }
      }
      const found = yield* ollama.pipe(
        Effect.provide(OpenClawConfig.layer(config)),
        Effect.withConfigProvider(ConfigProvider.fromEnv())
      )
      assert.strictEqual(found.key?.source, "env SURELY_NOT_SET")
    }))

  it.effect("layerWith takes the host's options", () =>
    Effect.gen(function*() {
      const found = yield* Effect.provide(ollama, OpenClawConfig.layerWith({}, { discover: true, baseUrl: "http://h" }))
      assert.strictEqual(found.root, "http://h")
    }))

  it.effect("layer takes Redacted secrets", () =>
    Effect.gen(function*() {
      const entry = { apiKey: Redacted.make("k"), headers: { a: Redacted.make("b") } }
      const found = yield* Effect.provide(ollama, OpenClawConfig.layer({ models: { providers: { ollama: entry } } }))
      assert.strictEqual(Redacted.value(found.key!.value), "k")
      assert.strictEqual(Redacted.value(found.headers["a"]!), "b")
    }))

  it.effect("layer fails with all problems", () =>
    Effect.gen(function*() {
      const config = { models: 5, agents: "x" } as unknown as OpenClawConfig.ConfigInput
      const error = yield* Effect.flip(Effect.provide(ollama, OpenClawConfig.layer(config)))
      assert.strictEqual(error.problems.length, 2)
    }))

  it.effect("layerConfig takes Effect Configs", () =>
    Effect.gen(function*() {
      const found = yield* ollama.pipe(
        Effect.provide(OpenClawConfig.layerConfig({
          baseUrl: Config.string("URL"),
          apiKey: Config.redacted("KEY"),
          keepWithoutTools: Config.boolean("ALL").pipe(Config.withDefault(true)),
          config: Config.succeed({ models: { providers: { ollama: { api: "ollama" as const } } } })
        })),
        Effect.withConfigProvider(ConfigProvider.fromMap(new Map([["URL", "http://h"], ["KEY", "k"]])))
      )
      assert.strictEqual(found.root, "http://h")
      assert.strictEqual(found.api, "ollama")
      assert.strictEqual(found.key?.source, "option")
      assert.isTrue(found.keepWithoutTools)
    }))

  it.effect("layerFile reads files", () =>
    Effect.gen(function*() {
      const files = memory({ "/c": "{ models: { providers: { ollama: { apiKey: 'k' } } } }" })
      const read = (layer: Layer.Layer<OpenClawConfig.OpenClawConfig, unknown, FileSystem.FileSystem | Path.Path>) =>
        ollama.pipe(Effect.provide(layer), Effect.provide([files, Path.layer, withEnv({ OPENCLAW_CONFIG_PATH: "/c" })]))
      assert.strictEqual((yield* read(OpenClawConfig.layerFile)).key?.source, "config")
      assert.strictEqual((yield* read(OpenClawConfig.layerFileWith({ baseUrl: "http://h" }))).root, "http://h")
    }))
})

describe("on a real disk", () => {
  const onDisk = (prepare: (directory: string) => Effect.Effect<void, unknown, FileSystem.FileSystem>) =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* fs.makeTempDirectoryScoped()
      yield* prepare(directory)
      return yield* OpenClawConfig.load({ path: `${directory}/openclaw.json` }).pipe(
        Effect.provide(withEnv({ OPENCLAW_AGENT_DIR: directory }))
      )
    }).pipe(Effect.scoped, Effect.provide(NodeContext.layer))

  const tag = (prepare: Parameters<typeof onDisk>[0]) =>
    Effect.map(
      Effect.flip(onDisk(prepare)),
      (error) => Object(error)._tag === "ConfigUnreadable" ? Object(error).reason : error
    )

  it.live("a file with an include is read", () =>
    Effect.gen(function*() {
      const config = yield* onDisk((directory) =>
        Effect.flatMap(FileSystem.FileSystem, (fs) =>
          Effect.all([
            fs.writeFileString(`${directory}/openclaw.json`, "{ $include: 'b.json5' }"),
            fs.writeFileString(`${directory}/b.json5`, file)
          ], { discard: true }))
      )
      assert.strictEqual(config.primary, "a/b")
    }))

  it.live("a pipe does not hang", () =>
    Effect.gen(function*() {
      const reason = yield* tag((directory) =>
        Effect.sync(() => void execFileSync("mkfifo", [`${directory}/openclaw.json`]))
      )
      assert.strictEqual(reason, "not-a-file")
    }))

  it.live("a directory and a loop of links are unreadable", () =>
    Effect.gen(function*() {
      const make = (use: (fs: FileSystem.FileSystem, path: string) => Effect.Effect<void, unknown>) =>
        tag((directory) => Effect.flatMap(FileSystem.FileSystem, (fs) => use(fs, `${directory}/openclaw.json`)))
      assert.strictEqual(yield* make((fs, path) => fs.makeDirectory(path)), "not-a-file")
      assert.strictEqual(yield* make((fs, path) => fs.symlink(path, path)), "other")
    }))

  it.live("a link to nothing at the default place is unreadable", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* fs.makeTempDirectoryScoped()
      const environment = withEnv({ OPENCLAW_STATE_DIR: directory })
      assert.isFalse((yield* Effect.provide(OpenClawConfig.load(), environment)).source.configFound)
      yield* fs.symlink(`${directory}/gone`, `${directory}/openclaw.json`)
      const error = yield* Effect.flip(Effect.provide(OpenClawConfig.load(), environment))
      assert.strictEqual(error._tag, "ConfigUnreadable")
    }).pipe(Effect.scoped, Effect.provide(NodeContext.layer)))

  it.live("an include through a link to the outside is refused", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(onDisk((directory) =>
        Effect.flatMap(FileSystem.FileSystem, (fs) =>
          Effect.all([
            fs.writeFileString(`${directory}/openclaw.json`, "{ $include: 'link' }"),
            fs.symlink("/etc/hostname", `${directory}/link`)
          ], { discard: true }))
      ))
      assert.strictEqual(Object(error).reason, "outside")
    }))
})
