/** What a caller gave, as plain JSON, or what is wrong with it and where. */
import * as Either from "effect/Either"
import { InvalidRequest } from "../../OllamaError.js"
import { type Unwritable, write } from "../json.js"

export const invalid = (path: string, detail: string): Either.Either<never, InvalidRequest> =>
  Either.left(unwritable({ path, detail }))

/** A value that is no JSON, as the error of a request. */
export const unwritable = ({ detail, path }: Unwritable): InvalidRequest =>
  new InvalidRequest({ detail, path: path === "" ? undefined : path })

/** A body as JSON text. */
export const written = (body: unknown): Either.Either<string, InvalidRequest> =>
  Either.mapLeft(write(body, ""), unwritable)

/** A deep copy as plain JSON, so that later changes of the original change nothing. */
export const plain = (value: unknown, path: string): Either.Either<unknown, InvalidRequest> =>
  Either.mapBoth(write(value, path), { onLeft: unwritable, onRight: (text) => JSON.parse(text) as unknown })
