// What Effect 4 takes or gives another way, by the call it concerns or by the kind of node.
import ts from "typescript"

const args = (node, cx) => node.arguments.map((one) => cx.text(one))
const typeArgs = (node, cx) =>
  node.typeArguments === undefined ? "" : `<${node.typeArguments.map((one) => cx.text(one)).join(", ")}>`
const method = (cx, name) => `${cx.module(name.split(".")[0])}.${name.split(".")[1]}`
const property = (object, name) =>
  object !== undefined && ts.isObjectLiteralExpression(object)
    ? object.properties.find((one) => one.name?.text === name)
    : undefined
const valueOf = (property) =>
  property === undefined ? undefined : ts.isPropertyAssignment(property) ? property.initializer : property.name

/** An object literal without one of its properties; nothing where nothing would be left. */
const without = (object, name, cx) => {
  const rest = object.properties.filter((one) => one.name?.text !== name)
  return rest.length === 0 ? undefined : `{ ${rest.map((one) => cx.text(one)).join(", ")} }`
}

const listed = (name) => (node, cx) => {
  const [first] = node.arguments
  if (node.arguments.length === 1 && ts.isArrayLiteralExpression(first)) return undefined
  return `${method(cx, name)}([${args(node, cx).join(", ")}])`
}

const literal = (node, cx) =>
  node.arguments.length === 1 && !ts.isSpreadElement(node.arguments[0])
    ? undefined
    : `${method(cx, "Schema.Literals")}([${args(node, cx).join(", ")}])`

const record = (node, cx) => {
  const [key, value] = ["key", "value"].map((name) => valueOf(property(node.arguments[0], name)))
  return `${method(cx, "Schema.Record")}(${cx.text(key)}, ${cx.text(value)})`
}

// Spans of Effect 4 capture no stack trace unless they are asked to.
const withoutStackTrace = (name) => (node, cx) => {
  const options = node.arguments.at(-1)
  if (property(options, "captureStackTrace") === undefined) return undefined
  const rest = without(options, "captureStackTrace", cx)
  const before = node.arguments.slice(0, -1).map((one) => cx.text(one))
  return `${method(cx, name)}(${[...before, ...(rest === undefined ? [] : [rest])].join(", ")})`
}

const check = (filter) => (node, cx) =>
  `${method(cx, "Schema.check")}(${method(cx, `Schema.${filter}`)}(${args(node, cx).join(", ")}))`

const tag = (node, cx) => {
  // Context.Tag(id)<Self, Shape>()
  const inner = node.expression
  if (!ts.isCallExpression(inner) || cx.key(inner.expression) !== "Context.Tag") return undefined
  return `${method(cx, "Context.Service")}${typeArgs(node, cx)}()(${args(inner, cx).join(", ")})`
}

export const calls = {
  "Schema.Literal": literal,
  "Schema.Union": listed("Schema.Union"),
  "Schema.Tuple": listed("Schema.Tuple"),
  "Schema.Record": record,
  "Schema.positive": (_, cx) => `${method(cx, "Schema.check")}(${method(cx, "Schema.isGreaterThan")}(0))`,
  "Schema.nonNegative": (_, cx) => `${method(cx, "Schema.check")}(${method(cx, "Schema.isGreaterThanOrEqualTo")}(0))`,
  "Schema.filter": check("makeFilter"),
  "Schema.pattern": check("isPattern"),
  "Effect.withSpan": withoutStackTrace("Effect.withSpan"),
  "Effect.makeSpan": withoutStackTrace("Effect.makeSpan"),
  "Stream.withSpan": withoutStackTrace("Stream.withSpan"),
  "Deferred.unsafeMake": (node, cx) => `${method(cx, "Deferred.makeUnsafe")}${typeArgs(node, cx)}()`,
  "Effect.yieldNow": (_, cx) => method(cx, "Effect.yieldNow"),
  "Effect.timeoutFail": (node, cx) => {
    const options = node.arguments.at(-1)
    const made = valueOf(property(options, "onTimeout"))
    const rest = options.properties.filter((one) => one.name?.text !== "onTimeout").map((one) => cx.text(one))
    const error = ts.isArrowFunction(made) && !ts.isBlock(made.body) ? cx.text(made.body) : `(${cx.text(made)})()`
    const before = node.arguments.slice(0, -1).map((one) => cx.text(one))
    const shape = `{ ${[...rest, `orElse: () => ${method(cx, "Effect.fail")}(${error})`].join(", ")} }`
    return `${method(cx, "Effect.timeoutOrElse")}(${[...before, shape].join(", ")})`
  },
  "Schedule.intersect": (node, cx) =>
    node.arguments.length === 2
      ? `${method(cx, "Schedule.max")}([${args(node, cx).join(", ")}])`
      : `(self) => ${method(cx, "Schedule.max")}([self, ${args(node, cx)[0]}])`
}

const K = ts.SyntaxKind

const own = (object, name) => Object.hasOwn(object, name) ? object[name] : undefined
const methods = { unsafeInterruptAsFork: "interruptUnsafe", unsafePoll: "pollUnsafe", getFiberRef: "getRef" }

const isEitherTag = (node, cx) =>
  ts.isPropertyAccessExpression(node) && node.name.text === "_tag" && cx.has(cx.typeOf(node.expression), "Either")

const tags = { Left: "\"Failure\"", Right: "\"Success\"" }
const sides = { left: "failure", right: "success" }
const handlers = { onLeft: "onFailure", onRight: "onSuccess" }

export const nodes = {
  [K.CallExpression]: [
    tag,
    // schema.annotations({ .. })
    (node, cx) => {
      if (!ts.isPropertyAccessExpression(node.expression) || node.expression.name.text !== "annotations") return undefined
      if (cx.typeOf(node.expression.expression).getProperty("annotations") === undefined) return undefined
      if (cx.typeOf(node.expression.expression).getProperty("ast") === undefined) return undefined
      return `${cx.text(node.expression.expression)}.annotate(${args(node, cx).join(", ")})`
    },
    // fiber.unsafeInterruptAsFork(FiberId.none), fiber.unsafePoll()
    (node, cx) => {
      if (!ts.isPropertyAccessExpression(node.expression)) return undefined
      const to = own(methods, node.expression.name.text)
      if (to === undefined) return undefined
      return `${cx.text(node.expression.expression)}.${to}(${to === "getRef" ? args(node, cx).join(", ") : ""})`
    }
  ],
  [K.PropertyAccessExpression]: [
    (node, cx) => {
      const to = own(sides, node.name.text)
      if (to === undefined || !cx.has(cx.typeOf(node.expression), "Either")) return undefined
      return `${cx.text(node.expression)}.${to}`
    },
    (node, cx) =>
      node.name.text === "unsafeCurrentTimeMillis" ? `${cx.text(node.expression)}.currentTimeMillisUnsafe` : undefined
  ],
  [K.StringLiteral]: [
    (node) => {
      const to = own(tags, node.text)
      if (to === undefined) return undefined
      return to !== undefined && "eitherTag" in node ? to : undefined
    }
  ],
  [K.BinaryExpression]: [
    (node, cx) => {
      const literal = ts.isStringLiteral(node.right) ? own(tags, node.right.text) : undefined
      if (literal === undefined || !isEitherTag(node.left, cx)) return undefined
      return `${cx.text(node.left)} ${node.operatorToken.getText()} ${literal}`
    }
  ],
  [K.PropertyAssignment]: [
    (node, cx) => {
      const to = own(handlers, node.name.text)
      if (to === undefined) return undefined
      return `${to}: ${cx.text(node.initializer)}`
    }
  ],
  [K.TypeReference]: [
    (node, cx) => {
      const key = cx.key(node.typeName)
      if (key === "Schema.Schema" && node.typeArguments !== undefined) {
        return `${method(cx, "Schema.Codec")}${typeArgs(node, cx)}`
      }
      return undefined
    }
  ]
}
