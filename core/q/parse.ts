/** From text to shape: the grammar of `q` as docs/reference/q.md gives it. */
import { maxQueryDepth, maxQueryLength, maxQueryTerms } from '../limits.ts';
import { openScanner, type Scanner } from './scan.ts';
import type { FieldTerm, Operand, Parsed, Span, Syntax } from './syntax.ts';
import { QueryError } from './wrong.ts';

interface Parser {
  readonly scan: Scanner;
  terms: number;
}

/** Throws a QueryError with the place of the first character that does not fit. */
export function parseQuery(text: string): Parsed {
  if (text.length > maxQueryLength) {
    const message = `the query has more than ${maxQueryLength} characters`;
    const rest = { at: maxQueryLength, length: text.length - maxQueryLength };
    throw new QueryError(text, [{ message, remedy: 'Ask for less at once.', ...rest }]);
  }
  const strange = /[\0\uFFFE\uFFFF]|\p{Surrogate}/u.exec(text);
  if (strange !== null) {
    const message = 'this character cannot be in a text';
    const remedy = 'Take it out.';
    throw new QueryError(text, [{ message, remedy, at: strange.index, length: 1 }]);
  }
  const parser = { scan: openScanner(text), terms: 0 };
  const { scan } = parser;
  if (!scan.more()) return { text, syntax: { kind: 'and', of: [] } };
  const syntax = or(parser, 1);
  if (scan.more()) scan.fail('nothing opened this )', 'Take it out, or write a ( before it.');
  return { text, syntax };
}

function or(parser: Parser, depth: number): Syntax {
  const of = [and(parser, depth)];
  while (parser.scan.more() && parser.scan.keyword('or')) of.push(and(parser, depth));
  return one('or', of);
}

function and(parser: Parser, depth: number): Syntax {
  const { scan } = parser;
  const of = [not(parser, depth)];
  while (scan.more() && scan.text[scan.at()] !== ')' && !scan.sees('or')) {
    scan.keyword('and');
    of.push(not(parser, depth));
  }
  return one('and', of);
}

const one = (kind: 'and' | 'or', of: readonly Syntax[]): Syntax =>
  of.length === 1 && of[0] !== undefined ? of[0] : { kind, of };

function not(parser: Parser, depth: number): Syntax {
  const { scan } = parser;
  if (!scan.more()) {
    scan.fail('a condition is expected at the end', 'Write one, or take the last word out.');
  }
  const [at, start] = [{ at: scan.at(), length: 1 }, scan.at()];
  if (!scan.take('-') && !scan.keyword('not')) return term(parser, depth);
  const length = scan.at() - start;
  return { kind: 'not', of: not(parser, deeper(parser, depth, { ...at, length })) };
}

function deeper({ scan }: Parser, depth: number, at: Span): number {
  if (depth < maxQueryDepth) return depth + 1;
  return scan.fail(`more than ${maxQueryDepth} levels are inside each other`, 'Ask simpler.', at);
}

function term(parser: Parser, depth: number): Syntax {
  const { scan } = parser;
  const open = { at: scan.at(), length: 1 };
  if (scan.take('(')) {
    const inner = deeper(parser, depth, open);
    if (scan.more() && scan.text[scan.at()] === ')') {
      scan.fail('there is nothing inside these parentheses', 'Write a condition, or none.', open);
    }
    const syntax = or(parser, inner);
    if (!scan.more() || !scan.take(')')) {
      scan.fail('this ( is never closed', 'Write a ) where its condition ends.', open);
    }
    return syntax;
  }
  return condition(parser);
}

const sample = 'such as severity = critical, tag:rain, -sim or (a or b)';

function condition(parser: Parser): Syntax {
  const { scan } = parser;
  const name = scan.name();
  if (name.length === 0) scan.fail('a condition is expected here', `Write one, ${sample}.`);
  parser.terms += 1;
  if (parser.terms > maxQueryTerms) {
    scan.fail(`the query has more than ${maxQueryTerms} conditions`, 'Ask for less at once.', name);
  }
  scan.more();
  const set = !name.quoted && scan.setFollows();
  const op = name.quoted || set ? undefined : scan.operator();
  const field = { at: name.at, length: name.length, parts: name.parts };
  if (set) return { kind: 'term', field, op: 'in', operands: operands(scan) };
  if (op !== undefined) return { kind: 'term', field, op, operands: [operand(scan)] };
  return { kind: 'word', value: name };
}

/** Behind `in`. */
function operands(scan: Scanner): FieldTerm['operands'] {
  const all: Operand[] = [];
  scan.more();
  const open = { at: scan.at(), length: 1 };
  scan.take('(');
  for (;;) {
    all.push(operand(scan));
    scan.more();
    if (scan.take(')')) return all;
    if (!scan.take(',')) {
      scan.fail('this list is never closed', 'Write commas between values and a ) behind.', open);
    }
  }
}

function operand(scan: Scanner): Operand {
  scan.more();
  const from = scan.value();
  if (from.length === 0) {
    scan.fail('a value is expected here', 'Write one; in "quotes" when it has spaces.');
  }
  if (!scan.take('..')) return { kind: 'value', value: from };
  const to = scan.value();
  if (to.length === 0) scan.fail('the range has no end', 'Write one, or * for an open end.');
  return { kind: 'range', from, to };
}
