/** The replies of a description, used up one after the other. */
import { withTag } from "./models.js"
import type { RecordedRequest, Replies, Reply } from "./script.js"

const fits = (reply: Reply | string, record: RecordedRequest): boolean => {
  const when = typeof reply === "string" ? undefined : reply.when
  return when === undefined ||
    (typeof when === "string"
      ? record.model !== undefined && withTag(when) === withTag(record.model)
      : when(record))
}

export class ReplyQueue {
  private listed: ReadonlyArray<Reply | string>
  private used = new Set<number>()

  /** `repeats`: the last one again, when all are used. */
  constructor(private readonly replies: Replies | undefined, private readonly repeats: boolean) {
    this.listed = typeof replies === "function" ? [] : replies ?? []
  }

  push(replies: ReadonlyArray<Reply | string>): void {
    this.listed = [...this.listed, ...replies]
  }

  /** The first unused reply that is meant for this request; a function answers what the list does not. */
  next(record: RecordedRequest): Reply | string | undefined {
    let last: Reply | string | undefined
    for (const [index, reply] of this.listed.entries()) {
      if (!fits(reply, record)) continue
      last = reply
      if (this.used.has(index)) continue
      this.used.add(index)
      return reply
    }
    if (typeof this.replies === "function") return this.replies(record)
    if (last === undefined && this.replies === undefined) return "Hello."
    return this.repeats ? last : undefined
  }
}
