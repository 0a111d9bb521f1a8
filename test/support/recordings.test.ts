import { assert, describe, it } from "@effect/vitest"
import * as Recordings from "./recordings.js"

describe("recordings", () => {
  it("holds all exchanges of all four servers", () => {
    assert.deepStrictEqual(Recordings.versions.map((version) => Recordings.load(version).length), [173, 173, 173, 242])
  })

  it("adds up to the length that the server announced", () => {
    let checked = 0
    for (const version of Recordings.versions) {
      for (const { name, request, response } of Recordings.load(version)) {
        const length = response.headers.find(([header]) => header === "Content-Length")?.[1]
        if (length === undefined || request.method === "HEAD") continue
        assert.strictEqual(response.body.length, Number(length), `${version}/${name}`)
        checked++
      }
    }
    assert.isAbove(checked, 300)
  })

  it("names only known exchanges in what is expected of them", () => {
    let entries = 0
    for (const version of Recordings.versions) {
      for (const name of Object.keys(Recordings.expected(version))) {
        assert.isTrue(Recordings.has(version, name), `${version}/${name}`)
        entries++
      }
      for (const name of Object.keys(Recordings.expectedErrors[version])) {
        assert.isTrue(Recordings.has(version, name), `${version}/${name}`)
      }
    }
    assert.strictEqual(entries, 464)
  })
})
