import type { TransportError } from "../../OllamaError.js"

/** Whether the server did not answer; an answer that refuses is none of these. */
export const isTransportError = (error: { readonly _tag: string }): error is TransportError =>
  error._tag === "ConnectionRefused" || error._tag === "ConnectionFailed" || error._tag === "RequestTimeout"
