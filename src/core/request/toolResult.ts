/** The results of tools as the text that a model reads. */
import { nearest } from "../json.js"

export const resultText = (value: unknown): string => {
  if (typeof value === "string") return value
  try {
    return JSON.stringify(value, nearest) ?? ""
  } catch {
    try {
      return String(value)
    } catch {
      // What has no prototype has no text.
      return Object.prototype.toString.call(value)
    }
  }
}

/** No API has a place for a failure: the text says that it is one. */
export const failureText = (error: unknown): string => resultText({ error })
