/** Reads a query character by character; what a word may hold depends on where it stands. */
import type { Operator, Span, Written } from './syntax.ts';
import { QueryError } from './wrong.ts';

export interface Scanner {
  readonly text: string;
  readonly at: () => number;
  /** Past white space; whether there is anything left. */
  readonly more: () => boolean;
  /** Takes exactly this text if it comes next. */
  readonly take: (text: string) => boolean;
  /** Whether `and`, `or` or `not` comes next: a whole word in either case. */
  readonly sees: (word: string) => boolean;
  readonly keyword: (word: string) => boolean;
  /** Whether `in (` comes next; takes the `in`. */
  readonly setFollows: () => boolean;
  readonly operator: () => Operator | undefined;
  /** A name or a search word. */
  readonly name: () => Written & { readonly parts: readonly string[] };
  /** A value behind an operator. */
  readonly value: () => Written;
  readonly fail: (message: string, remedy: string, span?: Span) => never;
}

const operators = ['!=', '>=', '<=', '=', '>', '<', '~', ':'] as const;
const space = /\s/u;
/** What ends a name and what ends a value. */
const nameEnd = /[\s(),=!<>~:"]/u;
const valueEnd = /[\s(),"]/u;

export function openScanner(text: string): Scanner {
  let at = 0;
  const fail = (message: string, remedy: string, span: Span = { at, length: 1 }): never => {
    throw new QueryError(text, [{ message, remedy, ...span }]);
  };
  const more = (): boolean => {
    while (at < text.length && space.test(text[at] ?? '')) at += 1;
    return at < text.length;
  };
  const take = (wanted: string): boolean => {
    if (!text.startsWith(wanted, at)) return false;
    at += wanted.length;
    return true;
  };
  const sees = (word: string): boolean => {
    const found = text.slice(at, at + word.length);
    return found.toLowerCase() === word && /[\s()"']/u.test(text[at + word.length] ?? ' ');
  };
  const keyword = (word: string): boolean => sees(word) && take(text.slice(at, at + word.length));
  const run = (end: RegExp, stopAtRange: boolean): string => {
    const start = at;
    while (at < text.length && !end.test(text[at] ?? '')) {
      if (stopAtRange && at > start && text.startsWith('..', at)) break;
      at += 1;
    }
    return text.slice(start, at);
  };
  const string = (): Written => {
    const start = at;
    const quote = text[at] ?? '';
    at += 1;
    let made = '';
    for (;;) {
      const char = text[at];
      if (char === undefined) {
        return fail('this text has no end', `Close it with ${quote}.`, {
          at: start,
          length: text.length - start,
        });
      }
      at += 1;
      if (char === quote) return { text: made, quoted: true, at: start, length: at - start };
      made += char === '\\' ? escaped() : char;
    }
  };
  const escaped = (): string => {
    const char = text[at] ?? '';
    if (!['"', "'", '\\'].includes(char)) {
      fail('a \\ stands before ", \' or \\ only', 'Write \\\\ for a backslash.');
    }
    at += 1;
    return char;
  };
  const quoteNext = (): boolean => text[at] === '"' || text[at] === "'";
  return {
    text,
    at: () => at,
    more,
    take,
    sees,
    keyword,
    setFollows: () => {
      const found = /^in(?=\s*\()/iu.exec(text.slice(at));
      if (found !== null) at += 2;
      return found !== null;
    },
    // As conditions of rules write it.
    operator: () => (take('==') ? '=' : operators.find((one) => take(one))),
    name: () => {
      const start = at;
      if (quoteNext()) {
        const whole = string();
        return { ...whole, parts: [whole.text] };
      }
      const parts: string[] = [];
      let plain = run(nameEnd, false);
      // A quoted part: why.values."odd name".
      while (plain.endsWith('.') && text[at] === '"') {
        parts.push(
          ...plain
            .slice(0, -1)
            .split('.')
            .filter((part) => part !== ''),
          string().text,
        );
        plain = run(nameEnd, false);
      }
      if (plain !== '') parts.push(...plain.replace(/^\.(?=.)/u, '').split('.'));
      const whole = text.slice(start, at);
      return { text: whole, quoted: false, at: start, length: at - start, parts };
    },
    value: () => {
      const start = at;
      if (quoteNext()) return string();
      const found = run(valueEnd, true);
      return { text: found, quoted: false, at: start, length: at - start };
    },
    fail,
  };
}
