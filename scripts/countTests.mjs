// Prints the counts of vitest's JSON reports on one line, and fails when a test failed or none ran.
import { readFileSync } from "node:fs"

const reports = process.argv.slice(2).map((path) => JSON.parse(readFileSync(path, "utf8")))
const sum = (...names) =>
  reports.reduce((total, report) => total + names.reduce((all, name) => all + report[name], 0), 0)

const [passed, failed, skipped] = [
  sum("numPassedTests"),
  sum("numFailedTests"),
  sum("numPendingTests", "numTodoTests")
]
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`)
process.exit(failed > 0 || passed === 0 ? 1 : 0)
