/**
 * Puts events together again. A million deltas leave a few flat strings: pieces are joined in batches, so that nothing
 * is kept per delta and no network chunk stays alive.
 */
import type { AssistantPart, PartialAnswer } from "../../Message.js"
import type { ContentEvent } from "./types.js"

const batch = 512

/** Joins many pieces of text to one. */
export class Joiner {
  private readonly pieces: Array<string> = []
  private blocks: Array<string> = []
  private large: Array<string> = []

  add(piece: string) {
    if (this.pieces.push(piece) < batch) return
    this.blocks.push(this.pieces.join(""))
    this.pieces.length = 0
    if (this.blocks.length < batch) return
    this.large.push(this.blocks.join(""))
    this.blocks = []
  }

  get isEmpty(): boolean {
    return this.pieces.length + this.blocks.length + this.large.length === 0
  }

  text(): string {
    return this.large.join("") + this.blocks.join("") + this.pieces.join("")
  }

  clear() {
    this.pieces.length = 0
    this.blocks = []
    this.large = []
  }
}

export class Collector {
  /** The characters of all of it; a part and a call count for a little more than their text. */
  size = 0
  private readonly done: Array<AssistantPart> = []
  private readonly joiner = new Joiner()
  private kind: "reasoning" | "text" = "text"

  /** `keep`: what comes after so many characters is counted and not kept. */
  constructor(private readonly keep = Infinity) {}

  get isTruncated(): boolean {
    return this.size > this.keep
  }

  add(events: ReadonlyArray<ContentEvent>) {
    for (let i = 0; i < events.length; i++) {
      const event = events[i] as ContentEvent
      switch (event.type) {
        case "text-delta":
        case "reasoning-delta":
          this.size += event.delta.length
          if (this.size <= this.keep) this.joiner.add(event.delta)
          break
        case "text-start":
          this.kind = "text"
          this.size += 64
          break
        case "reasoning-start":
          this.kind = "reasoning"
          this.size += 64
          break
        case "tool-call":
          this.size += 64 + event.argumentsText.length
          if (this.size <= this.keep) this.done.push(event)
          break
        default:
          this.close()
      }
    }
  }

  parts(): ReadonlyArray<AssistantPart> {
    return this.joiner.isEmpty ? this.done.slice() : [...this.done, { type: this.kind, text: this.joiner.text() }]
  }

  partial(): PartialAnswer {
    return { parts: this.parts(), ...(this.isTruncated ? { truncated: true } : undefined) }
  }

  private close() {
    if (this.joiner.isEmpty) return
    this.done.push({ type: this.kind, text: this.joiner.text() })
    this.joiner.clear()
  }
}
