// Prints the counts of a vitest JSON report on one line, and fails when a test failed or none ran.
import { readFileSync } from "node:fs"

const { numFailedTests, numPassedTests, numPendingTests, numTodoTests } = JSON.parse(
  readFileSync(process.argv[2], "utf8")
)
const skipped = numPendingTests + numTodoTests
console.log(`${numPassedTests} passed, ${numFailedTests} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`)
process.exit(numFailedTests > 0 || numPassedTests === 0 ? 1 : 0)
