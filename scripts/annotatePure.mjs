// Marks what is made at the top level of every built module as free of effects (`/*#__PURE__*/`), so that a bundler drops
// the schemas, tags and layers that an app does not use.
import { transformAsync } from "@babel/core"
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"

// A bundler keeps a call that is marked when it spreads something into its arguments, which might have effects. Within a
// function that is called at once nothing has, as far as it can see.
const wrapSpreads = ({ types: t }) => {
  const spreads = (node) => {
    if (t.isFunction(node)) return false
    if (t.isSpreadElement(node)) return true
    return (t.VISITOR_KEYS[node.type] ?? []).some((key) => {
      const child = node[key]
      return Array.isArray(child) ? child.some((item) => item && spreads(item)) : child ? spreads(child) : false
    })
  }
  const wrap = (made) => t.callExpression(t.arrowFunctionExpression([], made), [])
  return {
    visitor: {
      Program(path) {
        for (const statement of path.node.body) {
          const declared = t.isExportNamedDeclaration(statement) ? statement.declaration : statement
          if (t.isVariableDeclaration(declared)) {
            for (const one of declared.declarations) if (one.init && spreads(one.init)) one.init = wrap(one.init)
          } else if (t.isClassDeclaration(declared) && declared.superClass && spreads(declared.superClass)) {
            declared.superClass = wrap(declared.superClass)
          }
        }
      }
    }
  }
}

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
      plugins: [wrapSpreads, "annotate-pure-calls"],
      sourceMaps: true
    })
    writeFileSync(path, `${result.code}\n//# sourceMappingURL=${basename(path)}.map\n`)
    writeFileSync(`${path}.map`, JSON.stringify({ ...result.map, file: basename(path) }))
  }
}
