/** Settings of several ranks, as the Layer, the messages and an override around the call give them. */
import * as Either from "effect/Either"
import { canonical } from "../request/params.js"

export interface Settings {
  readonly params?: { readonly [name: string]: unknown } | undefined
}

const withoutNames = <A extends object>(settings: A, names: ReadonlyArray<string>): A =>
  Object.fromEntries(Object.entries(settings).filter(([name]) => !names.includes(name))) as A // all of them are optional

/**
 * Two ranks as one. What the stronger has among its `params` wins over what the weaker says of the same by an option of its
 * own, or in another spelling. `params` that are wrong stay as they are: whoever reads the request refuses them.
 */
export const over = <Weak extends Settings, Strong extends Settings>(weak: Weak, strong: Strong): Weak & Strong => {
  const said = canonical(strong.params, "")
  const names = Either.isRight(said) ? Object.keys(said.right) : []
  const known = canonical(weak.params, "")
  const left = Either.isRight(known) ? withoutNames(known.right, names) : weak.params
  return { ...withoutNames(weak, names), ...strong, params: { ...left, ...strong.params } }
}
