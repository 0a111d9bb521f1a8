// @partial
type HintedClass<Self, Tag extends string, Fields extends Schema.Struct.Fields, C extends Category> = Schema.Class<
  Self,
  Schema.TaggedStruct<Tag, Fields>,
  YieldableError & { readonly hint: string; readonly category: C; readonly isRetryable: boolean }
>
