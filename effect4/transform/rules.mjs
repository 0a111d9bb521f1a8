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

const named = (name, node, cx) => `${method(cx, name)}(${args(node, cx).join(", ")})`

const provided = (service) => (node, cx) =>
  `${method(cx, "Effect.provideService")}(${
    [...args(node, cx).slice(0, -1), method(cx, `${service}.${service}`), args(node, cx).at(-1)].join(", ")
  })`

/** `new RequestError({ request, reason: "Transport", cause })`: one error, whose reason has a class of its own. */
const httpError = (node, cx) => {
  const [given] = node.arguments
  const reason = valueOf(property(given, "reason"))
  const inner = without(given, "reason", cx)
  const error = method(cx, "HttpClientError.HttpClientError").replace(/\.\w+$/, "")
  const made = ts.isStringLiteral(reason)
    ? `${error}.${reason.text}Error`
    : `(${error}[\`\${${cx.text(reason)}}Error\` as "TransportError"])`
  return `new ${error}.HttpClientError({ reason: new ${made}(${inner}) })`
}

/** The state of a fiber, as the Option that it was in Effect 3. */
const polled = (node, cx) =>
  `${method(cx, "Effect.sync")}(() => ${method(cx, "Option.fromNullishOr")}(${args(node, cx)[0]}.pollUnsafe()))`

export const calls = {
  // A value is no effect in Effect 4.
  "Effect.tap": (node, cx) => {
    const last = node.arguments.at(-1)
    const [signature] = cx.typeOf(last).getCallSignatures()
    const given = signature?.getReturnType()
    if (given === undefined || given.flags & (ts.TypeFlags.Any | ts.TypeFlags.TypeParameter)) return undefined
    if (["Effect", "Either", "Option", "Fiber", "Deferred"].some((kind) => cx.has(given, kind)) || cx.isEffect(given)) {
      return undefined
    }
    const before = node.arguments.slice(0, -1).map((one) => cx.text(one))
    return `${method(cx, "Effect.tap")}(${
      [...before, `(value) => ${method(cx, "Effect.sync")}(() => (${cx.text(last)})(value))`].join(", ")
    })`
  },
  "Layer.mergeAll": (node, cx) => {
    const services = node.arguments.find((one) => cx.key(one) === "HttpServer.layerContext")
    if (services === undefined) return undefined
    const others = node.arguments.filter((one) => one !== services).map((one) => cx.text(one))
    const merged = others.length === 1 ? others[0] : `${method(cx, "Layer.mergeAll")}(${others.join(", ")})`
    return `${method(cx, "Layer.provide")}(${merged}, ${cx.text(services)})`
  },
  "Duration.subtract": (node, cx) =>
    `${method(cx, "Duration.subtract")}(${
      args(node, cx).map((one) => `${method(cx, "Duration.fromInputUnsafe")}(${one})`).join(", ")
    })`,
  // with the name of the model, which is a parameter of who makes it
  "AiModel.make": (node, cx) => {
    const [provider, layer] = args(node, cx)
    let at = node
    while (!ts.isArrowFunction(at)) at = at.parent
    const isOptional = at.parameters.find((one) => one.name.getText() === "model").questionToken !== undefined
    return `${method(cx, "AiModel.make")}(${provider}, ${isOptional ? `model ?? "default"` : "model"}, ${layer})`
  },
  "Tool.make": (node, cx) => {
    const fields = valueOf(property(node.arguments[1], "parameters"))
    if (fields === undefined || !ts.isObjectLiteralExpression(fields)) return undefined
    return cx.plain(node).replace(cx.text(fields), `${method(cx, "Schema.Struct")}(${cx.text(fields)})`)
  },
  // the end of a pull
  "Effect.catchAll": (node, cx) => {
    const handler = node.arguments.at(-1)
    const isEnd = ts.isArrowFunction(handler) && handler.parameters[0]?.name.getText() === "end"
      && ts.isConditionalExpression(handler.body)
    if (!isEnd) return undefined
    return `${method(cx, "Effect.catch")}(${cx.text(node.arguments[0])}, (end) => ${
      method(cx, "Cause.isDone")
    }(end) ? ${method(cx, "Effect.void")} : ${method(cx, "Effect.fail")}(end))`
  },
  "Fiber.poll": polled,
  // In Effect 4 it has no value.
  "Fiber.interrupt": (node, cx) => {
    const [fiber] = args(node, cx)
    if (!cx.sourceFile.fileName.includes("/test/")) return undefined
    return !(ts.isYieldExpression(node.parent) && ts.isExpressionStatement(node.parent.parent))
      ? `${method(cx, "Effect.andThen")}(${method(cx, "Fiber.interrupt")}(${fiber}), ${
        method(cx, "Fiber.await")
      }(${fiber}))`
      : undefined
  },
  "Fiber.interruptFork": (node, cx) => `${method(cx, "Effect.sync")}(() => ${args(node, cx)[0]}.interruptUnsafe())`,
  "Effect.repeatN": (node, cx) => {
    const given = args(node, cx)
    return `${method(cx, "Effect.repeat")}(${[...given.slice(0, -1), `{ times: ${given.at(-1)} }`].join(", ")})`
  },
  "Effect.dieMessage": (node, cx) => `${method(cx, "Effect.die")}(new Error(${args(node, cx)[0]}))`,
  "Stream.dieMessage": (node, cx) => `${method(cx, "Stream.die")}(new Error(${args(node, cx)[0]}))`,
  "Cause.originalError": (node, cx) => args(node, cx)[0],
  "Cause.pretty": (node, cx) => `${method(cx, "Cause.pretty")}(${args(node, cx)[0]})`,
  "Chunk.size": (node, cx) => `(${args(node, cx)[0]}).length`,
  "Effect.tapDefect": (node, cx) => {
    const given = args(node, cx)
    return `${method(cx, "Effect.tapDefect")}(${
      [...given.slice(0, -1), `(defect) => (${given.at(-1)})(${method(cx, "Cause.die")}(defect))`].join(", ")
    })`
  },
  "Tool.providerDefined": (node, cx) =>
    cx.plain(node).replace(/\btoolkitName\b/, "customName").replace(/,?\s*args: \{\}/, ""),
  "Chunk.unsafeLast": (node, cx) => `${args(node, cx)[0]}.at(-1)!`,
  "Arbitrary.make": (node, cx) => `${cx.helper("arbitraryOf")}(${args(node, cx)[0]})`,
  "JSONSchema.make": (node, cx) => `${method(cx, "Schema.toJsonSchemaDocument")}(${args(node, cx)[0]}).schema`,
  "Runtime.runPromise": (node, cx) => `${method(cx, "Effect.runPromiseWith")}(${args(node, cx)[0]})`,
  "Runtime.runFork": (node, cx) => `${method(cx, "Effect.runForkWith")}(${args(node, cx)[0]})`,
  "Logger.replace": (node, cx) => `${method(cx, "Logger.layer")}([${args(node, cx)[1]}])`,
  "Logger.minimumLogLevel": (node, cx) =>
    `${method(cx, "Layer.succeed")}(${method(cx, "References.MinimumLogLevel")}, "${node.arguments[0].name.text}")`,
  "new PlatformError.SystemError": (node, cx) => {
    const [given] = node.arguments
    const reason = property(given, "reason")
    return `${method(cx, "PlatformError.systemError")}({ _tag: ${cx.text(valueOf(reason))}, ${
      given.properties.filter((one) => one !== reason).map((one) => cx.text(one)).join(", ")
    } })`
  },
  "Effect.withRandom": (node, cx) =>
    `${method(cx, "Effect.provideService")}(${
      [
        ...args(node, cx).slice(0, -1),
        method(cx, "Random.Random"),
        "{ nextIntUnsafe: () => 0, nextDoubleUnsafe: () => 0.5 }"
      ]
        .join(", ")
    })`,
  "Schedule.whileInput": (node, cx) => {
    const given = args(node, cx)
    const test = node.arguments.at(-1)
    const [input] = test.parameters
    const type = input.type === undefined
      ? ""
      : `: ${cx.module("Schedule", false)}.Metadata<unknown, ${cx.text(input.type)}>`
    const test4 = `({ input: ${input.name.getText()} }${type}) => ${method(cx, "Effect.succeed")}(${
      cx.text(test.body)
    })`
    return `${method(cx, "Schedule.while")}(${[...given.slice(0, -1), test4].join(", ")})`
  },
  "Layer.map": (node, cx) => {
    const [layer, change] = args(node, cx)
    return `${method(cx, "Layer.flatMap")}(${layer}, (context) => ${
      method(cx, "Layer.succeedContext")
    }((${change})(context)))`
  },
  "Stream.filterMap": (node, cx) => {
    const given = args(node, cx)
    // one of this library is a Filter by hand
    return cx.isOfOptions(node.arguments.at(-1)) && !/\btextDelta$/.test(given.at(-1))
      ? `${method(cx, "Stream.filterMap")}(${
        [...given.slice(0, -1), `(value) => ${method(cx, "Result.fromOption")}((${given.at(-1)})(value), () => value)`]
          .join(", ")
      })`
      : undefined
  },

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
  "Schema.Struct": (node, cx) => {
    const [fields, rest] = node.arguments
    if (rest === undefined) return undefined
    const made = property(rest, "key") === undefined ? cx.text(rest) : record({ arguments: [rest] }, cx)
    return `${method(cx, "Schema.StructWithRest")}(${method(cx, "Schema.Struct")}(${cx.text(fields)}), [${made}])`
  },
  // Data first, a predicate of Effect 4 does not learn the type of the error.
  "Effect.catchIf": (node, cx) =>
    node.arguments.length === 3
      ? `(${cx.text(node.arguments[0])}).pipe(${method(cx, "Effect.catchIf")}(${args(node, cx).slice(1).join(", ")}))`
      : undefined,
  "RequestResolver.fromEffect": (node, cx) =>
    `${method(cx, "RequestResolver.fromEffect")}((entry) => (${args(node, cx)[0]})(entry.request))`,
  "HttpClientRequest.make": (node, cx) =>
    !ts.isStringLiteral(node.arguments[0])
      ? `${method(cx, "HttpClientRequest.make")}(${args(node, cx)[0]} as ${cx.module("HttpMethod", false)}.HttpMethod)`
      : undefined,
  // both tags of a PlatformError of Effect 3
  "Effect.catchTags": (node, cx) => {
    const handlers = node.arguments.at(-1)
    const [one, other] = ["SystemError", "BadArgument"].map((name) => property(handlers, name))
    if (one === undefined || other === undefined) return undefined
    return `${method(cx, "Effect.catchTag")}(${
      [...node.arguments.slice(0, -1).map((one) => cx.text(one)), "\"PlatformError\"", cx.text(valueOf(one))].join(", ")
    })`
  },
  "Effect.tryMap": (node, cx) => {
    const [effect, options] = node.arguments
    const [attempt, caught] = ["try", "catch"].map((name) => cx.text(valueOf(property(options, name))))
    return `${method(cx, "Effect.flatMap")}(${cx.text(effect)}, (value) => ${
      method(cx, "Effect.try")
    }({ try: () => (${attempt})(value), catch: ${caught} }))`
  },
  "Effect.timeoutTo": (node, cx) => {
    const options = node.arguments.at(-1)
    const [duration, onSuccess, onTimeout] = ["duration", "onSuccess", "onTimeout"].map((name) =>
      cx.text(valueOf(property(options, name)))
    )
    const before = node.arguments.length === 2 ? cx.text(node.arguments[0]) : "self"
    const made = `${method(cx, "Effect.timeoutOrElse")}(${
      method(cx, "Effect.map")
    }(${before}, ${onSuccess}), { duration: ${duration}, orElse: () => ${method(cx, "Effect.sync")}(${onTimeout}) })`
    return node.arguments.length === 2 ? made : `(self) => ${made}`
  },
  "Effect.withClock": provided("Clock"),
  "Effect.withConsole": provided("Console"),
  "MetricLabel.make": (node, cx) => `[${args(node, cx).join(", ")}] as const`,
  "Metric.tagged": (node, cx) => {
    const [key, value] = args(node, cx).slice(-2)
    const before = node.arguments.length === 3 ? [cx.text(node.arguments[0])] : []
    return `${method(cx, "Metric.withAttributes")}(${[...before, `{ [${key}]: ${value} }`].join(", ")})`
  },
  "Effect.tagMetrics": (node, cx) => {
    const [key, value] = args(node, cx).slice(-2)
    const before = node.arguments.length === 3 ? [cx.text(node.arguments[0])] : []
    return `${method(cx, "Effect.provideService")}(${
      [...before, method(cx, "Metric.CurrentMetricAttributes"), `{ [${key}]: ${value} }`].join(", ")
    })`
  },
  "Effect.locally": (node, cx) => named("Effect.provideService", node, cx),
  "Logger.withMinimumLogLevel": (node, cx) =>
    `${method(cx, "Effect.provideService")}(${
      [...args(node, cx).slice(0, -1), method(cx, "References.MinimumLogLevel"), args(node, cx).at(-1)].join(", ")
    })`,
  "HashSet.make": (node, cx) => `new Set([${args(node, cx).join(", ")}])`,
  "Effect.all": (node, cx) => {
    const [all] = node.arguments
    const item = cx.checker.getIndexTypeOfType(cx.typeOf(all), ts.IndexKind.Number)
    if (ts.isArrayLiteralExpression(all) || item === undefined || !cx.isOnly(item, "Either")) return undefined
    const given = args(node, cx)
    return `${method(cx, "Effect.all")}(${
      [`(${given[0]}).map((one) => ${method(cx, "Effect.fromResult")}(one))`, ...given.slice(1)].join(", ")
    })`
  },
  "Schedule.tapOutput": (node, cx) => {
    const given = args(node, cx)
    return `${method(cx, "Schedule.tap")}(${
      [
        ...given.slice(0, -1),
        given.at(-1).startsWith("() =>") ? given.at(-1) : `({ output }) => (${given.at(-1)})(output)`
      ].join(", ")
    })`
  },
  // several tags
  "Effect.catchTag": (node, cx) => {
    const tags = node.arguments.filter(ts.isStringLiteral)
    if (tags.length < 2) return undefined
    const others = node.arguments.filter((one) => !ts.isStringLiteral(one)).map((one) => cx.text(one))
    const list = `[${tags.map((one) => one.getText()).join(", ")}]`
    return `${method(cx, "Effect.catchTag")}(${[...others.slice(0, -1), list, others.at(-1)].join(", ")})`
  },
  "Tool.getJsonSchemaFromSchemaAst": (node, cx) =>
    `${method(cx, "Tool.getJsonSchemaFromSchema")}(${args(node, cx)[0].replace(/\.ast$/, "")})`,
  "Schedule.tapInput": (node, cx) => {
    const given = args(node, cx)
    return `${method(cx, "Schedule.tap")}(${
      [...given.slice(0, -1), `({ input }) => (${given.at(-1)})(input)`].join(", ")
    })`
  },
  "Fiber.join": (node, cx) =>
    ts.isCallExpression(node.arguments[0]) && cx.key(node.arguments[0].expression) === "Fiber.all"
      ? `${method(cx, "Fiber.joinAll")}(${args(node.arguments[0], cx)[0]})`
      : undefined,
  "Scheduler.make": (node, cx) => {
    const [, shouldYield] = args(node, cx)
    return `({ executionMode: "async", makeDispatcher: () => new ${
      method(cx, "Scheduler.MixedScheduler")
    }().makeDispatcher(), shouldYield: ${shouldYield} }) satisfies ${cx.module("Scheduler", false)}.Scheduler`
  },
  "Tracer.make": (node, cx) => {
    const span = valueOf(property(node.arguments[0], "span"))
    const names = span.parameters.map((one) => one.name.getText())
    const isRest = span.parameters.some((one) => one.dotDotDotToken !== undefined)
    const fields = ["name", "parent", "annotations", "links", "startTime", "kind"]
    const body = cx.text(span.body)
    return isRest
      ? `${method(cx, "Tracer.make")}({ span: (options) => ${
        body.replace(/\((?:name, )?\.\.\.\w+\)/, "(options)").replace(/(?<![\w.])name\b/g, "options.name")
      } })`
      : `${method(cx, "Tracer.make")}({ span: ({ ${
        names.map((name, i) => fields[i] === name ? name : `${fields[i]}: ${name}`).join(", ")
      } }) => ${body} })`
  },
  "Effect.withTracer": provided("Tracer"),
  "Effect.withConfigProvider": provided("ConfigProvider"),
  "Exit.mapErrorCause": (node, cx) => {
    const [exit, map] = args(node, cx)
    return `(${method(cx, "Exit.isSuccess")}(${exit}) ? ${method(cx, "Exit.succeed")}(${exit}.value) : ${
      method(cx, "Exit.failCause")
    }((${map})(${exit}.cause)))`
  },
  "Cause.dieOption": (node, cx) =>
    `${method(cx, "Option.fromNullishOr")}(${args(node, cx)[0]}.reasons.find(${
      method(cx, "Cause.isDieReason")
    })?.defect)`,
  "Context.get": (node, cx) => {
    const [context, tag] = node.arguments
    if (cx.key(context) === "DefaultServices.liveServices") {
      return cx.key(tag) === "Tracer.Tracer" ? method(cx, "Tracer.nativeTracer") : undefined
    }
    const isOfFiber = ts.isCallExpression(context) && ts.isPropertyAccessExpression(context.expression)
      && context.expression.name.text === "getFiberRef"
    return isOfFiber ? `${cx.text(context.expression.expression)}.getRef(${cx.text(tag)})` : undefined
  },
  "Stream.runFold": (node, cx) => {
    const [stream, initial, add] = args(node, cx)
    return add === undefined
      ? `${method(cx, "Stream.runFold")}(() => ${stream}, ${initial})`
      : `${method(cx, "Stream.runFold")}(${stream}, () => ${initial}, ${add})`
  },
  "Stream.interruptWhenDeferred": (node, cx) => {
    const [stream, deferred] = args(node, cx)
    return `${method(cx, "Stream.interruptWhen")}(${stream}, ${method(cx, "Deferred.await")}(${deferred}))`
  },
  "Stream.repeatEffectChunkOption": (node, cx) =>
    `${method(cx, "Stream.fromPull")}(${method(cx, "Effect.succeed")}(${args(node, cx)[0]}))`,
  "Stream.execute": (node, cx) => `${method(cx, "Stream.fromEffectDrain")}(${args(node, cx)[0]})`,
  // Chunks are arrays.
  "Chunk.unsafeFromArray": (node, cx) => args(node, cx)[0],
  "Chunk.toReadonlyArray": (node, cx) => args(node, cx)[0],
  "Chunk.toArray": (node, cx) => `Array.from(${args(node, cx)[0]})`,
  "Chunk.of": (node, cx) => `[${args(node, cx)[0]}]`,
  "Chunk.make": (node, cx) => `[${args(node, cx).join(", ")}]`,
  "Chunk.empty": () => "[]",
  "Schema.optionalWith": (node, cx) => {
    const options = node.arguments.at(-1)
    if (property(options, "as") !== undefined) {
      return `${method(cx, "Schema.OptionFromOptionalKey")}(${args(node, cx)[0]})`
    }
    return `${method(cx, "Schema.withDecodingDefault")}(${method(cx, "Effect.sync")}(${
      cx.text(valueOf(property(options, "default")))
    }))`
  },
  "Schema.withConstructorDefault": (node, cx) =>
    `${method(cx, "Schema.withConstructorDefault")}(${method(cx, "Effect.sync")}(${args(node, cx)[0]}))`,
  "Schema.propertySignature": (node, cx) => args(node, cx)[0],
  "Layer.setConfigProvider": (node, cx) => `${method(cx, "ConfigProvider.layer")}(${args(node, cx)[0]})`,
  "Layer.setTracer": (node, cx) =>
    `${method(cx, "Layer.succeed")}(${method(cx, "Tracer.Tracer")}, ${args(node, cx)[0]})`,
  "ConfigProvider.fromMap": (node, cx) => {
    const [map] = node.arguments
    const entries = ts.isNewExpression(map) && map.expression.getText() === "Map" ? map.arguments?.[0] : undefined
    const isOf = entries !== undefined && ts.isCallExpression(entries) &&
      entries.expression.getText() === "Object.entries"
    const given = ts.isNewExpression(map) && !map.arguments?.length
      ? "{}"
      : isOf
      ? cx.text(entries.arguments[0])
      : `Object.fromEntries(${entries === undefined ? cx.text(map) : cx.text(entries)})`
    return `${method(cx, "ConfigProvider.fromUnknown")}(${given})`
  },
  "new HttpClientError.RequestError": httpError,
  "new HttpClientError.ResponseError": httpError,
  "Schedule.intersect": (node, cx) =>
    node.arguments.length === 2
      ? `${method(cx, "Schedule.max")}([${args(node, cx).join(", ")}])`
      : `(self) => ${method(cx, "Schedule.max")}([self, ${args(node, cx)[0]}])`
}

const K = ts.SyntaxKind

/** Whether a store is asked by another one, which gives on what it gets. */
const isOfStore = (node) => {
  let at = node
  while (at !== undefined && !(ts.isPropertyAssignment(at) && at.name.getText() === "get")) at = at.parent
  return at !== undefined
}

const own = (object, name) => Object.hasOwn(object, name) ? object[name] : undefined
const methods = { unsafeInterruptAsFork: "interruptUnsafe", unsafePoll: "pollUnsafe", getFiberRef: "getRef" }

const isEitherTag = (node, cx) =>
  ts.isPropertyAccessExpression(node) && node.name.text === "_tag" && cx.has(cx.typeOf(node.expression), "Either")

const causes = ["Empty", "Fail", "Die", "Interrupt", "Sequential", "Parallel"]

const isHttpClientError = (type, cx) => cx.every(type, /^HttpClientError\.(Request|Response)Error$/)

const endpointOptions = { addError: "error", addSuccess: "success", setPayload: "payload" }

const isPlatformError = (type, cx) =>
  ["PlatformError", "SystemError", "BadArgument"].some((name) => cx.has(type, `PlatformError.${name}`))

const tags = { Left: "\"Failure\"", Right: "\"Success\"" }
const sides = { left: "failure", right: "success" }
const handlers = { onLeft: "onFailure", onRight: "onSuccess" }

export const nodes = {
  [K.CallExpression]: [
    tag,
    (node, cx) =>
      ts.isPropertyAccessExpression(node.expression) && node.expression.name.text === "startsWith"
        && node.arguments[0]?.text === "http.client"
        ? `/^(GET|POST|HEAD|DELETE)$/.test(${cx.text(node.expression.expression)})`
        : undefined,
    // describe.sequential(name, tests)
    (node, cx) =>
      node.expression.getText() === "describe.sequential"
        ? `describe(${args(node, cx)[0]}, { concurrent: false }, ${args(node, cx)[1]})`
        : undefined,
    // schema.annotations({ .. })
    (node, cx) => {
      if (!ts.isPropertyAccessExpression(node.expression) || node.expression.name.text !== "annotations") {
        return undefined
      }
      if (cx.typeOf(node.expression.expression).getProperty("annotations") === undefined) return undefined
      if (cx.typeOf(node.expression.expression).getProperty("ast") === undefined) return undefined
      return `${cx.text(node.expression.expression)}.annotate(${args(node, cx).join(", ")})`
    },
    // HttpApiEndpoint.get(name, path).addSuccess(schema).addError(schema)
    (node, cx) => {
      const options = []
      let at = node
      while (ts.isCallExpression(at) && ts.isPropertyAccessExpression(at.expression)) {
        const name = own(endpointOptions, at.expression.name.text)
        if (name === undefined) break
        const status = valueOf(property(at.arguments[1], "status"))
        const schema = cx.text(at.arguments[0])
        options.unshift(
          `${name}: ${schema}${status === undefined ? "" : `.annotate({ httpApiStatus: ${cx.text(status)} })`}`
        )
        at = at.expression.expression
      }
      if (options.length === 0 || !ts.isCallExpression(at) || !cx.key(at.expression)?.startsWith("HttpApiEndpoint.")) {
        return undefined
      }
      return `${cx.text(at.expression)}(${args(at, cx).join(", ")}, { ${options.join(", ")} })`
    },
    // Tool.providerDefined(..)({})
    (node, cx) =>
      ts.isCallExpression(node.expression) && cx.key(node.expression.expression) === "Tool.providerDefined"
        ? `${cx.text(node.expression)}()`
        : undefined,
    // driver.next(input) of a schedule
    (node, cx) =>
      ts.isPropertyAccessExpression(node.expression) && node.expression.name.text === "next"
        && cx.typeOf(node.expression.expression).symbol?.name === "ScheduleDriver"
        ? `${cx.text(node.expression.expression)}(${args(node, cx).join(", ")})`
        : undefined,
    // runtime.runtime() of a ManagedRuntime
    (node, cx) =>
      ts.isPropertyAccessExpression(node.expression) && node.expression.name.text === "runtime"
        && cx.typeOf(node.expression.expression).symbol?.name === "ManagedRuntime"
        ? `${cx.text(node.expression.expression)}.context()`
        : undefined,
    // RpcServer.toWebHandler(group, { layer })
    (node, cx) => {
      if (cx.key(node.expression) !== "RpcServer.toWebHandler") return undefined
      const [group, options] = node.arguments
      const layers = valueOf(property(options, "layer")).arguments.map((one) => cx.text(one))
      return `${method(cx, "HttpRouter.toWebHandler")}(${method(cx, "Layer.provide")}(${
        method(cx, "RpcServer.layerHttp")
      }({ group: ${cx.text(group)}, path: "/", protocol: "http" }), [${layers.join(", ")}]))`
    },
    // what a KeyValueStore has, or undefined
    (node, cx) =>
      ts.isPropertyAccessExpression(node.expression) && node.expression.name.text === "get" && !isOfStore(node)
        && cx.typeOf(node.expression.expression).symbol?.name === "KeyValueStore"
        ? `${method(cx, "Effect.map")}(${cx.plain(node)}, ${method(cx, "Option.fromUndefinedOr")})`
        : undefined,
    // fiber.unsafeInterruptAsFork(FiberId.none), fiber.unsafePoll()
    (node, cx) => {
      if (!ts.isPropertyAccessExpression(node.expression)) return undefined
      const to = own(methods, node.expression.name.text)
      if (to === undefined) return undefined
      const called = `${cx.text(node.expression.expression)}${node.expression.questionDotToken ? "?." : "."}${to}`
      if (to === "pollUnsafe") return `(${called}() ?? null)`
      return `${called}(${to === "getRef" ? args(node, cx).join(", ") : ""})`
    }
  ],
  [K.PropertyAccessExpression]: [
    // it.scoped, it.scopedLive
    (node) =>
      node.expression.getText() === "it" && ["scoped", "scopedLive"].includes(node.name.text)
        ? node.name.text === "scoped" ? "it.effect" : "it.live"
        : undefined,
    // as a function: what became of the fiber
    (node, cx) =>
      cx.key(node) === "Fiber.interrupt" && node.parent.expression !== node && cx.sourceFile.fileName.includes("/test/")
        ? `(fiber) => ${method(cx, "Effect.andThen")}(${method(cx, "Fiber.interrupt")}(fiber), ${
          method(cx, "Fiber.await")
        }(fiber))`
        : undefined,
    (node, cx) => cx.key(node) === "Effect.console" ? method(cx, "Console.Console") : undefined,
    (node, cx) => /^LogLevel\.[A-Z]\w*$/.test(cx.key(node) ?? "") ? JSON.stringify(node.name.text) : undefined,
    (node, cx) =>
      node.name.text === "label" && cx.typeOf(node.expression).getProperty("ordinal") !== undefined
        ? `${cx.text(node.expression)}.toUpperCase()`
        : undefined,
    // the tokens of an answer of effect/ai
    (node, cx) => {
      if (!/^(in|out)putTokens$/.test(node.name.text)) return undefined
      const declared = cx.typeOf(node.expression).symbol?.declarations?.[0]?.getSourceFile().fileName ?? ""
      return declared.endsWith("@effect/ai/dist/dts/Response.d.ts") ? `${cx.plain(node)}.total` : undefined
    },
    // fiber.poll
    (node, cx) =>
      node.name.text === "poll" && cx.has(cx.typeOf(node.expression), "Fiber")
        ? `${method(cx, "Effect.sync")}(() => ${method(cx, "Option.fromNullishOr")}(${
          cx.text(node.expression)
        }.pollUnsafe()))`
        : undefined,
    // Effect.clock
    (node, cx) =>
      cx.key(node) === "Effect.clock" ? `${method(cx, "Clock.clockWith")}(${method(cx, "Effect.succeed")})` : undefined,
    // request.bodyUnsafeJson
    (node, cx) => node.name.text === "bodyUnsafeJson" ? `${cx.text(node.expression)}.bodyJsonUnsafe` : undefined,
    // all of the chunks as they are
    (node, cx) =>
      ["Chunk.toReadonlyArray", "Chunk.toArray"].includes(cx.key(node)) && node.parent.expression !== node
        ? "(all) => all"
        : undefined,
    // the first reason of a Cause
    (node, cx) => {
      const name = node.name.text
      if (!["_tag", "error", "defect"].includes(name)) return undefined
      const type = cx.typeOf(node.expression)
      if (!causes.some((kind) => cx.has(type, `Cause.${kind}`))) return undefined
      const cause = cx.text(node.expression)
      if (name === "_tag") return `(${cause}.reasons[0]?._tag ?? "Empty")`
      return name === "error"
        ? `${method(cx, "Option.getOrUndefined")}(${method(cx, "Cause.findErrorOption")}(${cause}))!`
        : `${cause}.reasons.find(${method(cx, "Cause.isDieReason")})?.defect`
    },
    // the reason of an HttpClientError
    (node, cx) => {
      const name = node.name.text
      if (!["_tag", "reason"].includes(name) || !isHttpClientError(cx.typeOf(node.expression), cx)) return undefined
      const error = cx.text(node.expression)
      if (name === "reason") return `${error}.reason._tag.replace(/Error$/, "")`
      return `("response" in ${error}.reason ? "ResponseError" : "RequestError")`
    },
    // error.reason, error.description, error._tag of a PlatformError
    (node, cx) => {
      const name = node.name.text
      if (!["reason", "description", "_tag"].includes(name) || !isPlatformError(cx.typeOf(node.expression), cx)) {
        return undefined
      }
      const error = cx.text(node.expression)
      if (name === "reason") return `${error}.reason._tag`
      if (name === "description") return `${error}.reason.description`
      return `(${error}.reason._tag === "BadArgument" ? "BadArgument" : "SystemError")`
    },
    (node, cx) => cx.key(node) === "Schedule.stop" ? `${method(cx, "Schedule.recurs")}(0)` : undefined,
    (node, cx) => {
      const to = own(sides, node.name.text)
      if (to === undefined || !cx.has(cx.typeOf(node.expression), "Either")) return undefined
      return `${cx.text(node.expression)}${node.questionDotToken ? "?." : "."}${to}`
    },
    (node, cx) =>
      node.name.text === "unsafeMap" && cx.typeOf(node.expression).symbol?.name === "Context"
        ? `${cx.text(node.expression)}.mapUnsafe`
        : undefined,
    (node, cx) =>
      node.name.text === "unsafeCurrentTimeNanos" ? `${cx.text(node.expression)}.currentTimeNanosUnsafe` : undefined,
    (node, cx) =>
      node.name.text === "unsafeCurrentTimeMillis" ? `${cx.text(node.expression)}.currentTimeMillisUnsafe` : undefined
  ],
  [K.StringLiteral]: [
    // assert.strictEqual(either._tag, "Left")
    (node, cx) => {
      const to = own(tags, node.text)
      if (to === undefined || !ts.isCallExpression(node.parent)) return undefined
      return node.parent.arguments.some((one) => isEitherTag(one, cx)) ? to : undefined
    },
    // names of the spans of requests
    (node) => {
      const method = /^http\.client (\w+)$/.exec(node.text)?.[1]
      return method === undefined ? undefined : JSON.stringify(method)
    }
  ],
  [K.BindingElement]: [
    // const { right: value } = either
    (node, cx) => {
      const to = node.propertyName === undefined ? undefined : own(sides, node.propertyName.text)
      if (to === undefined || !cx.has(cx.typeOf(node.parent), "Either")) return undefined
      return `${to}: ${cx.text(node.name)}`
    }
  ],
  [K.ExpressionWithTypeArguments]: [
    // extends Request.TaggedClass(tag)<Success, Error, Fields>
    (node, cx) => {
      if (!ts.isCallExpression(node.expression) || cx.key(node.expression.expression) !== "Request.TaggedClass") {
        return undefined
      }
      const [success, error, fields] = node.typeArguments.map((one) => cx.text(one))
      return `${method(cx, "Request.TaggedClass")}(${args(node.expression, cx)[0]})<${fields}, ${success}, ${error}>`
    }
  ],
  [K.ModuleDeclaration]: [
    // options and metadata of effect/ai are JSON
    (node, cx) =>
      ts.isStringLiteral(node.name)
        ? cx.plain(node).replace(/readonly ollama\?: (\w+) \| undefined/g, "readonly ollama?: Jsonly<$1>")
        : undefined
  ],
  [K.ShorthandPropertyAssignment]: [
    // { context, .. } of a Tracer.Span
    (node, cx) =>
      node.name.text === "context" && cx.checker.getContextualType(node.parent)?.getProperty("spanId") !== undefined
        ? "annotations: context"
        : undefined,
    (node, cx) => {
      const converted = cx.converted(node.name)
      return converted === undefined ? undefined : `${node.name.text}: ${converted}`
    }
  ],
  [K.BinaryExpression]: [
    (node, cx) => {
      if (
        !ts.isPropertyAccessExpression(node.left) || node.left.name.text !== "_tag" || !ts.isStringLiteral(node.right)
      ) return undefined
      if (!isPlatformError(cx.typeOf(node.left.expression), cx)) return undefined
      const isNot = (node.right.text === "SystemError") === node.operatorToken.getText().startsWith("=")
      return `${cx.text(node.left.expression)}.reason._tag ${isNot ? "!==" : "==="} "BadArgument"`
    },
    (node, cx) => {
      const literal = ts.isStringLiteral(node.right) ? own(tags, node.right.text) : undefined
      if (literal === undefined || !isEitherTag(node.left, cx)) return undefined
      return `${cx.text(node.left)} ${node.operatorToken.getText()} ${literal}`
    }
  ],
  [K.PropertyAssignment]: [
    // Telemetry.addGenAIAnnotations(span, { system })
    (node, cx) =>
      node.name.text === "system" && ts.isCallExpression(node.parent.parent)
        && cx.key(node.parent.parent.expression) === "Telemetry.addGenAIAnnotations"
        ? `provider: { name: ${cx.text(node.initializer)} }`
        : undefined,
    // FileSystem.File.Info
    (node) => node.name.text === "dev" && node.initializer.getText() === "0" ? "dev: 0n" : undefined,
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
      if (key === "Metric.Metric" && node.typeArguments?.length === 3) {
        return `${method(cx, "Metric.Metric")}<${node.typeArguments.slice(1).map((one) => cx.text(one)).join(", ")}>`
      }
      if (key === "FileSystem.OpenFileOptions") return `Parameters<${method(cx, "FileSystem.FileSystem")}["open"]>[1]`
      if (key === "Chunk.Chunk") return `ReadonlyArray${typeArgs(node, cx)}`
      // its Layer gives nothing but the routes
      if (key === "HttpApi.Api") return "never"
      if (key?.endsWith(".TypeId")) return `typeof ${cx.text(node.typeName)}`
      return undefined
    }
  ],
  [K.Parameter]: [
    // class Span implements Tracer.Span
    (node, cx) =>
      node.name.getText() === "context" &&
        node.parent.parent.heritageClauses?.[0]?.getText() === "implements Tracer.Span"
        ? cx.plain(node).replace(/\bcontext\b/, "annotations")
        : undefined
  ],
  [K.ArrowFunction]: [
    // a type parameter that is used no more, because Metric has one less
    (node, cx) => {
      const unused = node.typeParameters?.find(({ name }) => name.text === "Type")
      if (unused === undefined || !/\bMetric</.test(node.getText())) return undefined
      return cx.plain(node).replace(/^<Type, /, "<")
    }
  ],
  [K.ObjectLiteralExpression]: [
    (node) =>
      node.properties.length === 1 && node.properties[0].getText() === "disableValidation: true"
        ? "{ disableChecks: true }"
        : undefined
  ],
  [K.ClassDeclaration]: [
    // what responses of Effect 4 have besides
    (node, cx) => {
      const isResponse = node.heritageClauses?.some((clause) =>
        clause.types.some((one) => cx.key(one.expression) === "HttpClientResponse.HttpClientResponse")
      )
      if (!isResponse) return undefined
      const error = "HttpClientError.HttpClientError"
      const given = cx.plain(node).replace(
        /(get json\(\): )([\s\S]*?\n  \})/,
        (_, head, body) => head + body.replace(/\bunknown\b/g, method(cx, "Schema.Json"))
      )
      return given.replace(
        /\}$/,
        `
  get url(): string {
    return this.request.url
  }

  get upgrade(): ${method(cx, "Effect.Effect")}<never, ${method(cx, error)}> {
    return ${method(cx, "Effect.fail")}(
      new ${method(cx, error)}({
        reason: new ${method(cx, "HttpClientError.DecodeError")}({
          request: this.request,
          response: this,
          cause: new TypeError("it cannot be upgraded")
        })
      })
    )
  }

  pipe() {
    // eslint-disable-next-line prefer-rest-params -- what Pipeable is made with
    return ${method(cx, "Pipeable.pipeArguments")}(this, arguments) as never
  }
}`
      )
    }
  ]
}
