/** What an app on Effect 4 imports, and nothing else. */
const dist = new URL("../../effect4/build/dist/", import.meta.url).href
const variants = {
  core: () => import(`${dist}index.js`),
  node: () => Promise.all([import(`${dist}index.js`), import(`${dist}node.js`)])
}

await variants[process.argv[2].split(":")[1]]()

export const make = () => ({})
