/** What an app imports, and nothing else: the import is what is measured. */
const { dist } = JSON.parse(process.argv[4])
const variants = {
  nothing: () => {},
  barrels: () => Promise.all([import("effect"), import("@effect/platform")]),
  core: () => import(`${dist}index.js`),
  node: () => Promise.all([import(`${dist}index.js`), import(`${dist}node.js`)])
}

const variant = process.argv[2].split(":")[1]
await variants[variant]()

export const make = () => ({})
