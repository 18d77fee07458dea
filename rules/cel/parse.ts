/**
 * The door to @bufbuild/cel: text to a tree of our own. What this version does not evaluate
 * (lists, maps, messages, bytes) is refused here, each with its place.
 */
import { parse } from '@bufbuild/cel';
import * as limits from '../limits.ts';
import type { ExpressionProblem } from '../problem.ts';
import { type Expr, type MacroName, macroNames } from './expr.ts';
import { withoutComments, withoutLiterals } from './lexical.ts';

type ParsedExpr = ReturnType<typeof parse>;
type CelExpr = ParsedExpr['expr'];

export type Parsed =
  | { readonly expr: Expr; readonly problems: readonly [] }
  | { readonly expr: undefined; readonly problems: readonly ExpressionProblem[] };

/** Parses one expression; the tree is complete or there is at least one problem. */
export function parseExpression(source: string): Parsed {
  const text = withoutComments(source);
  const early = beforeParsing(text);
  if (early !== undefined) return { expr: undefined, problems: [early] };
  let parsed: ParsedExpr;
  try {
    parsed = parse(text);
  } catch (error) {
    return { expr: undefined, problems: [syntaxProblem(text, error)] };
  }
  const problems: ExpressionProblem[] = [];
  const positions = parsed.sourceInfo?.positions ?? {};
  const expr = convert(parsed.expr, {
    problems,
    depth: 1,
    at: (inner) => afterBlanks(text, positions[String(inner.id)] ?? 0),
    macroOf: (inner) => {
      const call = parsed.sourceInfo?.macroCalls[String(inner.id)]?.exprKind;
      return call?.case === 'callExpr' ? call.value : undefined;
    },
  });
  if (expr === undefined || problems.length > 0) return { expr: undefined, problems };
  return { expr, problems: [] };
}

/** The parser places an operator at the blanks before it. */
function afterBlanks(text: string, from: number): number {
  let at = from;
  while (/\s/.test(text.charAt(at))) at += 1;
  return at;
}

/** What is told better, or must be stopped, before the parser recurses over the text. */
function beforeParsing(text: string): ExpressionProblem | undefined {
  if (text.trim() === '') {
    const remedy = 'Write a condition, for example vx > 0.5.';
    return { at: 0, code: 'expression', message: 'the expression is empty', remedy };
  }
  if (text.length > limits.expressionCharacters) {
    const message = `the expression has ${text.length} characters, at most ${limits.expressionCharacters}`;
    return { at: 0, code: 'limit', message, remedy: 'Split it into two rules.' };
  }
  if (!text.isWellFormed()) {
    // Half a character: what stands before it is whole up to there.
    const at = Array.from(text).findIndex((one) => !one.isWellFormed());
    const offset = Array.from(text).slice(0, at).join('').length;
    const message = 'half of a character stands here';
    return { at: offset, code: 'expression', message, remedy: 'Write the text again.' };
  }
  return bracketProblem(text) ?? endProblem(text);
}

/** The depth is bounded, and each bracket has its other half. */
function bracketProblem(text: string): ExpressionProblem | undefined {
  const open: number[] = [];
  const bare = withoutLiterals(text);
  for (let i = 0; i < bare.length; i += 1) {
    const c = bare.charAt(i);
    // A text without an end hides brackets: that is what the parser tells.
    if (c === '"' || c === "'") return undefined;
    if ('([{'.includes(c)) open.push(i);
    else if (')]}'.includes(c)) {
      const before = open.pop();
      const wanted = '([{'.charAt(')]}'.indexOf(c));
      if (before !== undefined && bare.charAt(before) === wanted) continue;
      const message = `"${c}" closes nothing that is open`;
      return { at: i, code: 'expression', message, remedy: 'Remove it, or open a bracket.' };
    }
    if (open.length > limits.expressionBrackets) {
      const message = `more than ${limits.expressionBrackets} brackets are open at once`;
      return { at: i, code: 'limit', message, remedy: 'Remove brackets that change nothing.' };
    }
  }
  const last = open.at(-1);
  if (last === undefined) return undefined;
  const message = `the "${text.charAt(last)}" that opens here is not closed`;
  return { at: last, code: 'expression', message, remedy: 'Close it.' };
}

function endProblem(text: string): ExpressionProblem | undefined {
  const end = text.trimEnd();
  if (!/(&&|\|\||[<>=!]=|[<>+*/?:,-])$/.test(end)) return undefined;
  const remedy = 'Complete it, or remove what stands at its end.';
  return {
    at: end.length - 1,
    code: 'expression',
    message: 'the expression ends too early',
    remedy,
  };
}

function syntaxProblem(text: string, error: unknown): ExpressionProblem {
  const parts = error as {
    readonly rawMessage?: unknown;
    readonly found?: unknown;
    readonly location?: { readonly start?: { readonly offset?: unknown } };
  };
  const offset = parts.location?.start?.offset;
  const at = typeof offset === 'number' ? offset : 0;
  const found = typeof parts.found === 'string' ? parts.found : text.charAt(at);
  if (typeof offset !== 'number') {
    const what =
      error instanceof RangeError ? 'the expression is nested too deeply' : String(error);
    return { at, code: 'expression', message: what, remedy: 'Split it into two rules.' };
  }
  return { at, code: 'expression', ...syntaxAdvice(text, at, found) };
}

function syntaxAdvice(
  text: string,
  at: number,
  found: string,
): { readonly message: string; readonly remedy: string } {
  const rest = text.slice(at);
  if (/^=[^=]/.test(rest)) {
    return { message: '"=" compares nothing', remedy: 'Write == to compare.' };
  }
  if (/^and\b/.test(rest)) return { message: '"and" is not an operator', remedy: 'Write &&.' };
  if (/^or\b/.test(rest)) return { message: '"or" is not an operator', remedy: 'Write ||.' };
  if (/^&[^&]/.test(rest)) return { message: '"&" is not an operator', remedy: 'Write &&.' };
  if (/^\|[^|]/.test(rest)) return { message: '"|" is not an operator', remedy: 'Write ||.' };
  if (found === '"' || found === "'") {
    const remedy = 'Close the text with the quote that opened it.';
    return { message: 'the text that begins here does not end, or an operator is missing', remedy };
  }
  if (at >= text.trimEnd().length) {
    return {
      message: 'the expression ends too early',
      remedy: 'Complete it, or close the open bracket.',
    };
  }
  return {
    message: `cannot read the expression from ${JSON.stringify(rest.slice(0, 12))} on`,
    remedy: 'An operator or an operand is missing or too many here; see docs/reference/rules.md.',
  };
}

interface Walk {
  readonly problems: ExpressionProblem[];
  readonly depth: number;
  readonly at: (expr: CelExpr) => number;
  /** The call as it was written, where the parser put something else in its place. */
  readonly macroOf: (expr: CelExpr) => CallValue | undefined;
}

function convert(expr: CelExpr, walk: Walk): Expr | undefined {
  const at = walk.at(expr);
  const refuse = (message: string, remedy: string): undefined => {
    walk.problems.push({ at, code: 'not-supported', message, remedy });
    return undefined;
  };
  if (walk.depth > limits.expressionDepth) {
    const message = `the expression is nested more than ${limits.expressionDepth} deep`;
    walk.problems.push({ at, code: 'limit', message, remedy: 'Split it into two rules.' });
    return undefined;
  }
  const deeper = { ...walk, depth: walk.depth + 1 };
  const written = walk.macroOf(expr);
  const fn = macroNames.find((name) => name === written?.function);
  if (written !== undefined && fn !== undefined) return macro(fn, written, at, deeper);
  const kind = expr.exprKind;
  switch (kind.case) {
    case 'constExpr':
      return constant(kind.value.constantKind, at, walk);
    case 'identExpr':
      return { kind: 'name', name: kind.value.name, at };
    case 'selectExpr': {
      const operand = kind.value.operand;
      if (kind.value.testOnly || operand === undefined) {
        return refuse('has() is not supported', 'A signal without a value is unknown by itself.');
      }
      const inner = convert(operand, deeper);
      if (inner === undefined) return undefined;
      if (inner.kind !== 'name') {
        return refuse(
          `".${kind.value.field}" does not follow a name`,
          'Model scores and fields of items have dots: classifier.entropy, d.score.',
        );
      }
      return { kind: 'name', name: `${inner.name}.${kind.value.field}`, at: inner.at };
    }
    case 'callExpr':
      return indexed(kind.value, deeper) ?? call(kind.value, at, deeper);
    case 'listExpr': {
      const items = kind.value.elements.map((item) => convert(item, deeper));
      const all = items.filter((item) => item !== undefined);
      return all.length === items.length ? { kind: 'list', items: all, at } : undefined;
    }
    case 'comprehensionExpr':
      return refuse('this macro is not supported', `Macros are ${macroNames.join(', ')}.`);
    case 'structExpr':
      return refuse('maps and messages are not supported', 'Compare single values.');
    case undefined:
      return refuse('this cannot be evaluated', 'Write a condition over signals.');
  }
}

type CallValue = Extract<CelExpr['exprKind'], { case: 'callExpr' }>['value'];
type ConstantKind = Extract<CelExpr['exprKind'], { case: 'constExpr' }>['value']['constantKind'];

/** `dets.exists(d, …)`, `dets.map(d, …)`, `dets.map(d, which, …)`. */
function macro(fn: MacroName, value: CallValue, at: number, walk: Walk): Expr | undefined {
  const [variable, ...rest] = value.args;
  const kind = variable?.exprKind;
  if (value.target === undefined || kind?.case !== 'identExpr') return undefined;
  const list = convert(value.target, walk);
  const bodies = rest.map((body) => convert(body, walk)).filter((body) => body !== undefined);
  if (list === undefined || bodies.length < rest.length) return undefined;
  return { kind: 'macro', fn, list, variable: kind.value.name, bodies, at };
}

/** `d.results[0]`: the index becomes part of the name. */
function indexed(value: CallValue, walk: Walk): Expr | undefined {
  const [list, index] = value.args;
  if (value.function !== '_[_]' || list === undefined || index === undefined) return undefined;
  const { exprKind } = index;
  const constant = exprKind.case === 'constExpr' ? exprKind.value.constantKind : undefined;
  if (constant?.case !== 'int64Value' || constant.value < 0n) return undefined;
  const kind = list.exprKind.case;
  const isName = kind === 'identExpr' || kind === 'selectExpr' || kind === 'callExpr';
  const inner = isName ? convert(list, { ...walk, problems: [] }) : undefined;
  if (inner?.kind !== 'name') return undefined;
  return { kind: 'name', name: `${inner.name}[${constant.value}]`, at: inner.at };
}

/** `a && b && c` is kept as one call with three arguments, as an operator of any arity. */
function call(value: CallValue, at: number, walk: Walk): Expr | undefined {
  const given = value.target === undefined ? value.args : [value.target, ...value.args];
  const args: Expr[] = [];
  let whole = true;
  for (const arg of chain(value.function, given)) {
    const converted = convert(arg, walk);
    if (converted === undefined) whole = false;
    else args.push(converted);
  }
  return whole ? { kind: 'call', fn: value.function, args, at } : undefined;
}

/** A chain of `&&` or `||` is flat, so that its length does not count as depth. */
function chain(fn: string, args: readonly CelExpr[]): CelExpr[] {
  if (fn !== '_&&_' && fn !== '_||_') return [...args];
  return args.flatMap((arg) => {
    const kind = arg.exprKind;
    const isSame = kind.case === 'callExpr' && kind.value.function === fn;
    return isSame ? chain(fn, kind.value.args) : [arg];
  });
}

function constant(kind: ConstantKind, at: number, walk: Walk): Expr | undefined {
  const refuse = (message: string, remedy: string): undefined => {
    walk.problems.push({ at, code: 'not-supported', message, remedy });
    return undefined;
  };
  switch (kind.case) {
    case 'doubleValue':
      if (Number.isFinite(kind.value)) return { kind: 'number', value: kind.value, at };
      return refuse('the number is too large for a double', 'Write at most 1.79e308.');
    case 'int64Value': {
      const value = Number(kind.value);
      if (Number.isSafeInteger(value)) return { kind: 'number', value, at };
      return refuse('the integer has more digits than a double holds', 'Stay below 2^53.');
    }
    case 'uint64Value':
      return refuse('unsigned integers are not supported', 'Leave the letter u out.');
    case 'stringValue':
      return { kind: 'text', value: kind.value, at };
    case 'boolValue':
      return { kind: 'truth', value: kind.value, at };
    case 'nullValue':
      return refuse('null is not a value here', 'A signal without a value is unknown by itself.');
    default:
      return refuse('bytes are not supported', 'Compare text or numbers.');
  }
}
