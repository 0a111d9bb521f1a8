// The program in workerd, as miniflare starts it: `node workerd.mjs <bundle> <servers>` prints its report.
import { Miniflare } from "miniflare"
import { readFileSync } from "node:fs"

const [bundle, servers] = process.argv.slice(2)
const worker = new Miniflare({
  modules: true,
  script: readFileSync(bundle, "utf8"),
  compatibilityDate: "2026-07-01",
  // it would ask the network for one
  cf: false
})
try {
  const response = await worker.dispatchFetch("http://worker/", { method: "POST", body: servers })
  const said = await response.text()
  if (response.ok) console.log(said)
  else throw new Error(said)
} finally {
  await worker.dispose()
}
