/** What a server answers that is asked to change its models, or for the web. */
import { isRecord, type JsonRecord, numberOf, own, stringOf } from "../json.js"
import { Sha256 } from "../server/sha256.js"
import { readBody } from "./checks.js"
import { goJson } from "./goJson.js"
import { install, type Installed, pulled, withParameters, withTag } from "./models.js"
import { json, ndjson, type Plan, streamed, whole } from "./plan.js"
import type { Registry } from "./script.js"

const lines = (values: ReadonlyArray<object>, delayMs = 0): Plan =>
  streamed(ndjson, values.map((value) => `${goJson(value)}\n`), { head: 0, chunk: delayMs })

const success = { status: "success" }

/** An answer that somebody did not want line by line. */
const atOnce = (value: object, status = 200): Plan => whole(status, "application/json", goJson(value))

// =============================================================================
// pull, push, create
// =============================================================================

/** Whether a registry has the model; without one, all are there. */
export const offers = (registry: Registry | undefined, name: string): boolean =>
  registry?.models === undefined || registry.models.some((model) => withTag(model) === withTag(name))

/** `isThere`: the layers of an installed model are there at once. */
export const pull = (model: Installed, stream: boolean, registry: Registry | undefined, isThere: boolean): Plan =>
  stream ? lines(pulled(model, registry?.layers, isThere), registry?.delayMs) : atOnce(success)

/** An error after the head, as of a model that no registry has. */
export const missing = (stream: boolean): Plan => {
  const error = { error: "pull model manifest: file does not exist" }
  return stream ? lines([{ status: "pulling manifest" }, error]) : atOnce(error, 500)
}

export const push = ({ digest }: Installed, stream: boolean, registry: Registry | undefined): Plan => {
  if (!stream) return atOnce(success)
  const layer = { status: `pushing ${digest.slice(0, 12)}`, digest: `sha256:${digest}`, total: 1000 }
  return lines([
    { status: "retrieving manifest" },
    layer,
    { ...layer, completed: 600 },
    { ...layer, completed: 1000 },
    { status: "pushing manifest" },
    success
  ], registry?.delayMs)
}

/** What a model is made of, laid over what it is made from. */
export const made = (name: string, body: JsonRecord, from: Installed | undefined): Installed => {
  const given = (key: string) => stringOf(body, key)
  const parameters = own(body, "parameters")
  const { digest: _, name: __, ...base } = from ?? install(name, 0)
  return install({
    ...base,
    name,
    system: given("system") ?? base.system,
    template: given("template") ?? base.template,
    license: given("license") ?? base.license,
    parameters: isRecord(parameters)
      ? withParameters(base.parameters, parameters as Readonly<Record<string, string | number>>)
      : base.parameters
  }, 0)
}

export const created = ({ digest }: Installed, stream: boolean, registry: Registry | undefined): Plan =>
  stream
    ? lines([
      { status: "parsing GGUF" },
      { status: `using existing layer sha256:${digest}` },
      { status: "writing manifest" },
      success
    ], registry?.delayMs)
    : atOnce(success)

// =============================================================================
// blobs
// =============================================================================

export const blobPath = "/api/blobs/"

/** Answers HEAD and POST; what arrives whole is added to the digests that are there. */
export const blob = (method: string, path: string, bytes: Uint8Array, blobs: Set<string>): Plan => {
  const digest = path.slice(blobPath.length)
  if (!/^sha256[:-][0-9a-f]{64}$/.test(digest)) return json({ error: "invalid digest format" }, 400)
  if (method === "HEAD") return whole(blobs.has(digest) ? 200 : 404, undefined, "")
  if (blobs.has(digest)) return whole(200, undefined, "")
  const found = `sha256:${new Sha256().add(bytes).hex()}`
  if (found !== digest) {
    const error = `digest mismatch, expected ${JSON.stringify(digest)}, got ${JSON.stringify(found)}`
    return json({ error }, 400)
  }
  blobs.add(digest)
  return whole(201, undefined, "")
}

/** A file that was named and never sent, or nothing to make a model from. */
export const refusedCreate = (body: JsonRecord, blobs: ReadonlySet<string>): Plan | undefined => {
  for (const field of ["files", "adapters"]) {
    const files = own(body, field)
    if (!isRecord(files)) continue
    const lost = Object.values(files).find((digest) => typeof digest !== "string" || !blobs.has(digest))
    if (lost !== undefined) return json({ error: `blob ${JSON.stringify(lost)} not found` }, 400)
  }
  return typeof body["from"] === "string" || isRecord(body["files"])
    ? undefined
    : json({ error: "neither 'from' or 'files' was specified" }, 400)
}

// =============================================================================
// the web
// =============================================================================

const search = (body: JsonRecord): Plan => {
  const query = stringOf(body, "query") ?? ""
  if (query === "") return json({ error: "query is required" }, 400)
  const most = Math.min(10, Math.max(1, numberOf(body, "max_results") ?? 5))
  const results = Array.from({ length: most }, (_, index) => ({
    title: `${query} (${index + 1})`,
    url: `https://example.com/${index + 1}`,
    content: `What page ${index + 1} says about ${query}.`
  }))
  return json({ results })
}

const fetched = (body: JsonRecord): Plan => {
  const url = stringOf(body, "url") ?? ""
  if (url === "") return json({ error: "url is required" }, 400)
  return json({ title: `The page ${url}`, content: `What ${url} says.`, links: [`${url}#more`] })
}

export const web = (path: string, text: string): Plan => {
  const body = readBody("ollama", text)
  if ("refused" in body) return body.refused
  return path.endsWith("search") ? search(body.json) : fetched(body.json)
}
