/**
 * The door of the catalog: nobody else imports another file of this room.
 *
 * - `make` chooses models from catalogs.
 * - `makeCache` remembers and shares a catalog that has to be asked for.
 * - `unlockWith` and `unlockAlone` complete a provider with the secrets that only the host can look up.
 * - `makeDiscovery` asks for one: a probed list, then what each model can do, as far as that is not remembered.
 */
export { make as makeCache } from "./catalogCache.js"
export { make as makeDiscovery } from "./discovery.js"
export { type Candidate, make, type Service } from "./models.js"
export { unlockAlone, unlockWith } from "./secrets.js"
