import { spawnSync } from "node:child_process"
import { repo } from "./repo.mjs"

/** Runs a command with its output shown; ends this process with the command's exit code when it fails. */
export const run = (command, args, options = {}) => {
  const result = spawnSync(command, args, { cwd: repo, stdio: "inherit", ...options })
  if (result.error) throw result.error
  if (result.status !== 0) process.exit(result.status ?? 1)
}
