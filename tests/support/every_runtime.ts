/// <reference lib="deno.unstable" />
/**
 * Finds what of library code does not run everywhere: in Node 20, in Bun, in browsers, behind bundlers.
 *
 * It is a plugin of Deno's linter, whose parser knows every syntax. Of methods of iterators it sees those whose
 * iterator is made in the same expression (`map.keys().map(…)`); the smoke test runs the rest.
 *
 * @module
 */

/** Statics that Node 20 lacks. */
const STATICS = new Set([
  "Array.fromAsync",
  "Error.isError",
  "Iterator.concat",
  "Iterator.from",
  "Map.groupBy",
  "Math.f16round",
  "Math.sumPrecise",
  "Object.groupBy",
  "Promise.try",
  "Promise.withResolvers",
  "RegExp.escape",
  "Uint8Array.fromBase64",
  "Uint8Array.fromHex",
]);

/** Globals that Node 20 or a browser of its age lacks. */
const GLOBALS = new Set([
  "AsyncDisposableStack",
  "DisposableStack",
  "Float16Array",
  "Iterator",
  "SuppressedError",
  "URLPattern",
]);

/** Methods that no type has there. */
const METHODS = new Set([
  "difference",
  "intersection",
  "isDisjointFrom",
  "isSubsetOf",
  "isSupersetOf",
  "symmetricDifference",
  "union",
  "getFloat16",
  "setFloat16",
  "setFromBase64",
  "setFromHex",
  "toBase64",
  "toHex",
  "transferToFixedLength",
]);

/** Methods of iterators, which arrays have too. */
const HELPERS = new Set([
  "drop",
  "every",
  "filter",
  "find",
  "flatMap",
  "forEach",
  "map",
  "reduce",
  "some",
  "take",
  "toArray",
]);

const ITERATORS = new Set(["entries", "keys", "matchAll", "values"]);

/** What Node has without `node:` before its name, as far as anybody would import it here. */
const BARE =
  /^(buffer|child_process|crypto|events|fs|module|os|path|process|stream|url|util|worker_threads|zlib)(\/|$)/;

type Report = (node: Deno.lint.Node, message: string) => void;

/** The name after the dot, where there is one. */
function member(node: Deno.lint.Node): { object: Deno.lint.Node; name: string } | undefined {
  if (node.type !== "MemberExpression" || node.computed || node.property.type !== "Identifier") {
    return undefined;
  }
  return { object: node.object, name: node.property.name };
}

/** Whether an expression makes an iterator: `map.keys()`, but not `Object.keys(map)`. */
function makesIterator(node: Deno.lint.Node): boolean {
  if (node.type !== "CallExpression") return false;
  const called = member(node.callee);
  if (called === undefined || !ITERATORS.has(called.name)) return false;
  return called.object.type !== "Identifier" || called.object.name !== "Object";
}

function isModuleUrl(node: Deno.lint.Node | undefined): boolean {
  return node !== undefined && member(node)?.object.type === "MetaProperty" && member(node)!.name === "url";
}

function checkModule(source: Deno.lint.Node | null, report: Report): void {
  if (source?.type !== "Literal" || typeof source.value !== "string") return;
  if (source.value.startsWith("node:") || BARE.test(source.value)) {
    report(source, `import of ${source.value}: bundlers for pages fail on it; see src/platform/builtin.ts`);
  }
}

function checkAttributes(node: Deno.lint.Node, attributes: readonly unknown[], report: Report): void {
  if (attributes.length > 0) report(node, "import attributes are syntax of ES2025");
}

/** Whether a node is run with its module, outside of every function. */
function isAtTop(node: Deno.lint.Node): boolean {
  if (node.type === "Program") return true;
  if (/Function|^PropertyDefinition$/.test(node.type)) return false;
  return !("parent" in node) || node.parent === undefined || isAtTop(node.parent as Deno.lint.Node);
}

/** A visitor that reports each fault. */
function visitor(report: Report): Deno.lint.LintVisitor {
  return {
    Program(node) {
      for (const each of node.body) {
        if (each.type === "ImportDeclaration" && each.importKind === "value") {
          checkModule(each.source, report);
          checkAttributes(each, each.attributes, report);
        } else if (each.type === "ExportAllDeclaration" && each.exportKind === "value") {
          checkModule(each.source, report);
        } else if (each.type === "ExportNamedDeclaration" && each.exportKind === "value") {
          checkModule(each.source, report);
        }
      }
    },
    ImportExpression(node) {
      checkModule(node.source, report);
    },
    VariableDeclaration(node) {
      if (node.kind === "using" || node.kind === "await using") {
        report(node, `${node.kind} is no syntax of ES2022: dispose of it in a finally block`);
      }
    },
    AwaitExpression(node) {
      if (isAtTop(node)) report(node, "Vite builds workers as scripts, which have no await at the top");
    },
    Literal(node) {
      // Every literal has the field; only a regular expression has something in it.
      if (!("regex" in node) || node.regex === undefined) return;
      const { flags, pattern } = node.regex;
      if (flags.includes("v") || /\(\?[ims-]+:/.test(pattern)) {
        report(node, "the flag v and modifiers of regular expressions are newer than ES2022");
      }
    },
    CallExpression(node) {
      const called = member(node.callee);
      if (called === undefined) return;
      if (HELPERS.has(called.name) && makesIterator(called.object)) {
        report(node, `iterators have no method ${called.name} in Node 20: make an array of it first`);
      }
      if (METHODS.has(called.name)) report(node, `Node 20 has no method ${called.name}`);
    },
    MemberExpression(node) {
      const { object, name } = member(node) ?? {};
      if (object?.type === "Identifier") {
        if (STATICS.has(`${object.name}.${name}`)) report(node, `Node 20 lacks ${object.name}.${name}`);
        else if (GLOBALS.has(object.name)) report(node, `Node 20 lacks ${object.name}`);
      }
      if (object?.type !== "MetaProperty" || name === "main") return;
      const parent = node.parent;
      const names = parent.type === "NewExpression" && parent.callee.type === "Identifier" &&
        parent.callee.name === "URL" && isModuleUrl(parent.arguments[1]);
      if (!names) {
        report(node, `bundlers follow import.meta.${name} in new URL("./file", import.meta.url) alone`);
      }
    },
    NewExpression(node) {
      const { callee } = node;
      if (callee.type !== "Identifier") return;
      if (GLOBALS.has(callee.name)) report(node, `Node 20 lacks ${callee.name}`);
      if (callee.name !== "URL" || !isModuleUrl(node.arguments[1])) return;
      const path = node.arguments[0];
      const literal = path?.type === "Literal" && typeof path.value === "string" ? path.value : undefined;
      if (literal === undefined || !/^(\.\.?\/|@[\w-]+\/[\w-]+\/).*[^/]$/.test(literal)) {
        report(
          node,
          "bundlers follow the written-out path of one file alone: ./file, ../file or @scope/package/file",
        );
      }
    },
  };
}

/**
 * What of a module does not run everywhere, as `line: fault`. It runs in `deno test` alone.
 *
 * @param path Its name, which says the language.
 */
export function faultsForRuntimes(path: string, source: string): string[] {
  const plugin: Deno.lint.Plugin = {
    name: "every-runtime",
    rules: {
      all: { create: (context) => visitor((node, message) => context.report({ node, message })) },
    },
  };
  return Deno.lint.runPlugin(plugin, path, source).map(({ range, message }) =>
    `${source.slice(0, range[0]).split("\n").length}: ${message}`
  );
}
