/** How it is on Effect 4. */
import { it } from "./effect4.js"

/** Skipped, with the reason. */
export const only3 = (reason: string) => (name: string, _body: unknown) => void it.skip(`${name} (${reason})`, () => {})

/** Only where `HttpClient.TracerHeaderFilter` asks for them. */
export const spansTellHeaders = false
