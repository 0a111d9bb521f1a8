// @partial
import * as Cause from "effect/Cause"
import * as Option from "effect/Option"

const causeOf = (cause: Cause.Cause<unknown>, sending: Sending): Cause.Cause<TransportError> => {
  const failure = Cause.findErrorOption(cause)
  if (Option.isSome(failure)) return Cause.fail(unsent(failure.value, sending))
  const defect = cause.reasons.find(Cause.isDieReason)?.defect
  return isInputDefect(defect) ? Cause.fail(unsent(defect, sending)) : cause as Cause.Cause<never>
}
