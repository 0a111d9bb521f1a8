// The tests of the library for Effect 3: what is written behind goes to vitest.
//
// They do three thousand things a few times each, and few of them often enough to be worth compiling well: V8 waits twice as
// long before it does, and collects garbage where it is made. 66 s of CPU for 75.
import { bin } from "./lib/repo.mjs"
import { run } from "./lib/run.mjs"

const v8 = ["--single-threaded-gc", "--interrupt-budget=270000"]

// what esbuild keeps is little, and it runs for seconds
const env = { GOGC: "400", ...process.env }

run(process.execPath, [...v8, bin("vitest"), "run", ...process.argv.slice(2)], { env })
