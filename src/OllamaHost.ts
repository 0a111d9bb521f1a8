/**
 * `OLLAMA_HOST`, read as Ollama itself reads it: usually without a scheme, often without a port.
 *
 * @since 0.1.0
 */
import * as baseUrl from "./core/baseUrl.js"

// Go's net.SplitHostPort; undefined where that fails
const splitHostPort = (text: string): readonly [host: string, port: string] | undefined => {
  const colon = text.lastIndexOf(":")
  if (colon < 0) return undefined
  const port = text.slice(colon + 1)
  let host = text.slice(0, colon)
  if (host.startsWith("[")) {
    if (!host.endsWith("]")) return undefined
    host = host.slice(1, -1)
  } else if (host.includes(":")) {
    return undefined
  }
  return /[[\]]/.test(host) || /[[\]]/.test(port) ? undefined : [host, port]
}

const isPort = (text: string): boolean => /^\d{1,5}$/.test(text) && Number(text) <= 65535

/**
 * The base URL that a value of `OLLAMA_HOST` means. An absent or blank value is `http://127.0.0.1:11434`; an address on
 * which a server listens for everyone (`0.0.0.0`, `[::]`, no host at all) becomes the loopback address. A scheme that is
 * neither `http` nor `https` is kept, and refused where the URL is used.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * import { OllamaHost } from "effect-ollama"
 *
 * OllamaHost.parse("gpu-box") // "http://gpu-box:11434"
 * OllamaHost.parse("https://example.com/ollama") // "https://example.com:443/ollama"
 */
export const parse = (value: string | undefined): string => {
  const text = (value ?? "").trim().replace(/^["']+|["']+$/g, "").trim()
  const at = text.indexOf("://")
  const scheme = at >= 0 ? text.slice(0, at) : text === "ollama.com" ? "https" : "http"
  const defaultPort = scheme === "https" ? "443" : scheme === "http" && at >= 0 ? "80" : "11434"
  const rest = at < 0 ? text : text.slice(at + 3)
  const slash = rest.indexOf("/")
  const authority = slash < 0 ? rest : rest.slice(0, slash)
  const path = slash < 0 ? "" : baseUrl.stripApi(rest.slice(slash))
  const [host, port] = splitHostPort(authority) ?? [authority.replace(/^\[+|\]+$/g, ""), defaultPort]
  const address = baseUrl.connectable(host === "" ? "127.0.0.1" : host.includes(":") ? `[${host}]` : host)
  return `${scheme}://${address}:${isPort(port) ? port.replace(/^0+(?=\d)/, "") : defaultPort}${path}`
}
