import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck as fc } from "effect"
import * as Vectors from "../src/core/embedding/vectors.js"

const bytes = (text: string) => new TextEncoder().encode(text)

const taken = (text: string, form: Vectors.Form = "numbers") => {
  const found = Vectors.take(bytes(text), form)
  return found === undefined ? undefined : { rest: new TextDecoder().decode(found.rest), vectors: found.vectors }
}

const parsed = (text: string) =>
  Either.getOrUndefined(Either.try((): Array<Array<number>> => JSON.parse(text).embeddings))

const digits = fc.stringMatching(/^-?(0|[1-9][0-9]{0,18})(\.[0-9]{1,24})?([eE][+-]?[0-9]{1,2})?$/)

describe("vectors are taken out of an answer", () => {
  it("of Ollama's own API, whatever stands around them", () => {
    assert.deepStrictEqual(taken("{\"model\":\"é\",\"embeddings\":[[1,-2.5],[0.25,3e-1]],\"total\":[1]}"), {
      rest: "{\"model\":\"é\",\"embeddings\":[0,1],\"total\":[1]}",
      vectors: [[1, -2.5], [0.25, 0.3]]
    })
  })

  it("of /v1, as others print it", () => {
    assert.deepStrictEqual(
      taken("{ \"data\" : [ { \"embedding\" : [\n  1 ,\n  2\n ], \"index\":1 }, {\"embedding\":[3,4],\"index\":0} ] }"),
      {
        rest: "{ \"data\" : [ { \"embedding\" : 0, \"index\":1 }, {\"embedding\":1,\"index\":0} ] }",
        vectors: [[1, 2], [3, 4]]
      }
    )
  })

  it("of as many texts as may be", () => {
    const vectors = Array.from({ length: 100_000 }, () => [0])
    assert.lengthOf(taken(JSON.stringify({ embeddings: vectors }))?.vectors ?? [], vectors.length)
  })

  it("and not out of a text within it", () => {
    const text = JSON.stringify({ model: "\"embedding\":[1,2]", embeddings: [[3, 4]] })
    assert.deepStrictEqual(taken(text)?.vectors, [[3, 4]])
  })

  it("with the same last bit as JSON.parse reads, in either form", () => {
    fc.assert(
      fc.property(fc.array(digits, { minLength: 1, maxLength: 20 }), (numbers) => {
        const text = `{"embeddings":[[${numbers.join()}]]}`
        const wanted = JSON.parse(text).embeddings[0] as ReadonlyArray<number>
        assert.deepStrictEqual(taken(text)?.vectors[0], wanted)
        assert.deepStrictEqual(taken(text, "float32")?.vectors[0], new Float32Array(wanted))
      }),
      { numRuns: 500 }
    )
  })

  it("however far behind the point its digits are", () => {
    for (let zeros = 0; zeros < 30; zeros++) {
      for (let count = 1; count <= 18; count++) {
        const number = `0.${"0".repeat(zeros)}${"987654321987654321".slice(0, count)}`
        assert.deepStrictEqual(taken(`{"embeddings":[[${number}]]}`)?.vectors, [[Number(number)]], number)
      }
    }
  })

  it("digits alone, wherever in a number another byte stands", () => {
    for (let place = 0; place < 14; place++) {
      for (let other = 0; other < 256; other++) {
        const answer = bytes("{\"embeddings\":[[0.12345678901234]]}")
        answer[18 + place] = other
        const text = new TextDecoder("latin1").decode(answer)
        const read = parsed(text)?.flat().every(Number.isFinite) === true ? parsed(text) : undefined
        const found = Vectors.take(answer, "numbers")
        // what is around the numbers is read afterwards
        const isWhole = found !== undefined && parsed(new TextDecoder("latin1").decode(found.rest)) !== undefined
        assert.deepStrictEqual(isWhole ? found.vectors : undefined, read, text)
      }
    }
  })

  it("more than a thousand numbers each", () => {
    const vector = Array.from({ length: 4096 }, (_, index) => index / 8)
    assert.deepStrictEqual(taken(JSON.stringify({ embeddings: [vector, vector] }))?.vectors, [vector, vector])
  })

  for (
    const wrong of [
      "{\"embeddings\":[]}",
      "{\"embeddings\":[[]]}",
      "{\"embeddings\":[[1],[1,2]]}",
      "{\"embeddings\":[[1,null]]}",
      "{\"embeddings\":[[01]]}",
      "{\"embeddings\":[[1.]]}",
      "{\"embeddings\":[[.5]]}",
      "{\"embeddings\":[[+1]]}",
      "{\"embeddings\":[[1e]]}",
      "{\"embeddings\":[[-]]}",
      "{\"embeddings\":[[1,]]}",
      "{\"embeddings\":[[1 2]]}",
      "{\"embeddings\":[[1e999]]}",
      "{\"embeddings\":[[1",
      "{\"embeddings\":[[1.",
      "{\"embeddings\":[[1e",
      "{\"embeddings\":[[-",
      "{\"embeddings\":[[1, \n",
      "{\"embeddings\":[[1}",
      "{\"embeddings\":[[1.}",
      "{\"embeddings\":[[}",
      "{\"embeddings\":[[1]",
      "{\"embeddings\":[[1]2]}",
      "{\"error\":\"no\"}"
    ]
  ) {
    it(`but for what is written otherwise: ${wrong}`, () => {
      assert.isUndefined(taken(wrong))
    })
  }
})
