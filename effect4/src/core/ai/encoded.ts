// @partial
export type ProviderOptions = { readonly [provider: string]: unknown }

export type Usage = {
  readonly inputTokens: {
    readonly uncached: number | undefined
    readonly total: number | undefined
    readonly cacheRead: number | undefined
    readonly cacheWrite: undefined
  }
  readonly outputTokens: {
    readonly total: number | undefined
    readonly text: number | undefined
    readonly reasoning: number | undefined
  }
}
