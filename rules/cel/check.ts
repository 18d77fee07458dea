/**
 * The type check: an expression against the declared signals. Every problem has its offset; a
 * part with a problem gives undefined, so that one mistake is reported once.
 */
import { didYouMean } from '@fieldloop/core';
import * as limits from '../limits.ts';
import type { ExpressionProblem } from '../problem.ts';
import { scoreSignals } from '../rule-set.ts';
import { checkCall } from './call.ts';
import type { Arithmetic, Checked, Comparison, ValueType } from './checked.ts';
import { checkMacro } from './check-list.ts';
import {
  anOf,
  type CheckContext,
  itemOf,
  type ItemVariable,
  type Scope,
  startOf,
  unitsAgree,
} from './context.ts';
import type { Expr } from './expr.ts';
import { parseExpression } from './parse.ts';
import {
  binaryText,
  choiceText,
  comparedText,
  constantText,
  joinText,
  memberText,
  prefixText,
} from './text.ts';

export interface CheckResult {
  readonly checked: Checked | undefined;
  readonly problems: readonly ExpressionProblem[];
}

/** Parses and checks a condition: an expression of type bool. */
export function checkCondition(text: string, scope: Scope): CheckResult {
  return check(text, { scope, type: 'bool' });
}

/** A number, such as a priority; `margin()` measures the condition that is given. */
export function checkNumber(text: string, scope: Scope, condition?: Checked): CheckResult {
  return check(text, { scope, type: 'double', condition });
}

/** A value of any one type, such as what a label shows. */
export function checkValue(text: string, scope: Scope): CheckResult {
  return check(text, { scope });
}

interface Wish {
  readonly scope: Scope;
  readonly type?: ValueType;
  readonly condition?: Checked | undefined;
}

function check(text: string, { scope, type, condition }: Wish): CheckResult {
  const parsed = parseExpression(text);
  if (parsed.expr === undefined) return { checked: undefined, problems: parsed.problems };
  const problems: ExpressionProblem[] = [];
  const context = contextOf([], {
    scope,
    condition,
    report: (at, code, message, remedy) => {
      if (problems.length < limits.expressionProblems) problems.push({ at, code, message, remedy });
    },
  });
  const checked =
    type === undefined ? valueOf(parsed.expr, context) : expect(parsed.expr, type, context);
  return { checked: problems.length === 0 ? checked : undefined, problems };
}

type Outside = Pick<CheckContext, 'scope' | 'condition' | 'report'>;

function contextOf(variables: readonly ItemVariable[], outside: Outside): CheckContext {
  const context: CheckContext = {
    ...outside,
    variables,
    // The condition that margin() measures is that of the rule, not that of an item.
    inside: (variable) => contextOf([...variables, variable], { ...outside, condition: undefined }),
    term: (expr) => checkExpr(expr, context),
    expect: (expr, wanted) => expect(expr, wanted, context),
  };
  return context;
}

function valueOf(expr: Expr, context: CheckContext): Checked | undefined {
  const term = checkExpr(expr, context);
  if (term?.type !== 'list') return term;
  const remedy = `Write for example size(${term.text}).`;
  return context.report(startOf(expr), 'type', `${term.text} is a list`, remedy);
}

/** The term when it has the wanted type; otherwise one problem that names both types. */
function expect(expr: Expr, type: ValueType, context: CheckContext): Checked | undefined {
  const item = expr.kind === 'name' && itemOf(expr.name, context);
  // A field of an item has the type that it is used as.
  if (item && (type === 'double' || type === 'string' || type === 'bool')) {
    return { kind: 'item', type, field: item.field, text: expr.name, at: expr.at };
  }
  const term = checkExpr(expr, context);
  if (term === undefined || term.type === type) return term;
  const advice = type === 'bool' ? conditionAdvice(term) : `Write something of type ${type} here.`;
  return context.report(
    startOf(expr),
    'type',
    `${term.text} is ${anOf(term.type)} where ${anOf(type)} is needed`,
    advice,
  );
}

/** How a value of another type becomes a condition. */
function conditionAdvice(term: Checked): string {
  const { type, text } = term;
  switch (type) {
    case 'double':
    case 'bool':
      return `Compare it, for example ${comparedText(term)} > 0.0.`;
    case 'string':
      return `Compare it, for example ${comparedText(term)} == "AUTO".`;
    case 'duration':
      return `Compare it, for example ${comparedText(term)} > duration("1s").`;
    case 'geo':
      return `Write inside(${text}, "dock"), or compare dist(${text}, …) with a distance.`;
    case 'list':
      return `Write for example ${text}.exists(d, d.score > 0.5).`;
  }
}

function checkExpr(expr: Expr, context: CheckContext): Checked | undefined {
  const at = expr.at;
  switch (expr.kind) {
    case 'number':
    case 'text':
    case 'truth': {
      const type = { number: 'double', text: 'string', truth: 'bool' } as const;
      const text = constantText(expr.value);
      return { kind: 'constant', type: type[expr.kind], value: expr.value, text, at };
    }
    case 'name':
      return checkName(expr.name, at, context);
    case 'list':
      return context.report(
        at,
        'not-supported',
        'a list stands only at the right of "in"',
        'Write for example mode in ["AUTO", "MANUAL"].',
      );
    case 'call':
      return checkOperator(expr, context) ?? undefined;
    case 'macro':
      return checkMacro(expr, context);
  }
}

function checkName(name: string, at: number, context: CheckContext): Checked | undefined {
  const item = itemOf(name, context);
  if (item !== undefined)
    return { kind: 'item', type: 'double', field: item.field, text: name, at };
  if (name.includes('[')) {
    const message = 'an index into a list is not supported here';
    const remedy = 'Write the index in the path of the signal: path "ranges[0]".';
    return context.report(at, 'not-supported', message, remedy);
  }
  const known = context.scope.signal(name);
  if (known === 'broken') return undefined;
  if (known !== undefined && context.variables.length > 0) {
    const message = `a macro sees the items of its list, not ${name}`;
    const remedy = `Fold the list first, for example least(dets.map(d, d.dist)) < ${name}.`;
    return context.report(at, 'not-supported', message, remedy);
  }
  if (known !== undefined) {
    return { kind: 'signal', type: known.type, unit: known.unit, name, text: name, at };
  }
  const dot = name.indexOf('.');
  const model = dot < 0 ? '' : name.slice(0, dot);
  if (context.scope.models.includes(model)) {
    const field = name.slice(dot + 1);
    const isEmbedding = field === 'embedding';
    const only = isEmbedding ? ` An embedding stands in sample: {embedding: ${name}} alone.` : '';
    return context.report(
      at,
      'unknown-signal',
      `model "${model}" gives no "${field.slice(0, 60)}".${didYouMean(field, scoreSignals)}`,
      `Its scores are ${scoreSignals.map((score) => `${model}.${score}`).join(', ')}.${only}`,
    );
  }
  const where = dot < 0 ? '"signals:"' : '"signals:", models under "models:"';
  return context.report(
    at,
    'unknown-signal',
    `unknown signal "${name}".${didYouMean(name, context.scope.names)}`,
    `Signals are declared under ${where}.`,
  );
}

type Call = Extract<Expr, { kind: 'call' }>;

function checkOperator(expr: Call, context: CheckContext): Checked | undefined {
  const { fn, at } = expr;
  const [first, second, third] = expr.args;
  switch (fn) {
    case '_&&_':
    case '_||_': {
      const args = expr.args.map((arg) => expect(arg, 'bool', context));
      const all = args.filter((arg) => arg !== undefined);
      if (all.length < args.length) return undefined;
      const text = joinText(fn === '_&&_' ? '&&' : '||', all);
      return { kind: fn === '_&&_' ? 'and' : 'or', type: 'bool', args: all, text, at };
    }
    case '!_': {
      const arg = first && expect(first, 'bool', context);
      return arg && { kind: 'not', type: 'bool', arg, text: prefixText('!', arg), at };
    }
    case '-_':
      return first && checkNegate(first, at, context);
    case '_?_:_':
      return first && second && third && checkChoice([first, second, third], at, context);
    case '@in':
      return first && second && checkMember(first, second, context);
    case '_==_':
    case '_!=_':
    case '_<_':
    case '_<=_':
    case '_>_':
    case '_>=_':
      return first && second && checkCompare(expr, first, second, context);
    case '_+_':
    case '_-_':
    case '_*_':
    case '_/_':
      return first && second && checkArithmetic(expr, first, second, context);
    case '_%_':
      return context.report(
        at,
        'not-supported',
        '% is not supported',
        'Write x - 2.0 * floor(x / 2.0) for what is left of x divided by 2.0.',
      );
    case '_[_]':
      return context.report(
        at,
        'not-supported',
        'an index into a list is not supported here',
        'Write a whole number as the index, in the path of the signal: path "ranges[0]".',
      );
    default:
      return checkCall(expr, context);
  }
}

function checkNegate(inner: Expr, at: number, context: CheckContext): Checked | undefined {
  const arg = expect(inner, 'double', context);
  if (arg === undefined) return undefined;
  return { kind: 'negate', type: 'double', unit: arg.unit, arg, text: prefixText('-', arg), at };
}

function checkChoice(
  parts: readonly [Expr, Expr, Expr],
  at: number,
  context: CheckContext,
): Checked | undefined {
  const when = expect(parts[0], 'bool', context);
  const [chosen, otherwise] = checkPair(parts[1], parts[2], context);
  if (when === undefined || chosen === undefined || otherwise === undefined) return undefined;
  if (chosen.type !== otherwise.type) {
    return context.report(
      at,
      'type',
      `the branches of "?" differ: ${chosen.text} is ${anOf(chosen.type)}, ${otherwise.text} ${anOf(otherwise.type)}`,
      'Give both branches one type.',
    );
  }
  if (!unitsAgree(chosen, otherwise, at, context)) return undefined;
  const unit = chosen.unit ?? otherwise.unit;
  const text = choiceText(when, chosen, otherwise);
  return { kind: 'choice', type: chosen.type, unit, when, chosen, otherwise, text, at };
}

/** Two parts of one type: a field of an item takes the type of the other. */
function checkPair(
  first: Expr,
  second: Expr,
  context: CheckContext,
): [Checked | undefined, Checked | undefined] {
  const isItem = (expr: Expr): boolean =>
    expr.kind === 'name' && itemOf(expr.name, context) !== undefined;
  if (isItem(first) === isItem(second)) {
    return [checkExpr(first, context), checkExpr(second, context)];
  }
  const known = checkExpr(isItem(first) ? second : first, context);
  const item = known && expect(isItem(first) ? first : second, known.type, context);
  return isItem(first) ? [item, known] : [known, item];
}

function checkMember(left: Expr, right: Expr, context: CheckContext): Checked | undefined {
  const [one] = right.kind === 'list' ? right.items : [];
  const arg = one === undefined ? checkExpr(left, context) : checkPair(left, one, context)[0];
  if (right.kind !== 'list') {
    const remedy = 'Write for example mode in ["AUTO", "MANUAL"].';
    return context.report(right.at, 'not-supported', '"in" needs a list of constants', remedy);
  }
  if (arg === undefined) return undefined;
  if (arg.type === 'geo' || arg.type === 'list') {
    const remedy =
      arg.type === 'geo'
        ? 'Declare a geofence and write inside(pos, "dock").'
        : `Write for example ${arg.text}.exists(d, d.score > 0.5).`;
    return context.report(arg.at, 'type', `${arg.text} is ${anOf(arg.type)}`, remedy);
  }
  const items: (number | string | boolean)[] = [];
  for (const item of right.items) {
    const term = checkExpr(item, context);
    if (term === undefined) return undefined;
    if (term.kind !== 'constant') {
      const remedy = 'Write == and || for values that change.';
      return context.report(item.at, 'not-supported', 'the list holds constants only', remedy);
    }
    if (term.type !== arg.type) {
      const message = `${term.text} is ${anOf(term.type)}, ${arg.text} ${anOf(arg.type)}`;
      return context.report(item.at, 'type', message, 'Give the list the type of the left side.');
    }
    items.push(term.value);
  }
  const text = memberText(arg, items);
  return { kind: 'member', type: 'bool', arg, items, text, at: arg.at };
}

function checkCompare(
  expr: Call,
  first: Expr,
  second: Expr,
  context: CheckContext,
): Checked | undefined {
  const [left, right] = checkPair(first, second, context);
  if (left === undefined || right === undefined) return undefined;
  const op = expr.fn.slice(1, -1) as Comparison;
  const at = expr.at;
  if (left.type !== right.type) return typesDiffer(left, right, at, context);
  if (left.type === 'list') {
    const remedy = `Write for example ${left.text}.exists(d, d.score > 0.5).`;
    return context.report(at, 'type', 'lists are not compared', remedy);
  }
  if (left.type === 'geo') {
    const remedy = `Compare dist(${left.text}, ${right.text}) with a distance.`;
    return context.report(at, 'type', 'positions are not compared', remedy);
  }
  if (left.type === 'bool' && op !== '==' && op !== '!=') {
    return context.report(at, 'type', `"${op}" does not order truths`, 'Write == or !=.');
  }
  if (!unitsAgree(left, right, at, context)) return undefined;
  return { kind: 'compare', type: 'bool', op, left, right, text: binaryText(left, op, right), at };
}

function checkArithmetic(
  expr: Call,
  first: Expr,
  second: Expr,
  context: CheckContext,
): Checked | undefined {
  const left = checkExpr(first, context);
  const right = checkExpr(second, context);
  if (left === undefined || right === undefined) return undefined;
  const op = expr.fn.slice(1, -1) as Arithmetic;
  const at = expr.at;
  const text = binaryText(left, op, right);
  const isSum = op === '+' || op === '-';
  if (isSum && left.type === 'duration' && right.type === 'duration') {
    return { kind: 'arithmetic', type: 'duration', op, left, right, text, at };
  }
  for (const term of [left, right]) {
    if (term.type === 'double') continue;
    const remedy =
      term.type === 'string'
        ? 'Texts are compared, not joined.'
        : term.type === 'duration'
          ? 'Durations are added to and subtracted from durations.'
          : 'Write b ? 1.0 : 0.0 to count a truth.';
    const message = `"${op}" needs doubles, but ${term.text} is ${anOf(term.type)}`;
    return context.report(at, 'type', message, remedy);
  }
  if (isSum && !unitsAgree(left, right, at, context)) return undefined;
  const unit = isSum ? (left.unit ?? right.unit) : undefined;
  return { kind: 'arithmetic', type: 'double', unit, op, left, right, text, at };
}

function typesDiffer(left: Checked, right: Checked, at: number, context: CheckContext): undefined {
  const isDuration = left.type === 'duration' || right.type === 'duration';
  const remedy = isDuration
    ? 'Write a duration as duration("1s").'
    : 'Compare values of one type; a text stands in quotes, a number does not.';
  const message = `${left.text} is ${anOf(left.type)}, ${right.text} ${anOf(right.type)}`;
  return context.report(at, 'type', message, remedy);
}
