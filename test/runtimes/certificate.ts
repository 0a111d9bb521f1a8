/** A key and a certificate that nobody signed, for 127.0.0.1, made anew: no key lies in the repository. */
import { generateKeyPairSync, randomBytes, sign } from "node:crypto"

// =============================================================================
// DER
// =============================================================================

const tagged = (tag: number, ...parts: ReadonlyArray<Buffer>): Buffer => {
  const content = Buffer.concat(parts)
  const { length } = content
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

const sequence = (...parts: ReadonlyArray<Buffer>) => tagged(0x30, ...parts)
const objectId = (hex: string) => tagged(0x06, Buffer.from(hex, "hex"))
const integer = (bytes: Buffer) => tagged(0x02, bytes)
const bits = (bytes: Buffer) => tagged(0x03, Buffer.of(0), bytes)
const octets = (bytes: Buffer) => tagged(0x04, bytes)
const text = (value: string) => tagged(0x0c, Buffer.from(value))
const time = (ms: number) =>
  tagged(0x17, Buffer.from(`${new Date(ms).toISOString().slice(2, 19).replace(/[-:T]/g, "")}Z`))

// =============================================================================
// the certificate
// =============================================================================

const ecdsaWithSha256 = sequence(objectId("2a8648ce3d040302"))
const subjectAltName = objectId("551d11")
const name = sequence(tagged(0x31, sequence(objectId("550403"), text("127.0.0.1"))))
const day = 24 * 60 * 60 * 1000

const pem = (der: Buffer) =>
  `-----BEGIN CERTIFICATE-----\n${der.toString("base64").replace(/.{1,64}/g, "$&\n")}-----END CERTIFICATE-----\n`

/** In PEM, valid from yesterday until tomorrow. */
export const makeCertificate = (): { readonly key: string; readonly cert: string } => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" })
  const address = tagged(0x87, Buffer.of(127, 0, 0, 1))
  const toBeSigned = sequence(
    tagged(0xa0, integer(Buffer.of(2))),
    integer(Buffer.concat([Buffer.of(1), randomBytes(8)])),
    ecdsaWithSha256,
    name,
    sequence(time(Date.now() - day), time(Date.now() + day)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    tagged(0xa3, sequence(sequence(subjectAltName, octets(sequence(address)))))
  )
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert: pem(sequence(toBeSigned, ecdsaWithSha256, bits(sign("sha256", toBeSigned, privateKey))))
  }
}
