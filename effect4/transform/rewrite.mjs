// Rewrites one file of the Effect 3 source on its syntax tree. What a rule does not touch keeps its text, comments and all.
import ts from "typescript"
import { barrels, folders, modules, names } from "./names.mjs"
import { calls, nodes } from "./rules.mjs"

/** The module of Effect 4 for one of Effect 3 or its platform; undefined for any other. */
const target = (specifier) => modules[specifier] ?? (/^effect\/[A-Z]\w*$/.test(specifier) ? specifier : undefined)

const own = (object, name) => Object.hasOwn(object, name) ? object[name] : undefined

const last = (path) => path.slice(path.lastIndexOf("/") + 1)

/** The barrel that exports a module as a namespace: `effect` for `effect/Effect`, `effect/http` for `effect/http/Headers`. */
const barrelOf = (path) => path.slice(0, path.lastIndexOf("/"))

// What a statement refers to by name.
const referred = (statement) => {
  const found = new Set()
  const visit = (node) => {
    if (ts.isIdentifier(node)) {
      const { parent } = node
      const isKey = (ts.isPropertyAccessExpression(parent) && parent.name === node)
        || (ts.isQualifiedName(parent) && parent.right === node)
        || ((ts.isPropertyAssignment(parent) || ts.isPropertySignature(parent)) && parent.name === node)
      if (!isKey) found.add(node.text)
    }
    ts.forEachChild(node, visit)
  }
  visit(statement)
  return found
}

/** The names that a statement at the top of a file declares. */
const declared = (statement) =>
  ts.isVariableStatement(statement)
    ? statement.declarationList.declarations.map((one) => one.name.getText())
    : statement.name !== undefined && ts.isIdentifier(statement.name)
    ? [statement.name.text]
    : []

const isExported = (statement) =>
  statement.modifiers?.some((one) =>
    one.kind === ts.SyntaxKind.ExportKeyword || one.kind === ts.SyntaxKind.DeclareKeyword
  )
    ?? false

// Interfaces and namespaces may share the name of a class.
const kindOfDeclaration = (statement) =>
  ts.isModuleDeclaration(statement)
    ? "namespace"
    : ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)
    ? "type"
    : "value"

const identity = (statement) => {
  const names = declared(statement)
  return names.length === 0 ? undefined : `${kindOfDeclaration(statement)} ${names.join(",")}`
}

const uses = (text, name) => new RegExp(`(?<![\\w$])${name.replaceAll("$", "\\$")}(?![\\w$])`).test(text)
// words of comments are no uses
const bareCode = (text) => text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "")

/**
 * `from` says what a module is called here; `hand` is a file whose declarations win over those of the same name: what it has
 * beside them comes in front of the next of them, and what nothing uses any more is left out.
 */
export const rewrite = (sourceFile, checker, { from = (specifier) => specifier, hand } = {}) => {
  const source = sourceFile.text
  const problems = []
  // members of classes that are written by hand
  const members = new Map()
  // module path -> { local, isValue }
  const used = new Map()
  const other = new Map()
  const imported = new Map()

  // ---------------------------------------------------------------------------
  // imports
  // ---------------------------------------------------------------------------

  const declarations = sourceFile.statements.filter(ts.isImportDeclaration)
  let usesBarrels = false
  for (const declaration of declarations) {
    const specifier = declaration.moduleSpecifier.text
    const bindings = declaration.importClause?.namedBindings
    if (bindings === undefined) continue
    if (ts.isNamespaceImport(bindings)) {
      if (target(specifier) !== undefined) {
        imported.set(bindings.name.text, { path: specifier, asked: bindings.name.text })
      }
      continue
    }
    for (const { isTypeOnly, name, propertyName } of bindings.elements) {
      const original = (propertyName ?? name).text
      if (barrels.includes(specifier) && /^[A-Z]/.test(original)) {
        usesBarrels = true
        imported.set(name.text, {
          path: `${specifier}/${original}`,
          asked: name.text,
          isRenamed: propertyName !== undefined
        })
      } else if (target(specifier) !== undefined || barrels.includes(specifier)) {
        // a function of a module
        const key = `${short(specifier)}.${original}`
        const [module, renamed] = (names[key] ?? `${short(specifier)}.${original}`).split(".")
        const path = folders[module] ?? target(specifier) ?? specifier
        const entry = other.get(path) ?? []
        entry.push({ name: renamed, local: name.text, isType: isTypeOnly || declaration.importClause.isTypeOnly })
        other.set(path, entry)
      }
    }
  }

  const isEffects = (declaration) => {
    const specifier = declaration.moduleSpecifier.text
    return declaration.importClause?.namedBindings !== undefined
      && (target(specifier) !== undefined || barrels.includes(specifier))
  }

  // names that the file declares itself
  const taken = new Set()
  for (const [name, symbol] of sourceFile.locals ?? []) {
    if (!symbol.declarations?.every((one) => ts.isNamespaceImport(one) || ts.isImportSpecifier(one))) taken.add(name)
  }

  const pathOf = (module) => folders[module] ?? `effect/${module}`

  const module = (name, isValue = true, asked) => {
    const path = pathOf(name)
    let entry = used.get(path)
    if (entry === undefined) {
      let local = asked ?? name
      if (taken.has(local)) local = `Effect${name}`
      used.set(path, entry = { local, isValue: false })
    }
    if (isValue) entry.isValue = true
    return entry.local
  }

  /** The module that an identifier stands for, by its short name. */
  const moduleOf = (identifier) => {
    const entry = imported.get(identifier.text)
    if (entry === undefined) return undefined
    const symbol = checker.getSymbolAtLocation(identifier)
    const declaration = symbol?.declarations?.[0]
    if (declaration === undefined) return undefined
    return ts.isNamespaceImport(declaration) || ts.isImportSpecifier(declaration) ? short(entry.path) : undefined
  }

  const renamedLocal = (identifier, moduleName) => {
    const entry = imported.get(identifier.text)
    // a name that was chosen because of another stays
    return entry !== undefined && entry.asked !== short(entry.path) && entry.asked !== last(entry.path)
      ? entry.asked
      : moduleName
  }

  const isTypePosition = (node) => {
    for (let at = node; at !== undefined; at = at.parent) {
      if (ts.isTypeNode(at) && !ts.isExpressionWithTypeArguments(at)) return true
      if (ts.isExpressionWithTypeArguments(at)) {
        return ts.isHeritageClause(at.parent) &&
          (at.parent.token === ts.SyntaxKind.ImplementsKeyword || ts.isInterfaceDeclaration(at.parent.parent))
      }
      if (ts.isStatement(at)) return false
    }
    return false
  }

  const parts = (node) => {
    if (ts.isIdentifier(node)) {
      const name = moduleOf(node)
      return name === undefined ? undefined : { identifier: node, names: [name] }
    }
    const [left, right] = ts.isPropertyAccessExpression(node)
      ? [node.expression, node.name]
      : ts.isQualifiedName(node)
      ? [node.left, node.right]
      : []
    if (
      left === undefined ||
      (!ts.isIdentifier(left) && !ts.isPropertyAccessExpression(left) && !ts.isQualifiedName(left))
    ) return undefined
    const inner = parts(left)
    return inner === undefined ? undefined : { identifier: inner.identifier, names: [...inner.names, right.text] }
  }

  /** `Either.right` for what stands for it here, whatever the import is called. */
  const key = (node) => node === undefined ? undefined : parts(node)?.names.join(".") ?? aliased(node)

  /** `Literal` where the file says `const Literal = Schema.Literal`. */
  const aliased = (node) => {
    if (!ts.isIdentifier(node)) return undefined
    const declaration = checker.getSymbolAtLocation(node)?.valueDeclaration
    return declaration !== undefined && ts.isVariableDeclaration(declaration) && declaration.initializer !== undefined
        && ts.isPropertyAccessExpression(declaration.initializer) && declaration.getSourceFile() === sourceFile
      ? parts(declaration.initializer)?.names.join(".")
      : undefined
  }

  const refer = (node) => {
    const found = parts(node)
    if (found === undefined) return undefined
    const { identifier, names: path } = found
    const isValue = !isTypePosition(node)
    for (let length = path.length; length > 1; length--) {
      const known = own(names, path.slice(0, length).join("."))
      if (known === undefined) continue
      const [name, ...rest] = known.split(".")
      const asked = renamedLocal(identifier, undefined)
      const local = module(name, isValue, name === path[0] ? asked : undefined)
      return [local, ...rest, ...path.slice(length)].join(".")
    }
    const [name, ...rest] = path
    if (Object.hasOwn(names, name)) {
      const known = names[name]
      return [module(known, isValue, renamedLocal(identifier, undefined)), ...rest].join(".")
    }
    return [module(name, isValue, renamedLocal(identifier, undefined)), ...rest].join(".")
  }

  // ---------------------------------------------------------------------------
  // types
  // ---------------------------------------------------------------------------

  const at = (node) => {
    const { character, line } = sourceFile.getLineAndCharacterOfPosition(node.getStart())
    return `${sourceFile.fileName}:${line + 1}:${character + 1}`
  }

  const constituents = (type) => type.isUnion() ? type.types : [type]

  /** What of Effect a type is: the names of its constituents that are declared by Effect's modules. */
  const kinds = (type) => new Set(constituents(type).map(kindOf))
  const kindOf = (type) => {
    const symbol = type.aliasSymbol ?? type.symbol
    const declared = symbol?.declarations?.[0]
    if (declared === undefined) return undefined
    if (declared.getSourceFile().fileName.endsWith("@effect/platform/dist/dts/HttpClientError.d.ts")) {
      return `HttpClientError.${symbol.name}`
    }
    if (declared.getSourceFile().fileName.endsWith("@effect/platform/dist/dts/Error.d.ts")) {
      return `PlatformError.${symbol.name}`
    }
    const file = /\/node_modules\/effect\/dist\/dts\/(\w+)\.d\.ts$/.exec(declared.getSourceFile().fileName)?.[1]
    if (declared.getSourceFile().fileName.endsWith("@effect/ai/dist/dts/Model.d.ts")) {
      return symbol.name === "Model"
        ? "AiModel"
        : undefined
    }
    if (file === undefined) return undefined
    if (file === "Either" && /^(Left|Right|Either)$/.test(symbol.name)) return "Either"
    if (file === "Option" && /^(Some|None|Option)$/.test(symbol.name)) return "Option"
    if (file === "Fiber" && /^(Fiber|RuntimeFiber)$/.test(symbol.name)) return "Fiber"
    if (file === "Deferred" && symbol.name === "Deferred") return "Deferred"
    if (file === "Effect" && symbol.name === "Effect") return "Effect"
    if (file === "Cause") return `Cause.${symbol.name}`
    return undefined
  }
  const isOnly = (type, kind) => {
    const found = kinds(checker.getApparentType(type))
    return found.size === 1 && found.has(kind)
  }
  const has = (type, kind) => kinds(type).has(kind)

  const every = (type, test) => constituents(type).every((one) => test.test(kindOf(one) ?? ""))

  const typeOf = (node) => checker.getTypeAtLocation(node)

  // ---------------------------------------------------------------------------
  // text
  // ---------------------------------------------------------------------------

  const plain = (node) => {
    if (ts.isClassDeclaration(node) && members.has(node.name?.text)) return mended(node, members.get(node.name.text))
    let out = ""
    let position = node.getStart()
    const visit = (child) => {
      const start = child.getStart()
      out += source.slice(position, start) + text(child)
      position = child.getEnd()
    }
    ts.forEachChild(node, visit)
    return out + source.slice(position, node.getEnd())
  }

  const conversions = { Either: "fromResult", Option: "fromOption" }
  const awaited = { Fiber: "Fiber.join", Deferred: "Deferred.await" }

  /** An expression that is wanted as an Effect and is something that Effect 4 does not take for one. */
  const asEffect = (node, render) => {
    const type = typeOf(node)
    if (isOnly(type, "AiModel") && ts.isYieldExpression(node.parent)) return `${render()}.captureRequirements`
    for (const [kind, convert] of Object.entries(conversions)) {
      if (isOnly(type, kind)) return `${module("Effect")}.${convert}(${render()})`
    }
    for (const [kind, convert] of Object.entries(awaited)) {
      if (isOnly(type, kind)) {
        const [name, method] = convert.split(".")
        return `${module(name)}.${method}(${render()})`
      }
    }
    return undefined
  }

  // A function that says it gives an Either, where one is wanted that gives an Effect.
  const givesEffect = (node) => {
    if (!ts.isArrowFunction(node) || node.type === undefined) return false
    if (!isOnly(checker.getTypeFromTypeNode(node.type), "Either")) return false
    const wanted = checker.getContextualType(node)?.getCallSignatures()?.[0]?.getReturnType()
    return wanted !== undefined && has(wanted, "Effect") && !has(wanted, "Either")
  }

  const wantsEffect = (node) => {
    const contextual = checker.getContextualType(node)
    if (contextual === undefined) return false
    if (isOnly(contextual, "Either")) {
      let at = node.parent
      while (ts.isConditionalExpression(at) || ts.isParenthesizedExpression(at)) at = at.parent
      if (ts.isArrowFunction(at)) return givesEffect(at)
      if (!ts.isReturnStatement(at)) return false
      while (!ts.isFunctionLike(at)) at = at.parent
      return givesEffect(at)
    }
    const found = kinds(contextual)
    return found.has("Effect") && !found.has("Either") && !found.has("Option") && !found.has("Fiber") &&
      !found.has("Deferred")
  }

  // Branches are converted one by one, so that what is an Effect already stays.
  const isLeaf = (node) =>
    !ts.isConditionalExpression(node) && !ts.isParenthesizedExpression(node) && !ts.isObjectLiteralExpression(node)
    && !ts.isArrowFunction(node) && !ts.isFunctionExpression(node) && !ts.isArrayLiteralExpression(node)
    && !ts.isStringLiteral(node) && !ts.isNumericLiteral(node)

  /** A name that is wanted as an Effect. */
  const converted = (node) => wantsEffect(node) ? asEffect(node, () => node.text) : undefined

  /** Whether what a function gives is an Option. */
  const isOfOptions = (node) => typeOf(node).getCallSignatures().some((one) => isOnly(one.getReturnType(), "Option"))

  // what the support file of the tests has
  const helpers = new Set()
  const helper = (name) => {
    helpers.add(name)
    return name
  }

  const isEffect = (type) =>
    checker.getPropertyOfType(type, "[Symbol.iterator]") !== undefined ||
    type.getProperties().some((one) => one.name.startsWith("__@EffectTypeId"))

  const cx = {
    every,
    isEffect,
    converted,
    helper,
    isOfOptions,
    at,
    checker,
    has,
    isOnly,
    key,
    module,
    plain,
    problems,
    source,
    sourceFile,
    typeOf,
    text: (node) => text(node)
  }

  const nameOfMember = (member) => ts.isConstructorDeclaration(member) ? "constructor" : member.name?.getText()

  /** A class some of whose members are written by hand. */
  const mended = (node, own) => {
    const left = new Set(own.members)
    let out = ""
    let position = node.getStart()
    const end = node.members.length === 0 ? node.getEnd() - 1 : node.members.at(-1).getEnd()
    ts.forEachChild(node, (child) => {
      const one = ts.isClassElement(child)
        ? own.members.find((one) => nameOfMember(one) === nameOfMember(child))
        : undefined
      out += source.slice(position, child.getStart()) + (one === undefined ? text(child) : one.getText())
      if (one !== undefined) left.delete(one)
      position = child.getEnd()
    })
    return out + [...left].map((one) => `\n\n  ${one.getText()}`).join("") +
      source.slice(Math.max(position, end), node.getEnd())
  }

  const ruled = (node) => {
    for (const rule of nodes[node.kind] ?? []) {
      const result = rule(node, cx)
      if (result !== undefined) return result
    }
    if (
      ts.isTypeReferenceNode(node) && ts.isArrowFunction(node.parent) && node.parent.type === node &&
      givesEffect(node.parent)
    ) {
      return `${module("Effect", false)}.Effect<${node.typeArguments.map(text).join(", ")}>`
    }
    if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
      const callee = key(node.expression)
      const rule = callee === undefined ? undefined : own(calls, ts.isNewExpression(node) ? `new ${callee}` : callee)
      const result = rule?.(node, cx)
      if (result !== undefined) return result
    }
    if ((ts.isPropertyAccessExpression(node) || ts.isQualifiedName(node) || ts.isIdentifier(node)) && !isName(node)) {
      const result = refer(node)
      if (result !== undefined) return result
    }
    return plain(node)
  }

  // An identifier that names something rather than refers to it.
  const isName = (node) => {
    if (!ts.isIdentifier(node)) return false
    const { parent } = node
    return (ts.isPropertyAccessExpression(parent) && parent.name === node)
      || (ts.isQualifiedName(parent) && parent.right === node)
      || (ts.isPropertyAssignment(parent) && parent.name === node)
      || ts.isShorthandPropertyAssignment(parent) || ts.isImportSpecifier(parent) || ts.isNamespaceImport(parent)
  }

  const text = (node) => {
    if (ts.isExpression(node) && isLeaf(node) && !isName(node) && ts.isExpressionStatement(node.parent) === false) {
      if (
        ts.isYieldExpression(node.parent) && node.parent.asteriskToken !== undefined && node.parent.expression === node
      ) {
        const converted = isOfResults(node) ? undefined : asEffect(node, () => ruled(node))
        if (converted !== undefined) return converted
      } else if (!isName(node) && !ts.isPropertyAccessExpression(node.parent) && wantsEffect(node)) {
        const converted = asEffect(node, () => ruled(node))
        if (converted !== undefined) return converted
      }
      // a function that is passed by its name and gives an Either
      if (ts.isIdentifier(node) || ts.isPropertyAccessExpression(node)) {
        const wrapped = functionAsEffect(node)
        if (wrapped !== undefined) return wrapped
      }
    }
    return ruled(node)
  }

  /** Whether a generator is one of `Either.gen` or `Option.gen`, which are yielded what they are. */
  const isOfResults = (node) => {
    let at = node
    while (at !== undefined && !ts.isFunctionExpression(at)) at = at.parent
    return at !== undefined && ts.isCallExpression(at.parent) &&
      ["Either.gen", "Option.gen"].includes(key(at.parent.expression))
  }

  const functionAsEffect = (node) => {
    if (!ts.isCallExpression(node.parent) || !node.parent.arguments.includes(node)) return undefined
    const signatures = typeOf(node).getCallSignatures()
    if (signatures.length !== 1 || !isOnly(signatures[0].getReturnType(), "Either")) return undefined
    const wanted = checker.getContextualType(node)?.getCallSignatures()?.[0]?.getReturnType()
    if (wanted === undefined || !has(wanted, "Effect")) return undefined
    return `(value) => ${module("Effect")}.fromResult(${ruled(node)}(value))`
  }

  // ---------------------------------------------------------------------------
  // the file
  // ---------------------------------------------------------------------------

  // by what it declares, with what stands in front of it
  const byHand = new Map()
  const rest = []
  for (const statement of hand?.statements ?? []) {
    if (ts.isImportDeclaration(statement)) continue
    const name = identity(statement)
    if (ts.isClassDeclaration(statement) && statement.getFullText().includes("// @members")) {
      members.set(statement.name.text, statement)
      continue
    }
    rest.push(statement)
    if (name === undefined || !sourceFile.statements.some((one) => identity(one) === name)) continue
    byHand.set(name, rest.splice(0))
  }
  // what follows the last of them
  const after = rest

  // What the original had under that name is called something else now, or is gone.
  const stale = (name, why) => problems.push(`effect4/${hand.fileName}: ${name}: ${why}`)
  for (const statement of hand?.statements ?? []) {
    const isThere = sourceFile.statements.some((one) => identity(one) === identity(statement))
    if (isExported(statement) && !isThere) stale(identity(statement), "the original exports none")
  }
  for (const [name, { members: own }] of members) {
    const original = sourceFile.statements.find((one) => ts.isClassDeclaration(one) && one.name?.text === name)
    for (const member of own) {
      const isOwn = ts.getModifiers(member)?.some((one) => one.kind === ts.SyntaxKind.PrivateKeyword) ?? false
      const isThere = original?.members.some((one) => nameOfMember(one) === nameOfMember(member)) ?? false
      const isUsed = isOwn && original !== undefined
        && own.some((one) => one !== member && uses(one.getText(), nameOfMember(member)))
      if (!isThere && !isUsed) stale(`${name}.${nameOfMember(member)}`, "the original has none")
    }
  }

  const handText = (statement, original) => {
    // without what stands behind the one before it, on its line
    const full = statement.getFullText().replace(/^[ \t]*\/\/.*/, "").trimStart()
    const documented = /^\/[*/]/.test(full)
    const own = documented ? full : statement.getText()
    return original === undefined || documented
      ? `\n\n${own}`
      : source.slice(original.getFullStart(), original.getStart()) + own
  }

  const statements = []
  for (const statement of sourceFile.statements) {
    const found = byHand.get(identity(statement))
    if (found === undefined) {
      statements.push({ statement, trivia: source.slice(statement.getFullStart(), statement.getStart()) })
    } else {
      for (const one of found) {
        const isIt = one === found.at(-1)
        statements.push({ byHand: handText(one, isIt ? statement : undefined), statement: one })
      }
    }
  }
  for (const one of after) statements.push({ byHand: handText(one, undefined), statement: one })

  // what nothing uses any more, because who used it is written by hand
  if (hand !== undefined) {
    for (;;) {
      const gone = statements.findIndex(({ statement }, index) => {
        const names = declared(statement)
        if (names.length === 0 || isExported(statement) || ts.isImportDeclaration(statement)) return false
        return !statements.some((other, at) =>
          at !== index && !ts.isImportDeclaration(other.statement)
          && names.some((name) => referred(other.statement).has(name))
        )
      })
      if (gone < 0) break
      const [{ byHand, statement }] = statements.splice(gone, 1)
      if (byHand !== undefined) stale(declared(statement).join(", "), "nothing uses it")
    }
  }

  const handImports = (hand?.statements ?? []).filter(ts.isImportDeclaration)
  const relatives = new Map()
  for (const declaration of handImports) {
    const specifier = declaration.moduleSpecifier.text
    const { isTypeOnly, namedBindings } = declaration.importClause
    if (ts.isNamespaceImport(namedBindings) && /^(@effect|effect|fast-check)/.test(specifier)) {
      used.set(specifier, { local: namedBindings.name.text, isValue: !isTypeOnly })
    } else relatives.set(specifier, declaration)
  }

  const body = []
  const others = []
  let place
  for (const { byHand, statement, trivia } of statements) {
    if (byHand !== undefined) {
      body.push(byHand)
      continue
    }
    if (ts.isImportDeclaration(statement) && isEffects(statement)) {
      if (place === undefined) {
        place = body.length + 1
        body.push(trivia, "")
      } else if (/\S/.test(trivia)) body.push(trivia)
      continue
    }
    if (ts.isModuleDeclaration(statement) && ts.isStringLiteral(statement.name)) {
      const path = target(statement.name.text)
      body.push(trivia, path === undefined ? text(statement) : text(statement).replace(statement.name.text, path))
      continue
    }
    if (ts.isImportDeclaration(statement)) {
      others.push({ at: body.length + 1, statement })
      body.push(trivia, "")
      continue
    }
    if (ts.isExportDeclaration(statement) && statement.moduleSpecifier !== undefined) {
      const specifier = statement.moduleSpecifier
      body.push(trivia, statement.getText().replace(specifier.getText(), JSON.stringify(from(specifier.text))))
      continue
    }
    body.push(trivia, text(statement))
  }
  body.push(source.slice(sourceFile.endOfFileToken.getFullStart()))
  const written = bareCode(body.join(""))

  // imports of this repository and of others
  const namesOf = (declaration) => {
    const bindings = declaration.importClause?.namedBindings
    if (bindings === undefined || !ts.isNamedImports(bindings)) return []
    const { isTypeOnly } = declaration.importClause
    return bindings.elements.map((one) => ({
      isType: isTypeOnly || one.isTypeOnly,
      local: one.name.text,
      text: one.getText().replace(/^type /, "")
    }))
  }
  const rendered = (specifier, entries) => {
    const lines = []
    for (const isType of [true, false]) {
      const of = [...new Set(entries.filter((one) => one.isType === isType).map((one) => one.text))].sort()
      if (of.length > 0) {
        lines.push(`import ${isType ? "type " : ""}{ ${of.join(", ")} } from ${JSON.stringify(from(specifier))}`)
      }
    }
    return lines.join("\n")
  }
  const wholly = (declaration) => {
    const specifier = declaration.moduleSpecifier
    return declaration.getText().replace(specifier.getText(), JSON.stringify(from(specifier.text)))
  }
  const seen = new Set()
  for (const { at, statement } of others) {
    const specifier = statement.moduleSpecifier.text
    const byHand = relatives.get(specifier)
    if (hand === undefined) body[at] = wholly(statement)
    else {
      const whole = statement.importClause?.namedBindings
      if (whole === undefined) body[at] = wholly(statement)
      else if (ts.isNamespaceImport(whole)) body[at] = uses(written, whole.name.text) ? wholly(statement) : ""
      else {
        const own = namesOf(statement)
        const added = byHand === undefined || seen.has(specifier) ? [] : namesOf(byHand)
        const all = [...own.filter((one) => !added.some((other) => other.local === one.local)), ...added]
        body[at] = rendered(specifier, all.filter((one) => uses(written, one.local)))
        seen.add(specifier)
      }
    }
  }

  const lines = []
  for (const [specifier, declaration] of relatives) {
    if (!seen.has(specifier)) lines.push([`~${specifier}`, declaration.getText()])
  }
  const grouped = new Map()
  for (const [path, { isValue, local }] of [...used].sort(([a], [b]) => a < b ? -1 : 1)) {
    if (hand !== undefined && !uses(written, local)) continue
    const name = last(path)
    if (usesBarrels && /^(effect|@effect)\//.test(path)) {
      const barrel = barrelOf(path)
      const entry = grouped.get(barrel) ?? []
      entry.push(`${isValue ? "" : "type "}${local === name ? name : `${name} as ${local}`}`)
      grouped.set(barrel, entry)
    } else lines.push([path, `import ${isValue ? "" : "type "}* as ${local} from "${path}"`])
  }
  const ownNames = new Set((hand?.statements ?? []).flatMap((one) => ts.isImportDeclaration(one) ? [] : declared(one)))
  for (const [path, entries] of other) {
    for (const { isType, local, name } of entries) {
      if (!uses(written, local) || ownNames.has(local) || relatives.has(path)) continue
      const entry = grouped.get(path) ?? []
      entry.push(`${isType ? "type " : ""}${local === name ? name : `${name} as ${local}`}`)
      grouped.set(path, entry)
    }
  }
  for (const [path, entries] of grouped) {
    const allTypes = entries.every((entry) => entry.startsWith("type "))
    const inside = (allTypes ? entries.map((entry) => entry.slice(5)) : entries).sort((a, b) =>
      bare(a) < bare(b) ? -1 : 1
    )
    lines.push([path, `import ${allTypes ? "type " : ""}{ ${inside.join(", ")} } from "${from(path)}"`])
  }
  if (helpers.size > 0) {
    lines.push(["~", `import { ${[...helpers].sort().join(", ")} } from "${from("@effect/vitest")}"`])
  }
  lines.sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0)
  const imports = lines.map(([, line]) => line).join("\n")
  if (place !== undefined) body[place] = imports
  else if (imports !== "") {
    const first = sourceFile.statements[0]
    const header = /^(\s*\/\*\*[\s\S]*?\*\/\s*\n)?/.exec(source.slice(0, first.getStart()))[0]
    return { text: header + imports + "\n" + body.join("").slice(header.length), problems }
  }
  return { text: body.join(""), problems }
}

const bare = (entry) => entry.replace(/^type /, "")

/** The name by which the dictionary knows a module of Effect 3. */
export const short = (specifier) => {
  if (specifier === "@effect/platform/Error") return "PlatformError"
  if (specifier === "@effect/ai/Model") return "AiModel"
  return last(specifier)
}
