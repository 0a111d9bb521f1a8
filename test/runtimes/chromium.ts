/** The headless Chromium of the system, closed with the scope. */
import { Effect } from "effect"
import { existsSync } from "node:fs"
import { chromium } from "playwright-core"

const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]

export const launch = Effect.acquireRelease(
  Effect.promise(() => {
    const executablePath = places.find((place) => existsSync(place))
    if (executablePath === undefined) throw new Error("There is no Chromium: apt-get install chromium")
    // A container has no namespaces for its sandbox; it sees nothing but pages of this repository.
    return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] })
  }),
  (browser) => Effect.promise(() => browser.close())
)
