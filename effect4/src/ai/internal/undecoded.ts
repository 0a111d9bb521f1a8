/** The language model as the core makes it: what there is to win past its schemas was not measured here. */
import * as LanguageModel from "effect/ai/LanguageModel"

export const make = LanguageModel.make
