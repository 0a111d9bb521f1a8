/** The headless Chromium of the system, closed with the scope. */
import { Data, Effect } from "effect"
import { existsSync } from "node:fs"
import { chromium } from "playwright-core"

/** Why something cannot be run here: that is no result. */
export class NotHere extends Data.TaggedError("NotHere")<{ readonly message: string }> {}

const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]

export const launch = Effect.acquireRelease(
  Effect.suspend(() => {
    const executablePath = places.find((place) => existsSync(place))
    return executablePath === undefined
      ? new NotHere({ message: "there is no Chromium: apt-get install chromium" })
      : Effect.tryPromise({
        // A container has no namespaces for its sandbox; it sees nothing but pages of this repository.
        try: () => chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] }),
        catch: (error) => new NotHere({ message: `Chromium does not start: ${String(error).split("\n")[0]}` })
      })
  }),
  (browser) => Effect.promise(() => browser.close().catch(() => {}))
)

/** What a browser says that is no more, by its own fault or the machine's. */
export const isGone = (error: unknown): boolean => /has been closed|Target closed|crashed/.test(String(error))

/** A page of a browser of its own. */
export const openPage = Effect.flatMap(launch, (browser) =>
  Effect.tryPromise({
    try: async () => {
      const page = await browser.newPage({ viewport: { width: 800, height: 600 } })
      page.setDefaultTimeout(30_000)
      await page.evaluate(() => document.title)
      return page
    },
    catch: (error) => new NotHere({ message: `Chromium opens no page: ${String(error).split("\n")[0]}` })
  }))
