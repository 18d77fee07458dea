/** Canonical text of terms: one spelling for equal expressions, with the brackets they need. */
import type { Checked } from './checked.ts';

const strength = { choice: 1, or: 2, and: 3, compare: 4, sum: 5, product: 6, prefix: 7, atom: 8 };

/** How strongly the outermost operator of a term binds. */
function bindingOf(term: Checked): number {
  switch (term.kind) {
    case 'choice':
      return strength.choice;
    case 'or':
      return strength.or;
    case 'and':
      return strength.and;
    case 'compare':
    case 'member':
      return strength.compare;
    case 'arithmetic':
      return term.op === '+' || term.op === '-' ? strength.sum : strength.product;
    case 'negate':
    case 'not':
      return strength.prefix;
    case 'constant':
      return typeof term.value === 'number' && term.value < 0 ? strength.prefix : strength.atom;
    case 'signal':
    case 'match':
    case 'function':
    case 'memory':
    case 'item':
    case 'fold':
    case 'margin':
      return strength.atom;
  }
}

/** The text of a part inside an operator that binds with `around`; equal strength is bracketed. */
function inside(term: Checked, around: number): string {
  return bindingOf(term) > around ? term.text : `(${term.text})`;
}

export const binaryText = (left: Checked, op: string, right: Checked): string => {
  const around =
    op === '+' || op === '-'
      ? strength.sum
      : op === '*' || op === '/'
        ? strength.product
        : strength.compare;
  const first = bindingOf(left) === around ? left.text : inside(left, around);
  return `${first} ${op} ${inside(right, around)}`;
};

export const memberText = (arg: Checked, items: readonly (number | string | boolean)[]): string => {
  const first = bindingOf(arg) === strength.compare ? arg.text : inside(arg, strength.compare);
  return `${first} in [${items.map(constantText).join(', ')}]`;
};

/** A side of a comparison. */
export const comparedText = (term: Checked): string => inside(term, strength.compare);

export const joinText = (op: '&&' | '||', args: readonly Checked[]): string =>
  args.map((arg) => inside(arg, op === '&&' ? strength.and : strength.or)).join(` ${op} `);

/** A number behind a minus is bracketed: without it the two would read as one constant. */
export const prefixText = (op: '!' | '-', arg: Checked): string =>
  arg.kind === 'constant' ? `${op}(${arg.text})` : `${op}${inside(arg, strength.prefix)}`;

export const choiceText = (when: Checked, chosen: Checked, otherwise: Checked): string =>
  `${inside(when, strength.choice)} ? ${inside(chosen, strength.choice)} : ${otherwise.text}`;

export const callText = (fn: string, args: readonly string[]): string =>
  `${fn}(${args.join(', ')})`;

export function constantText(value: number | string | boolean): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (Object.is(value, -0)) return '-0.0';
  const text = String(value);
  // An integer of so many digits is refused; as a double it reads.
  return /^-?\d{16,}$/.test(text) ? `${text}.0` : text;
}
