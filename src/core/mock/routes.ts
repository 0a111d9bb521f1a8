/** The paths of a server, and the methods that each takes. */
import { blobPath } from "./operations.js"

const methods: Readonly<Record<string, ReadonlyArray<string>>> = {
  "/": ["GET", "HEAD"],
  "/api/version": ["GET", "HEAD"],
  "/api/tags": ["GET", "HEAD"],
  "/api/ps": ["GET"],
  "/api/show": ["POST"],
  "/api/chat": ["POST"],
  "/api/embed": ["POST"],
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
  "/v1/embeddings": ["POST"]
}

/** The methods that a path takes; `undefined` for one that there is not. */
export const methodsOf = (path: string): ReadonlyArray<string> | undefined =>
  path.startsWith(blobPath) ? ["HEAD", "POST"] : Object.hasOwn(methods, path) ? methods[path] : undefined
