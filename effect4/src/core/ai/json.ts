import type * as Schema from "effect/Schema"

/** What is kept beside messages and parts is JSON: the same type without what JSON has not. */
export type Jsonly<T> = unknown extends T ? Schema.Json
  : T extends ReadonlyArray<infer A> ? ReadonlyArray<Jsonly<A>>
  : T extends object ? { readonly [K in keyof T]: Jsonly<Exclude<T[K], undefined>> }
  : T
