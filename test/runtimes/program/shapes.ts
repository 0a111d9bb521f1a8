/** How the clients of a runtime tell of what goes wrong: their errors as plain data. */

/** Where each fault can be had. */
export interface Faults {
  /** The mock: what it does depends on the prompt. */
  readonly mock: string
  /** Nothing listens there. */
  readonly refused: string
  /** A name that nobody has. */
  readonly dns: string
  /** https to the port of the mock, which speaks http. */
  readonly tls: string
  /** https with a certificate that nobody signed. */
  readonly certificate: string
  /** Answers with something that is not HTTP. */
  readonly notHttp: string
}

/** A fault, and the error that a client made of it; none when it noticed nothing. */
export interface Shape {
  readonly fault: string
  /** Whether an answer had begun. */
  readonly phase: "head" | "body"
  readonly error: unknown
}

interface Fault {
  readonly fault: string
  readonly phase: "head" | "body"
  readonly url: string
  readonly body: object
}

/** The faults whose errors are kept, as requests to `/api/chat`. */
export const faults = (servers: Faults): ReadonlyArray<Fault> => {
  const fault = (fault: string, phase: "head" | "body", root: string): Fault => ({
    fault,
    phase,
    url: `${root}/api/chat`,
    body: { model: "small:1b", stream: true, messages: [{ role: "user", content: fault }] }
  })
  return [
    fault("refused", "head", servers.refused),
    fault("dns", "head", servers.dns),
    fault("tls", "head", servers.tls),
    fault("certificate", "head", servers.certificate),
    fault("not HTTP", "head", servers.notHttp),
    fault("reset", "head", servers.mock),
    fault("closed", "head", servers.mock),
    fault("cut by a reset", "body", servers.mock),
    fault("cut by a close", "body", servers.mock)
  ]
}

const fields = ["_tag", "reason", "name", "message", "code", "errno", "syscall", "address", "port"] as const

/** An error with its causes, as plain data: what a classifier can see of it. Ports are those of Ollama in all of them. */
export const shapeOf = (error: unknown, depth = 0): unknown => {
  if (typeof error === "string") return withoutPorts(error)
  if (typeof error !== "object" || error === null || depth > 5) return error === undefined ? undefined : String(error)
  const shape: Record<string, unknown> = {}
  for (const field of fields) {
    const value: unknown = (error as Record<string, unknown>)[field]
    if (typeof value === "string") shape[field] = withoutPorts(value)
    else if (typeof value === "number") shape[field] = field === "port" ? 11434 : value
  }
  const { cause, errors } = error as { readonly cause?: unknown; readonly errors?: unknown }
  if (cause !== undefined && cause !== null) shape["cause"] = shapeOf(cause, depth + 1)
  if (Array.isArray(errors)) shape["errors"] = errors.map((error) => shapeOf(error, depth + 1))
  return shape
}

// And without what else differs from run to run: OpenSSL's thread, workerd's reference.
const withoutPorts = (text: string): string =>
  text
    .replace(/(127\.0\.0\.1|localhost|\.invalid):\d{2,5}\b/g, "$1:11434")
    .replace(/^[0-9A-F]{8,16}:error:/, "0:error:")
    .replace(/(reference = )\w+/, "$10")
