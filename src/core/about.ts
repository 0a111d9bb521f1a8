/** What a finished answer says about itself. */
import type { ChatRequest, Finish, FinishEvent, Ignored, Usage } from "../Chat.js"
import type { Cost } from "../Model.js"
import type { Selection } from "./catalog/selection.js"

/** All that a finish event says and that one attempt knows. */
export type About = Omit<FinishEvent, "type" | "attempts">

/** What was asked for, as it was sent. */
export interface Asked {
  readonly request: ChatRequest
  readonly ignored: ReadonlyArray<Ignored>
  /** The context size (tokens) that the model is known to have now. */
  readonly numCtx: number | undefined
}

// A prompt of so many characters has more tokens than this, whatever the language: only then is a cut worth saying.
const charactersPerToken = 6

const characters = (request: ChatRequest): number => {
  let sum = 0
  for (const message of request.messages) {
    if (typeof message.content === "string") sum += message.content.length
    else {
      for (const part of message.content) {
        if (part.type === "text" || part.type === "reasoning") sum += part.text.length
        else if (part.type === "tool-call") sum += part.argumentsText.length
      }
    }
  }
  return sum
}

// Cached tokens have a price of their own; what was not counted costs nothing that is known.
const priceOf = ({ cachedInputTokens = 0, inputTokens = 0, outputTokens = 0 }: Usage, cost: Cost): number => {
  const cached = Math.min(cachedInputTokens, inputTokens)
  return ((inputTokens - cached) * cost.input + cached * cost.cacheRead + outputTokens * cost.output) / 1_000_000
}

// Servers cut a prompt silently: it fills the context, and is much longer.
const isCut = (usage: Usage, { numCtx, request }: Asked): boolean =>
  usage.inputTokens !== undefined
  && numCtx !== undefined
  && usage.inputTokens <= numCtx
  && characters(request) / charactersPerToken > numCtx

const usageOf = (usage: Usage, cost: Cost, asked: Asked): Usage => {
  const price = priceOf(usage, cost)
  const cut = isCut(usage, asked)
  return price === 0 && !cut ? usage : {
    ...usage,
    ...(price === 0 ? undefined : { cost: price }),
    ...(cut ? { promptTruncated: true } : undefined)
  }
}

/** What the answer of this selection says about itself, now that it is finished. */
export const about = (finish: Finish, { model, ref, selectedBy }: Selection, asked: Asked): About => ({
  finishReason: finish.finishReason,
  ...(finish.rawFinishReason === undefined ? undefined : { rawFinishReason: finish.rawFinishReason }),
  ...(finish.usage === undefined ? undefined : { usage: usageOf(finish.usage, model.cost, asked) }),
  ...(finish.timings === undefined ? undefined : { timings: finish.timings }),
  ...(finish.model === undefined ? undefined : { model: finish.model }),
  ...(finish.responseId === undefined ? undefined : { responseId: finish.responseId }),
  ref,
  selectedBy,
  ignored: finish.ignored === undefined ? asked.ignored : [...asked.ignored, ...finish.ignored]
})
