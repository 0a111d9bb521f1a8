import { Error as PlatformError, FileSystem } from "@effect/platform"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, Option, TestClock } from "effect"
import { OpenClawConfigFile } from "effect-ollama"
import { parse } from "../../src/core/config/json5.js"
import { toValue } from "../../src/core/config/tree.js"
import { ok, withEnv } from "./fixtures.js"

const { get, set, unset } = OpenClawConfigFile

/** A folder of its own on the disk, with a configuration when there is one. */
const folder = (text?: string, name = "openclaw.json") =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const home = yield* fs.makeTempDirectoryScoped()
    const path = `${home}/${name}`
    if (text !== undefined) yield* fs.writeFileString(path, text)
    return { fs, home, path, read: fs.readFileString(path), names: fs.readDirectory(home) }
  })

const mode = (path: string) =>
  Effect.map(Effect.flatMap(FileSystem.FileSystem, (fs) => fs.stat(path)), (info) => info.mode & 0o777)

const test = (name: string, run: () => Effect.Effect<unknown, unknown, NodeContext.NodeContext | never>) =>
  it.live(name, () => Effect.provide(run(), [NodeContext.layer, withEnv({})]))

const scoped = (
  name: string,
  run: () => Effect.Effect<unknown, unknown, Effect.Effect.Context<ReturnType<typeof folder>> | NodeContext.NodeContext>
) => test(name, () => Effect.scoped(run()))

const key = "models.providers.ollama.apiKey"

describe("writing the file", () => {
  scoped("makes the file and its folders, for their owner only", () =>
    Effect.gen(function*() {
      const { home } = yield* folder()
      const path = `${home}/a/b/openclaw.json`
      const change = yield* set(key, "ollama-local", { path })
      assert.deepStrictEqual(change, { file: path, created: true, changed: true, warnings: [] })
      assert.strictEqual(yield* mode(path), 0o600)
      assert.strictEqual(yield* mode(`${home}/a`), 0o700)
      assert.strictEqual(yield* mode(`${home}/a/b`), 0o700)
      assert.strictEqual(Option.getOrThrow(yield* get(key, { path })).value, "ollama-local")
    }))

  scoped("is where OpenClaw looks for it", () =>
    Effect.gen(function*() {
      const { home } = yield* folder()
      const change = yield* Effect.provide(set(key, "k"), withEnv({ HOME: home }))
      assert.strictEqual(change.file, `${home}/.openclaw/openclaw.json`)
      const error = yield* Effect.flip(Effect.provide(set(key, "k"), withEnv({ HOME: "" })))
      assert.strictEqual(error._tag === "ConfigUnwritable" && error.reason, "no-home")
    }))

  scoped("where the system does not let it says so at once, and why", () =>
    Effect.gen(function*() {
      const { fs, names, path } = yield* folder("{}")
      const refused = (reason: PlatformError.SystemErrorReason) => {
        const error = new PlatformError.SystemError({ reason, module: "FileSystem", method: "writeFileString" })
        const closed = { ...fs, writeFileString: () => Effect.fail(error) }
        return Effect.map(
          Effect.flip(Effect.provideService(set(key, "k", { path }), FileSystem.FileSystem, closed)),
          (error) => error._tag === "ConfigUnwritable" ? error.reason : error._tag
        )
      }
      assert.strictEqual(yield* refused("PermissionDenied"), "permission")
      assert.strictEqual(yield* refused("Unknown"), "other")
      assert.deepStrictEqual(yield* names, ["openclaw.json"])
    }))

  scoped("keeps the mode, follows a link and leaves nothing behind", () =>
    Effect.gen(function*() {
      const { fs, home, names, path } = yield* folder("{ /* mine */ }\n", "real.json")
      yield* fs.chmod(path, 0o640)
      yield* fs.symlink(path, `${home}/openclaw.json`)
      const change = yield* set("env.vars.A", "1", { path: `${home}/openclaw.json` })
      assert.strictEqual(change.file, yield* fs.realPath(path))
      assert.strictEqual(yield* fs.readLink(`${home}/openclaw.json`), path)
      assert.strictEqual(yield* mode(path), 0o640)
      assert.include(yield* fs.readFileString(path), "/* mine */")
      assert.deepStrictEqual((yield* names).sort(), ["openclaw.json", "real.json"])
    }))

  scoped(
    "writes nothing where the value is there already, or nothing is to be taken out",
    () =>
      Effect.gen(function*() {
        const { fs, home, path } = yield* folder("{ env: { vars: { A: '1' } } }")
        assert.isFalse((yield* set("env.vars.A", "1", { path })).changed)
        assert.isFalse((yield* unset("env.vars.B", { path })).changed)
        assert.isFalse((yield* unset("env.vars.B", { path: `${home}/none/x.json` })).changed)
        assert.isFalse(yield* fs.exists(`${home}/none`))
        assert.isTrue((yield* unset("env.vars.A", { path })).changed)
      })
  )
})

describe("a model that stands alone", () => {
  scoped("is the primary, to read, to set and to take out", () =>
    Effect.gen(function*() {
      const { path, read } = yield* folder("{ agents: { defaults: { model: 'ollama/a' } } }")
      const at = "agents.defaults.model"
      assert.strictEqual(Option.getOrThrow(yield* get(`${at}.primary`, { path })).value, "ollama/a")
      assert.isTrue(Option.isNone(yield* get(`${at}.fallbacks`, { path })))
      assert.isFalse((yield* set(`${at}.primary`, "ollama/a", { path })).changed)
      yield* set(`${at}.fallbacks`, ["b/c"], { path })
      assert.strictEqual(
        yield* read,
        "{ agents: { defaults: { model: { primary: 'ollama/a', fallbacks: ['b/c'] } } } }"
      )
      yield* set(at, "ollama/a", { path })
      yield* unset(`${at}.primary`, { path })
      assert.strictEqual(yield* read, "{ agents: { defaults: {} } }")
    }))
})

describe("a file that must not be written", () => {
  const left = Effect.fnUntraced(function*(
    text: string,
    edit: (path: string) => Effect.Effect<unknown, OpenClawConfigFile.WriteError, NodeContext.NodeContext>
  ) {
    const { path, names, read } = yield* folder(text)
    const error = yield* Effect.flip(edit(path))
    assert.strictEqual(yield* read, text)
    assert.deepStrictEqual(yield* names, ["openclaw.json"])
    return error
  })

  scoped("is no JSON5", () =>
    Effect.gen(function*() {
      for (const text of ["{ a: ", "", "{ a: 'x' b }"]) {
        const error = yield* left(text, (path) => set(key, "k", { path }))
        assert.strictEqual(error._tag, "ConfigSyntaxError")
      }
    }))

  scoped("would hold a value that is wrong there", () =>
    Effect.gen(function*() {
      const wrong: ReadonlyArray<readonly [string, unknown, string]> = [
        ["models.providers.ollama.baseUrl", "gpu-box:11434", "http"],
        ["models.providers.ollama.apiKey", "two words", "visible ASCII"],
        ["models.providers.ollama.timeoutSeconds", "soon", "a positive number"],
        ["models.providers.ollama.models", "gpt-oss:20b", "a list"],
        ["agents.defaults.model.primary", 5, "a text"],
        ["models", 5, "an object"],
        ["models.providers.ollama.apiKey", undefined, "a JSON value"]
      ]
      for (const [path, value, part] of wrong) {
        const error = yield* left("{ models: { providers: { ollama: { apiKey: 'k' } } } }", (file) =>
          set(path, value, { path: file }))
        assert.strictEqual(error._tag, "ConfigInvalid", path)
        assert.include(error.message, part)
        assert.notInclude(error.message, "two words")
      }
    }))

  scoped("would hold one, whatever else keeps that provider from being used", () =>
    Effect.gen(function*() {
      const x = (entry: object) =>
        JSON.stringify({ models: { providers: { x: { baseUrl: "https://h/v1", models: [{ id: "m" }], ...entry } } } })
      const wrong: ReadonlyArray<readonly [string, string, string, string]> = [
        [x({ apiKey: "${SURELY_UNSET}" }), "models.providers.x.baseUrl", "myhost:11434", "http"],
        [x({ api: "openai-responses" }), "models.providers.x.baseUrl", "myhost:11434", "http"],
        [x({ headers: { a: "${SURELY_UNSET}" } }), "models.providers.x.apiKey", "schlü", "visible ASCII"],
        ["{}", "models.providers.ollama.headers.Host", "x", "may be set"]
      ]
      for (const [text, path, value, part] of wrong) {
        const error = yield* left(text, (file) => set(path, value, { path: file }))
        assert.strictEqual(error._tag, "ConfigInvalid", path)
        assert.include(error.message, part)
      }
    }))

  scoped("has the value from an include", () =>
    Effect.gen(function*() {
      const { fs, home, path, read } = yield* folder(
        "{ models: { $include: 'models.json5', mode: 'merge' }, channels: { $include: './c.json5', x: 1 } }"
      )
      const before = yield* read
      yield* fs.writeFileString(`${home}/models.json5`, "{ providers: { ollama: { apiKey: 'k' } } }")
      const from = Effect.fnUntraced(
        function*(edit: Effect.Effect<unknown, OpenClawConfigFile.WriteError, NodeContext.NodeContext>) {
          const error = yield* Effect.flip(edit)
          assert.strictEqual(yield* read, before)
          return error._tag === "ConfigUnwritable" ? `${error.reason} ${error.file}` : error._tag
        }
      )
      const included = `included ${yield* fs.realPath(`${home}/models.json5`)}`
      assert.strictEqual(yield* from(set(key, "other", { path })), included)
      assert.strictEqual(yield* from(unset(key, { path })), included)
      assert.strictEqual(yield* from(set("models.providers", {}, { path })), included)
      assert.strictEqual(yield* from(set("channels.y", 1, { path })), "included ./c.json5")
      assert.strictEqual(Option.getOrThrow(yield* get(key, { path })).source.file, included.slice(9))
      // what stands beside the include is the file's own, and so is what is new
      yield* set("models.mode", "replace", { path })
      yield* set("channels.x", 2, { path })
      yield* set("models.providers.other.apiKey", "k", { path })
      assert.include(yield* read, "'replace'")
    }))

  scoped("is written all the same when something else in it is wrong", () =>
    Effect.gen(function*() {
      const text = "{ models: { providers: { broken: { baseUrl: 5, models: 7 } } }, auth: { $include: 'gone.json' } }"
      const { path } = yield* folder(text)
      yield* set(key, "${NOT_SET_HERE}", { path })
      yield* set("agents.defaults.model.primary", "ollama/x", { path })
      yield* set("models.providers.broken.apiKey", "k", { path })
      yield* unset("models.providers.broken", { path })
      assert.deepStrictEqual(
        (yield* Effect.flip(set("auth.order.ollama", ["a"], { path })))._tag,
        "ConfigIncludeError"
      )
    }))

  scoped("would be larger than a file may be", () =>
    Effect.gen(function*() {
      const most = 2 * 1024 * 1024
      const text = (length: number) => `{ env: { vars: { A: '${"é".repeat(length / 2)}' } } }`
      const { path } = yield* folder(text(1000))
      yield* set("channels.a", "é".repeat(most / 2 - 600), { path })
      assert.strictEqual(Option.isSome(yield* get("channels.a", { path })), true)
      // it is counted in bytes
      const error = yield* left(text(most - 1000), (file) => set("channels.a", "é".repeat(600), { path: file }))
      assert.strictEqual(error._tag, "ConfigInvalid")
      assert.match(error.message, /openclaw\.json: expected at most 2097152 bytes, found 2097\d{3} bytes\.$/)
    }))

  scoped("may not be written", () =>
    Effect.gen(function*() {
      const { home } = yield* folder("x", "file")
      const error = yield* Effect.flip(set(key, "k", { path: `${home}/file/openclaw.json` }))
      assert.strictEqual(error._tag === "ConfigUnwritable" || error._tag === "ConfigUnreadable", true)
    }))
})

describe("writers at the same time", () => {
  scoped("lose nothing", () =>
    Effect.gen(function*() {
      const { names, path, read } = yield* folder("{\n  // all of them\n}\n")
      const all = Array.from({ length: 20 }, (_, i) => i)
      yield* Effect.forEach(all, (i) => set(`env.vars.V${i}`, String(i), { path }), {
        concurrency: "unbounded",
        discard: true
      })
      const text = yield* read
      assert.include(text, "// all of them")
      assert.deepStrictEqual(
        (toValue(ok(parse(text, "f"))) as { env: { vars: object } }).env.vars,
        Object.fromEntries(
          all.map((i) => [`V${i}`, String(i)]).sort(([a], [b]) => text.indexOf(`"${a}"`) - text.indexOf(`"${b}"`))
        )
      )
      assert.deepStrictEqual(yield* names, ["openclaw.json"])
    }))

  scoped("take over the lock of one that died, and its half of a file", () =>
    Effect.gen(function*() {
      const { fs, home, names, path } = yield* folder("{}")
      yield* fs.writeFileString(`${path}.lock`, "dead")
      yield* fs.writeFileString(`${home}/.openclaw.json.abcdefghijkl.tmp`, "{ half")
      const long = Date.now() / 1000 - 60
      yield* fs.utimes(`${path}.lock`, long, long)
      yield* Effect.all([set("env.vars.A", "1", { path }), set("env.vars.B", "2", { path })], {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(yield* names, ["openclaw.json"])
      assert.isTrue(Option.isSome(yield* get("env.vars.A", { path })))
      assert.isTrue(Option.isSome(yield* get("env.vars.B", { path })))
    }))

  scoped("wait for one that lives", () =>
    Effect.gen(function*() {
      const { fs, path, read } = yield* folder("{}")
      yield* fs.writeFileString(`${path}.lock`, "living")
      const waiting = yield* Effect.fork(set("env.vars.A", "1", { path }))
      yield* Effect.sleep("150 millis")
      assert.strictEqual(yield* read, "{}")
      yield* fs.remove(`${path}.lock`)
      assert.isTrue((yield* Fiber.join(waiting)).changed)
    }))

  scoped("give up the lock when they are stopped", () =>
    Effect.gen(function*() {
      const { fs, names, path } = yield* folder("{}")
      const writers = yield* Effect.forEach(Array.from({ length: 10 }, (_, i) => i), (i) =>
        Effect.fork(set(`env.vars.A${i}`, "1", { path })))
      yield* Effect.sleep("5 millis")
      const exits = yield* Effect.forEach(writers, Fiber.interrupt)
      assert.isTrue(exits.every((exit) =>
        Exit.isSuccess(exit) || Cause.isInterruptedOnly(exit.cause)
      ))
      assert.deepStrictEqual(yield* names, ["openclaw.json"])
      assert.isFalse(yield* fs.exists(`${path}.lock`))
    }))

  scoped("of one process wait for each other without asking for the lock", () =>
    Effect.gen(function*() {
      const { fs, path } = yield* folder("{}")
      let asked = 0
      const counting = {
        ...fs,
        exists: (file: string) =>
          Effect.suspend(() => {
            if (file.endsWith(".lock")) asked++
            return fs.exists(file)
          })
      }
      const writers = Effect.all(
        Array.from({ length: 20 }, (_, i) => set(`env.vars.A${i}`, "1", { path })),
        { concurrency: "unbounded" }
      )
      const changes = yield* Effect.provideService(writers, FileSystem.FileSystem, counting)
      for (const { changed } of changes) assert.isTrue(changed)
      assert.strictEqual(asked, 0)
    }))

  it.effect("wait for one of their own process for a minute at most", () =>
    Effect.gen(function*() {
      const { fs, path, read } = yield* folder("{}")
      const begun = yield* Deferred.make<void>()
      const stuck = {
        ...fs,
        open: (file: string, options?: FileSystem.OpenFileOptions) =>
          file.endsWith(".tmp")
            ? Effect.zipRight(Deferred.succeed(begun, undefined), Effect.never)
            : fs.open(file, options)
      }
      const first = yield* Effect.fork(
        Effect.provideService(set("env.vars.A", "1", { path }), FileSystem.FileSystem, stuck)
      )
      yield* Deferred.await(begun)
      const second = yield* Effect.fork(Effect.flip(set("env.vars.B", "1", { path })))
      while (second.unsafePoll() === null) {
        yield* TestClock.adjust("10 seconds")
        yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 1)))
      }
      const error = yield* second
      assert.strictEqual(error._tag === "ConfigUnwritable" && error.reason, "locked")
      yield* Fiber.interrupt(first)
      assert.strictEqual(yield* read, "{}")
      assert.isTrue((yield* set("env.vars.B", "1", { path })).changed)
    }).pipe(Effect.scoped, Effect.provide([NodeContext.layer, withEnv({})])))

  scoped("do not lose what a writer without the lock wrote meanwhile", () =>
    Effect.gen(function*() {
      const { fs, path, read } = yield* folder("{ a: 1 }")
      // another program writes between the reading and the swap, once
      let written = false
      const meddling = {
        ...fs,
        open: (file: string, options?: FileSystem.OpenFileOptions) =>
          Effect.zipRight(
            written || !file.endsWith(".tmp")
              ? Effect.void
              : Effect.suspend(() => {
                written = true
                return fs.writeFileString(path, "{ a: 1, b: 2 }")
              }),
            fs.open(file, options)
          )
      }
      yield* Effect.provideService(set("c", 3, { path }), FileSystem.FileSystem, meddling)
      assert.strictEqual(yield* read, "{ a: 1, b: 2, c: 3 }")
    }))
})
