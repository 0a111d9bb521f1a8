// Writes the package for Effect 4 to effect4/build: the source, tests, examples and pages of this repository, rewritten. What
// lies in effect4/src and effect4/test by the same name wins: a whole file, or, where it begins with `// @partial`, the
// declarations in it.
//
//   node transform/transform.mjs          everything
//   node transform/transform.mjs --src    what is published alone
import { spawnSync } from "node:child_process"
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import ts from "typescript"
import { ofJsDoc, ofMarkdown } from "../../scripts/lib/examples.mjs"
import { bin, effect4, repo } from "../../scripts/lib/repo.mjs"
import { page } from "./pages.mjs"
import { prose } from "./prose.mjs"
import { rewrite } from "./rewrite.mjs"

const build = join(effect4, "build")
const onlySrc = process.argv.includes("--src")

// Not rewritten: the command, one file with all that it needs, is the same in both packages, and is tested once; so is what
// runs in other runtimes and against live servers.
const left = [
  /^test\/clients\//,
  /^test\/telemetry\/otel\.test\.ts$/,
  /^test\/support\/lightTests\.ts$/,
  /^examples\/sse-server\.ts$/,
  /^test\/sseServer\.test\.ts$/,
  /^test\/ai\/comparison\.test\.ts$/,
  /^src\/cli(\/|\.ts$)/,
  /^test\/cli\//,
  /^test\/(live|runtimes)(\/|\.)/,
  /^examples\/browser\//
]

const filesOf = (folder) =>
  existsSync(join(repo, folder))
    ? readdirSync(join(repo, folder), { recursive: true })
      .map((file) => `${folder}/${file.split("\\").join("/")}`)
      .filter((file) => statSync(join(repo, file)).isFile())
      .filter((file) => !file.includes("node_modules/") && !left.some((one) => one.test(file)))
    : []

const folders = onlySrc ? ["src"] : ["src", "test", "examples", "typetest", "scripts/size"]
const files = folders.flatMap(filesOf)
const code = files.filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts"))
const pages = onlySrc ? [] : ["README.md", "CHANGELOG.md", ...filesOf("docs").filter((file) => file.endsWith(".md"))]

// -----------------------------------------------------------------------------
// the program
// -----------------------------------------------------------------------------

// An example has the place of a file in the folder of what it is an example of.
const virtual = new Map()
const examples = new Map()
for (const file of [...code.filter((file) => file.startsWith("src/")), ...pages]) {
  const text = readFileSync(join(repo, file), "utf8")
  const found = file.endsWith(".md") ? ofMarkdown(text) : ofJsDoc(text)
  examples.set(
    file,
    found.map(({ code }, index) => {
      const name = join(repo, ".examples", `${file.replace(/\W/g, "_")}_${index}.ts`)
      virtual.set(name, `${code}\nexport {}\n`)
      return { code, name }
    })
  )
}

const config = ts.parseJsonConfigFileContent(
  ts.readConfigFile(join(repo, "tsconfig.json"), ts.sys.readFile).config,
  ts.sys,
  repo
)
const options = { ...config.options, noEmit: true, skipLibCheck: true }
const host = ts.createCompilerHost(options)
const { fileExists, getSourceFile, readFile } = host
host.fileExists = (name) => virtual.has(name) || fileExists(name)
host.readFile = (name) => virtual.get(name) ?? readFile(name)
host.getSourceFile = (name, ...rest) =>
  virtual.has(name) ? ts.createSourceFile(name, virtual.get(name), rest[0], true) : getSourceFile(name, ...rest)
const program = ts.createProgram([...code.map((file) => join(repo, file)), ...virtual.keys()], options, host)
const checker = program.getTypeChecker()

// -----------------------------------------------------------------------------
// what is written by hand
// -----------------------------------------------------------------------------

const handOf = (file) => {
  const path = join(effect4, file)
  return /^(src|test|examples|typetest|docs)\//.test(file) && existsSync(path) ? readFileSync(path, "utf8") : undefined
}
const isPartial = (text) => text.startsWith("// @partial")

// -----------------------------------------------------------------------------
// written
// -----------------------------------------------------------------------------

const problems = []
const put = (file, text) => {
  const path = join(build, file)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

const rewritten = (name, file) => {
  const hand = handOf(file)
  const found = rewrite(program.getSourceFile(name), checker, {
    from: (specifier) =>
      specifier === "@effect/vitest" && file.startsWith("test/")
        ? relative(dirname(file), "test/support/effect4.js").replace(/^(?!\.)/, "./")
        : specifier,
    hand: hand !== undefined && isPartial(hand)
      ? ts.createSourceFile(file, hand, ts.ScriptTarget.ES2022, true)
      : undefined
  })
  problems.push(...found.problems)
  return found.text
}

for (const folder of ["src", "test", "examples", "typetest", "scripts", "docs", ".examples"]) {
  rmSync(join(build, folder), { recursive: true, force: true })
}

for (const file of files) {
  const hand = handOf(file)
  if (hand !== undefined && !isPartial(hand)) put(file, hand)
  else if (code.includes(file)) put(file, prose(rewritten(join(repo, file), file)))
  else if (!file.startsWith("typetest/")) {
    mkdirSync(dirname(join(build, file)), { recursive: true })
    cpSync(join(repo, file), join(build, file))
  }
}
for (const folder of onlySrc ? ["src"] : ["src", "test"]) {
  for (const name of readdirSync(join(effect4, folder), { recursive: true })) {
    const file = `${folder}/${name}`
    if (!statSync(join(effect4, file)).isFile()) continue
    if (files.includes(file)) continue
    const hand = handOf(file)
    if (isPartial(hand)) problems.push(`effect4/${file}: there is no ${file} any more`)
    else put(file, hand)
  }
}
if (!onlySrc) put("tstyche.json", readFileSync(join(repo, "tstyche.json")))
// pictures of pages
for (const file of onlySrc ? [] : filesOf("docs").filter((file) => file.endsWith(".svg"))) {
  put(file, readFileSync(join(repo, file)))
}
for (const name of virtual.keys()) {
  const text = rewritten(name, "example")
  put(relative(repo, name), text.replace(/\nexport \{\}\n$/, "\n"))
}

const { status } = spawnSync(
  process.execPath,
  [bin("dprint"), "fmt", "--config", join(effect4, "format.json"), "--no-gitignore", "--log-level", "warn"],
  { cwd: effect4, stdio: "inherit" }
)
if (status !== 0) process.exit(1)

// -----------------------------------------------------------------------------
// examples and pages
// -----------------------------------------------------------------------------

const snippets = readdirSync(join(effect4, "snippets")).map((name) => {
  const [page, word] = name.replace(/\.ts$/, "").split("~")
  return { page: `docs/${page}.md`, word, code: readFileSync(join(effect4, "snippets", name), "utf8") }
})

for (const [file, found] of examples) {
  if (handOf(file) !== undefined && !isPartial(handOf(file))) continue
  const original = readFileSync(join(repo, file), "utf8")
  const madeOf = ({ code, name }) => {
    // what is said another way
    const own = snippets.find((one) => one.page === file && code.includes(one.word))
    return (own?.code ?? readFileSync(join(build, relative(repo, name)), "utf8")).trimEnd()
  }
  if (file.endsWith(".md")) {
    // what is code is none of the words
    let text = original
    found.forEach(({ code }, i) => {
      text = text.replace(`${code}\n`, () => `\u0000${i}\u0000\n`)
    })
    put(file, page(file, text).replace(/\u0000(\d+)\u0000/g, (_, i) => madeOf(found[i])))
    continue
  }
  let text = readFileSync(join(build, file), "utf8")
  for (const one of found) {
    const lined = (text, before) => text.split("\n").map((line) => `${before}${line}`.trimEnd()).join("\n")
    for (const indent of ["", "  ", "    "]) {
      text = text.split(lined(prose(one.code), `${indent} * `)).join(lined(madeOf(one), `${indent} * `))
    }
  }
  put(file, text)
}
rmSync(join(build, ".examples"), { recursive: true, force: true })

for (const problem of problems) console.error(problem)
console.log(`${code.length} files, ${virtual.size} examples, ${pages.length} pages, ${problems.length} problems`)
process.exit(problems.length > 0 ? 1 : 0)
