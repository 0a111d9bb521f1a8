/** What tests say of Effect 3 that is not so of Effect 4: the file of this name in effect4/test says how it is there. */
import { it } from "@effect/vitest"

/** A test of what Effect 4 has no more, with the reason. */
export const only3 = (_reason: string) => it.effect

/** Whether spans of requests tell of headers without being asked to. */
export const spansTellHeaders = true
