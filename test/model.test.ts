import { assert, describe, it } from "@effect/vitest"
import { Model } from "effect-ollama"
import { definition } from "./models/fixtures.js"

describe("Model.lacks", () => {
  it("counts what was said, never a default", () => {
    const none = definition("m", { reasoning: false, tools: false, input: ["text"] })
    const all = definition("m", { reasoning: true, tools: true, input: ["text", "image"] })
    const known = ["reasoning", "tools", "input"] as const
    for (const capability of ["reasoning", "tools", "image"] as const) {
      assert.isFalse(Model.lacks(none, capability), capability)
      assert.isTrue(Model.lacks({ ...none, known }, capability), capability)
      assert.isFalse(Model.lacks({ ...all, known }, capability), capability)
    }
    assert.isTrue(Model.lacks({ ...none, known: ["reasoning"] }, "reasoning"))
    assert.isTrue(Model.lacks({ ...none, known: ["tools"] }, "tools"))
    assert.isTrue(Model.lacks({ ...none, known: ["input"] }, "image"))
    assert.isFalse(Model.lacks(definition("m", { known: ["tools"] }), "tools"))
  })

  it("can be piped", () => {
    assert.isTrue(Model.lacks("tools")(definition("m", { tools: false, known: ["tools"] })))
  })
})
