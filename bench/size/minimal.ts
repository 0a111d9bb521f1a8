// What a minimal app bundles. `npm run size` measures it.
import * as ModelRef from "effect-ollama/ModelRef"
import * as Either from "effect/Either"

console.log(Either.map(ModelRef.parse("ollama/gpt-oss:20b"), ModelRef.format))
