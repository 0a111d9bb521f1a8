/** The replies of a description, used up one after the other. */
import { withTag } from "./models.js"
import type { RecordedRequest, Replies, Reply } from "./script.js"

export class ReplyQueue {
  private used = new Set<number>()

  constructor(private replies: Replies, private readonly repeats: boolean) {}

  push(replies: ReadonlyArray<Reply | string>): void {
    if (typeof this.replies !== "function") this.replies = [...this.replies, ...replies]
    else {
      this.replies = replies
      this.used = new Set()
    }
  }

  /** The first unused reply that is meant for this request; when all are used, the last of them again. */
  next(record: RecordedRequest): Reply | string | undefined {
    if (typeof this.replies === "function") return this.replies(record)
    const fits = this.replies.map((reply, index) => ({ reply, index })).filter(({ reply }) => {
      const when = typeof reply === "string" ? undefined : reply.when
      return when === undefined ||
        (typeof when === "string"
          ? record.model !== undefined && withTag(when) === withTag(record.model)
          : when(record))
    })
    const fresh = fits.find(({ index }) => !this.used.has(index))
    if (fresh !== undefined) {
      this.used.add(fresh.index)
      return fresh.reply
    }
    return this.repeats ? fits.at(-1)?.reply : undefined
  }
}
