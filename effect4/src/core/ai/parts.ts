// @partial
const difference = (all: number | undefined, some: number | undefined): number | undefined =>
  all === undefined || some === undefined || some > all ? undefined : all - some

const usageOf = (usage: FinishEvent["usage"]): Encoded.Usage => {
  const total = count(usage?.inputTokens)
  const cacheRead = count(usage?.cachedInputTokens)
  const written = count(usage?.outputTokens)
  const reasoning = count(usage?.reasoningTokens)
  return {
    inputTokens: { uncached: difference(total, cacheRead), total, cacheRead, cacheWrite: undefined },
    outputTokens: { total: written, text: difference(written, reasoning), reasoning }
  }
}
