/** The folder of the bundled command, for all threads of a run: they do not tell when they end, so Vitest clears it. */
import { rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** Where no package is near. */
export const bundleFolder = join(tmpdir(), `effect-ollama-cli-${process.pid}`)

const clear = () => rmSync(bundleFolder, { recursive: true, force: true })

// what a run left that had the same process id and was killed would be taken for this one's
export const setup = clear

export const teardown = clear
