/**
 * The caller's mistakes that Ollama names: wrong whatever the model, so nobody else is asked. These are its own texts, as
 * they were recorded, from their beginning; whoever says anything else just refuses. Ollama says some of them with a 500,
 * and old versions inside of a success.
 */
import { type ModelEndpointError, RequestRejected } from "../../OllamaError.js"

interface Mistake {
  readonly text: RegExp
  /** With which statuses, when only some are meant. */
  readonly only?: number
  /** The setting that it names: its first group, or this. */
  readonly setting?: string
}

const mistakes: ReadonlyArray<Mistake> = [
  { text: /^option "(.*?)" must be of type/ },
  { text: /^invalid format: /, setting: "format" },
  { text: /^invalid (?:think|reasoning) value: /, setting: "think" },
  { text: /^time: (?:invalid|missing|unknown) /, setting: "keep_alive" },
  { text: /^invalid model name/, setting: "model" },
  { text: /^model is required/, setting: "model" },
  { text: /^missing request body/ },
  { text: /^illegal base64 data/ },
  { text: /^invalid image input/ },
  { text: /^image URLs are not currently supported/ },
  { text: /^invalid message content type: / },
  { text: /^invalid tool call arguments/ },
  { text: /^\[\] is too short - 'messages'/ },
  { text: /^invalid character .{1,8} looking for beginning of object key string/ },
  // A runner's, with any other status.
  { text: /^invalid character '/, only: 400 },
  { text: /^(?:unexpected )?EOF$/, only: 400 }
]

// Words of other versions and servers for how hard to think: who refuses one cannot do that.
const efforts = /^\S+ \S+ value: ["'](?:off|none|minimal|low|medium|high|xhigh|adaptive|max|ultra|true|false)["']/

/** Whether a text refuses a word for thinking that newer versions take. */
export const isOldEffort = (text: string): boolean =>
  efforts.test(text) && find(text)?.setting === "think"
  || /^json: cannot unmarshal \w+ into Go struct field \w+\.think\b/.test(text)

const find = (text: string, status?: number): Mistake | undefined =>
  mistakes.find((mistake) =>
    (mistake.only === undefined || status === undefined || mistake.only === status) && mistake.text.test(text)
  )

/** Whether a text names a mistake of the caller. */
export const isMistake = (text: string, status: number): boolean =>
  (status === 200 || status === 400 || status === 500) && !isOldEffort(text) && find(text, status) !== undefined

/** The setting that the text of a mistake names, by its name in Ollama's own API: `num_ctx`, `format`, `think`, ... */
export const settingOf = (text: string): string | undefined => {
  const mistake = find(text)
  return mistake?.setting ?? mistake?.text.exec(text)?.[1]
}

/**
 * A mistake is the caller's only if the caller wrote it: when the setting that the server names came from the
 * configuration, this model refuses, and another one may answer. `isOfCall` says whose a setting is.
 */
export const unlessConfigured = (
  error: ModelEndpointError,
  isOfCall: (setting: string) => boolean
): ModelEndpointError => {
  if (error._tag !== "InvalidRequest" || error.status === undefined) return error
  const setting = settingOf(error.detail)
  return setting === undefined || isOfCall(setting)
    ? error
    : new RequestRejected({
      url: error.url ?? "",
      status: error.status,
      detail: error.detail,
      partial: error.partial
    })
}
