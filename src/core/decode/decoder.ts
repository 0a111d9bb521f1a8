/** The way into decoding: `make` for a stream, `whole` for a whole answer. */
export { make } from "./stream.js"
export { whole } from "./whole.js"
