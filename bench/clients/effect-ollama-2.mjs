/** The library for Effect 4, of effect4/build: `cd effect4 && npm run build`. */
export { make } from "../../effect4/bench/effect-ollama.mjs"
