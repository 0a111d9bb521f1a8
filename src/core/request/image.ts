/**
 * Pictures: bytes or base64 data URLs of JPEG, PNG and WebP become data URLs of one spelling; nothing else is accepted,
 * and nothing is fetched.
 */
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import type { InvalidRequest } from "../../OllamaError.js"
import { invalid } from "./plain.js"

type MediaType = "image/jpeg" | "image/png" | "image/webp"

const startsWith = (bytes: Uint8Array, magic: ReadonlyArray<number>, offset = 0): boolean =>
  magic.every((byte, i) => bytes[offset + i] === byte)

const sniff = (bytes: Uint8Array): MediaType | undefined => {
  if (startsWith(bytes, [0xff, 0xd8, 0xff])) return "image/jpeg"
  if (startsWith(bytes, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) return "image/png"
  if (startsWith(bytes, [0x52, 0x49, 0x46, 0x46]) && startsWith(bytes, [0x57, 0x45, 0x42, 0x50], 8)) return "image/webp"
  return undefined
}

const mediaTypes: ReadonlyMap<string, MediaType> = new Map<string, MediaType>([
  ["image/jpeg", "image/jpeg"],
  ["image/jpg", "image/jpeg"],
  ["image/png", "image/png"],
  ["image/webp", "image/webp"]
])

const expected = "expected the bytes or a base64 data URL of a JPEG, PNG or WebP"

const isBytes = (value: unknown): value is Uint8Array => Object.prototype.toString.call(value) === "[object Uint8Array]"

/** The data URL of a picture, in the one spelling that every server version reads. */
export const dataUrl = (image: unknown, path: string): Either.Either<string, InvalidRequest> => {
  if (typeof image === "string") return fromUrl(image, path)
  if (!isBytes(image)) return invalid(path, expected)
  const mediaType = sniff(image)
  if (mediaType === undefined) return invalid(path, `${expected}; these bytes begin like none of them`)
  return Either.right(`data:${mediaType};base64,${toBase64(image)}`)
}

const fromUrl = (url: string, path: string): Either.Either<string, InvalidRequest> => {
  const comma = url.indexOf(",")
  const head = comma < 0 || comma > 200 ? undefined : /^data:([^;,]*)((?:;[^;,]*)*);base64$/i.exec(url.slice(0, comma))
  if (!head) {
    return invalid(path, /^https?:/i.test(url) ? `${expected}; nothing is fetched from a URL` : expected)
  }
  const base64 = standardBase64(url.slice(comma + 1))
  if (base64 === undefined) return invalid(path, `${expected}; this one's base64 is broken or empty`)
  const declared = head[1]!.trim().toLowerCase()
  const mediaType = declared === "" ? sniffBase64(base64) : mediaTypes.get(declared)
  if (mediaType === undefined) return invalid(path, declared === "" ? expected : `${expected}; found ${declared}`)
  return Either.right(`data:${mediaType};base64,${base64}`)
}

/** Standard alphabet, padded, without line breaks: Go accepts nothing else. */
const standardBase64 = (text: string): string | undefined => {
  let digits = text.replace(/={1,2}$/, "")
  // A search for what must not be there: matching megabytes of what must be could exhaust the regex engine's stack.
  if (/[^A-Za-z0-9+/]/.test(digits)) {
    digits = text.replace(/\s+/g, "").replace(/={1,2}$/, "").replaceAll("-", "+").replaceAll("_", "/")
    if (/[^A-Za-z0-9+/]/.test(digits)) return undefined
  }
  if (digits === "" || digits.length % 4 === 1) return undefined
  return digits.length % 4 === 0 && digits.length === text.length
    ? text
    : digits + "=".repeat((4 - digits.length % 4) % 4)
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

/** A picture has megabytes, and `effect/Encoding` would hold up everything else for more than 0.1 s for each of them. */
const toBase64 = (bytes: Uint8Array): string => {
  const digits = new TextEncoder().encode(alphabet)
  const out = new Uint8Array(Math.ceil(bytes.length / 3) * 4).fill(0x3d)
  let at = 0
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i
    const triple = bytes[i]! << 16 | (left > 1 ? bytes[i + 1]! << 8 : 0) | (left > 2 ? bytes[i + 2]! : 0)
    out[at] = digits[triple >> 18]!
    out[at + 1] = digits[triple >> 12 & 63]!
    if (left > 1) out[at + 2] = digits[triple >> 6 & 63]!
    if (left > 2) out[at + 3] = digits[triple & 63]!
    at += 4
  }
  return new TextDecoder().decode(out)
}

const sniffBase64 = (base64: string): MediaType | undefined =>
  Either.match(Encoding.decodeBase64(base64.length > 24 ? base64.slice(0, 24) : base64), {
    onLeft: () => undefined,
    onRight: sniff
  })

/** The base64 of a data URL. */
export const bareBase64 = (url: string): string => url.slice(url.indexOf(",") + 1)
