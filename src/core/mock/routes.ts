/** The paths of a server, and the methods that each takes. */
import type { Generation } from "./generation.js"
import { blobPath } from "./operations.js"

const methods: Readonly<Record<string, ReadonlyArray<string>>> = {
  "/": ["GET", "HEAD"],
  "/api/version": ["GET", "HEAD"],
  "/api/tags": ["GET", "HEAD"],
  "/api/ps": ["GET"],
  "/api/show": ["POST"],
  "/api/chat": ["POST"],
  "/api/embed": ["POST"],
  "/api/embeddings": ["POST"],
  "/api/pull": ["POST"],
  "/api/push": ["POST"],
  "/api/create": ["POST"],
  "/api/copy": ["POST"],
  "/api/delete": ["DELETE"],
  "/api/generate": ["POST"],
  "/api/web_search": ["POST"],
  "/api/web_fetch": ["POST"],
  "/api/experimental/web_search": ["POST"],
  "/api/experimental/web_fetch": ["POST"],
  "/v1/models": ["GET"],
  "/v1/chat/completions": ["POST"],
  "/v1/completions": ["POST"],
  "/v1/responses": ["POST"],
  "/v1/embeddings": ["POST"]
}

/** Before the name of one model, which has no slash. */
export const modelPath = "/v1/models/"

/** The methods that a path takes; `undefined` for one that there is not. */
export const methodsOf = (path: string, generation: Generation): ReadonlyArray<string> | undefined => {
  if (path.startsWith(blobPath)) return ["HEAD", "POST"]
  if (path.startsWith(modelPath)) return path.indexOf("/", modelPath.length) < 0 ? ["GET"] : undefined
  if (path === "/v1/responses" && !generation.responds) return undefined
  return Object.hasOwn(methods, path) ? methods[path] : undefined
}
