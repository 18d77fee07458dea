/**
 * Goal: a password is known by its hash alone, at the cost that is set, and weak ones are refused.
 * Method: hashes of other implementations, hashes of our own, and words that people choose.
 */
import { systemRandomBytes } from '@fieldloop/core/system';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { passwordCost } from '../limits.ts';
import { openPasswords, parsePhc, phcText } from './argon2.ts';
import { checkPassword } from './password.ts';

const cost = { memoryKiB: 64, passes: 1, lanes: 1 };
const open = () => openPasswords({ randomBytes: systemRandomBytes, cost });

test('hashes of other implementations hold, and are known to be of another cost', async () => {
  // From the reference implementation's own tests, and from the manual of argon2-cffi.
  const known = [
    [
      'password',
      '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
    ],
    [
      'correct horse battery staple',
      '$argon2id$v=19$m=65536,t=3,p=4$MIIRqgvgQbgj220jfp0MPA$YfwJSVjtjSU0zzV/P3S9nnQ/USre2wvJMjfCIjrTQbg',
    ],
  ] as const;
  for (const [password, phc] of known) {
    expect(await open().verify(password, phc)).toEqual({ ok: true, stale: true });
    expect(await open().verify(`${password}.`, phc)).toEqual({ ok: false, stale: false });
  }
});

test('the cost is what OWASP asks for, and each hash has a salt of its own', async () => {
  const passwords = openPasswords({ randomBytes: systemRandomBytes });
  const [one, two] = [await passwords.hash('same words'), await passwords.hash('same words')];
  expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[^$]{22}\$[^$]{43}$/);
  expect(one).not.toBe(two);
  expect(await passwords.verify('same words', one)).toEqual({ ok: true, stale: false });
  expect(passwordCost).toEqual({ memoryKiB: 19_456, passes: 2, lanes: 1 });
});

test('an unknown account costs one hash, as a known one does', async () => {
  const passwords = open();
  const phc = await passwords.hash('some words');
  const before = passwords.computed;
  await passwords.verify('other words', phc);
  expect(passwords.computed - before).toBe(1);
  await passwords.verify('other words', undefined);
  expect(passwords.computed - before).toBe(2);
  await passwords.verify('other words', 'not a hash');
  expect(passwords.computed - before).toBe(3);
});

test('two ways to compose the same letters are one password', async () => {
  const passwords = open();
  const phc = await passwords.hash('caf\u00e9 au lait noir');
  expect((await passwords.verify('cafe\u0301 au lait noir', phc)).ok).toBe(true);
});

test('a crowd is hashed few at a time, and told to come back beyond what may wait', async () => {
  const passwords = open();
  const tries = await Promise.allSettled(
    Array.from({ length: 80 }, async (_, n) => await passwords.hash(`words ${n}`)),
  );
  const refused = tries.filter((one) => one.status === 'rejected');
  expect(refused).toHaveLength(80 - 2 - 64);
  expect(refused[0]?.reason).toMatchObject({ code: 'unavailable', retryAfterMs: 3000 });
  expect(passwords.computed).toBe(66);
  await passwords.hash('after the crowd');
});

test('a PHC string reads back as it was written', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 8, maxLength: 32 }),
      fc.uint8Array({ minLength: 16, maxLength: 64 }),
      fc.record({
        memoryKiB: fc.integer({ min: 8, max: 9_999_999 }),
        passes: fc.integer({ min: 1, max: 999 }),
        lanes: fc.integer({ min: 1, max: 99 }),
      }),
      (salt, hash, wanted) => {
        const read = parsePhc(phcText({ cost: wanted, salt, hash }));
        expect(read?.cost).toEqual(wanted);
        expect(new Uint8Array(read?.salt ?? [])).toEqual(salt);
        expect(new Uint8Array(read?.hash ?? [])).toEqual(hash);
      },
    ),
  );
  for (const other of ['', '$argon2i$v=19$m=1,t=1,p=1$aa$bb', '$argon2id$v=16$m=1,t=1,p=1$aa$bb']) {
    expect(parsePhc(other)).toBeUndefined();
  }
});

test.each([
  ['short', 'has 5 characters'],
  ['😀😀😀😀😀😀😀😀😀😀😀', 'has 11 characters'],
  ['aaaaaaaaaaaaaaaa', 'repeats few characters'],
  ['abababababababab', 'repeats few characters'],
  ['abcdefghijklmnop', 'is a row of keys or numbers'],
  ['qwertyuiopasdf', 'is a row of keys or numbers'],
  ['4321098765432109', 'is a row of keys or numbers'],
  ['Ada Lovelace 1815', 'is made of the name'],
  ['ada.lovelace@analytical.example', 'is made of the name'],
  ['PasswordPassword1', 'is made of the name'],
  ['x'.repeat(257), 'has more than 256 characters'],
])('"%s" is refused, and says why', (password, why) => {
  const owner = { email: 'ada.lovelace@analytical.example', name: 'Ada Lovelace' };
  expect(() => checkPassword(password, owner)).toThrow(why);
});

test.each([
  'four words walk home',
  'zT9$kk2!mQ@x',
  'ein ganzer satz, der mir gefällt',
  '我的密码是一个很长的句子吧',
])('"%s" is taken', (password) => {
  const owner = { email: 'ada.lovelace@analytical.example', name: 'Ada Lovelace' };
  expect(() => checkPassword(password, owner)).not.toThrow();
});
