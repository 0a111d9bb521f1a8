import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"
import { settings, workers } from "./scripts/lib/vitest.js"

const { resolve, test } = settings(fileURLToPath(new URL("./src", import.meta.url)))

export default defineConfig({
  resolve,
  test: {
    ...test,
    exclude: ["**/node_modules/**", "test/clients/**", "test/live/**"],
    setupFiles: ["test/support/lightTests.ts"],
    poolOptions: { threads: { maxThreads: workers } },
    coverage: {
      include: ["src/**"],
      reporter: ["text-summary", "html"]
    }
  }
})
