// Marks the calls at the top level of every built module as free of effects (`/*#__PURE__*/`), so that a bundler drops the
// schemas, tags and layers that an app does not use.
import { transformAsync } from "@babel/core"
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"

export const annotatePure = async (folder) => {
  for (const file of readdirSync(folder, { recursive: true })) {
    if (!file.endsWith(".js")) continue
    const path = join(folder, file)
    const result = await transformAsync(readFileSync(path, "utf8"), {
      babelrc: false,
      configFile: false,
      compact: false,
      filename: path,
      inputSourceMap: JSON.parse(readFileSync(`${path}.map`, "utf8")),
      plugins: ["annotate-pure-calls"],
      sourceMaps: true
    })
    writeFileSync(path, `${result.code}\n//# sourceMappingURL=${basename(path)}.map\n`)
    writeFileSync(`${path}.map`, JSON.stringify({ ...result.map, file: basename(path) }))
  }
}
