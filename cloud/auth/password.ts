/** Which passwords are taken: length over rules of characters (NIST SP 800-63B, 5.1.1.2). */
import { Fault } from '@fieldloop/core';
import { leastPasswordLength, mostPasswordLength } from '../limits.ts';

/** Fault `invalid` that says what is wrong and what would do. */
export function checkPassword(
  password: string,
  owner: { readonly email: string; readonly name: string },
): void {
  const characters = lengthOf(password);
  if (characters < leastPasswordLength) {
    throw refused(`has ${characters} characters; the least is ${leastPasswordLength}`);
  }
  if (characters > mostPasswordLength) {
    throw refused(`has more than ${mostPasswordLength} characters`);
  }
  const plain = folded(password);
  if (new Set(plain).size < 5) throw refused('repeats few characters');
  if (isRun(plain)) throw refused('is a row of keys or numbers');
  const [mailbox = '', domain = ''] = owner.email.split('@');
  const own = [
    owner.name,
    owner.email,
    mailbox,
    domain.split('.')[0] ?? '',
    'fieldloop',
    'password',
  ]
    .map(folded)
    .filter((word) => word.length >= 3);
  const rest = own
    .toSorted((a, b) => b.length - a.length)
    .reduce((text, word) => text.replaceAll(word, ''), plain);
  if (lengthOf(rest) < minimumBesideName) {
    throw refused('is made of the name, the address or the product');
  }
}

/** In characters, not in the halves of which JavaScript makes some. */
const lengthOf = (text: string): number => Array.from(text).length;

/** Characters that must remain when names and addresses are taken out. */
const minimumBesideName = 8;

const rows = ['abcdefghijklmnopqrstuvwxyz', '0123456789', 'qwertyuiopasdfghjklzxcvbnm'];

/** Whether the whole text walks along a row, forwards or backwards, however often. */
function isRun(text: string): boolean {
  return rows.some((row) => {
    const forward = row.repeat(Math.ceil(text.length / row.length) + 1);
    return forward.includes(text) || forward.split('').toReversed().join('').includes(text);
  });
}

const folded = (text: string): string => text.normalize('NFKC').toLowerCase().replaceAll(/\s/g, '');

const refused = (what: string): Fault =>
  new Fault('invalid', `this password ${what}`, {
    place: '/body/password',
    remedy:
      `Choose at least ${leastPasswordLength} characters that are not your name; ` +
      'four or five words that do not belong together are good.',
  });
