// The pages: the same text, with what is said of Effect 3 alone changed.
import { prose } from "./prose.mjs"

export const page = (_, text) => prose(text)
