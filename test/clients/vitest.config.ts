import { mergeConfig } from "vitest/config"
import root from "../../vitest.config.js"

const merged = mergeConfig(root, {})

export default {
  ...merged,
  test: { ...merged.test, include: ["test/clients/*.test.ts"], exclude: ["**/node_modules/**"] }
}
