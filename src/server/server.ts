/**
 * The door of the server: all that an Ollama is asked, apart from completions.
 *
 * - Questions have one whole answer.
 * - `pull`, `push`, `create` and `generateStream` read their answer as they are pulled.
 * - `upload` sends a file as it comes.
 */
export { type Blob, digest, type Ensured, has, upload } from "./blobs.js"
export type { StreamError, Streaming } from "./lines.js"
export {
  type Asking,
  copy,
  embed,
  generate,
  load,
  type ModelError,
  ps,
  remove,
  show,
  tags,
  version,
  webFetch,
  webSearch
} from "./questions.js"
export { create, type CreateOptions, generateStream, pull, type PullOptions, push } from "./streams.js"
