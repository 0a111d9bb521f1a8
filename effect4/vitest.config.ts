import { join } from "node:path"
import { defineConfig } from "vitest/config"
import { settings, workers } from "../scripts/lib/vitest.js"

// Of the folder that it runs in: this one, or one with other versions (scripts/test.mjs).
const root = join(process.cwd(), "build")
const { resolve, test } = settings(join(root, "src").replaceAll("\\", "/"))

export default defineConfig({ root, resolve, test: { ...test, exclude: ["**/node_modules/**"], maxWorkers: workers } })
