// @partial
const Json = Schema.Unknown.annotate({ toEquivalence: () => sameJson })
