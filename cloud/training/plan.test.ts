/**
 * Goal: whatever is seen of a trainer's process, the right thing is done about it.
 * Method: a table of what may be seen and what is done.
 */
import { expect, test } from 'vitest';
import { type Action, exitRetry, nextAction, type Seen } from './plan.ts';

const limits = { beatMs: 30_000, killMs: 30_000, attempts: 3 };
const alive: Seen = {
  attempt: 1,
  process: 'alive',
  silentMs: 10,
  hasResult: false,
  stopAsked: false,
  isLate: false,
};
const gone: Seen = { ...alive, process: 'gone' };
const hung = { silentMs: 31_000 };

const cases: readonly (readonly [string, Seen, Partial<Action>])[] = [
  ['nothing began', { ...alive, process: 'none', attempt: 0 }, { kind: 'start', attempt: 1 }],
  ['begun, then our death', { ...alive, process: 'none' }, { kind: 'start', attempt: 1 }],
  ['stopped before it began', { ...alive, process: 'none', stopAsked: true }, { kind: 'stopped' }],
  ['late before it began', { ...alive, process: 'none', isLate: true }, { kind: 'fail' }],
  ['its pid is on its way', { ...alive, process: 'starting' }, { kind: 'wait' }],
  ['a pid never came', { ...alive, ...hung, process: 'starting' }, { kind: 'start', attempt: 2 }],
  ['it works', alive, { kind: 'wait' }],
  ['it hangs', { ...alive, ...hung }, { kind: 'term' }],
  ['it is late', { ...alive, isLate: true }, { kind: 'term' }],
  ['a person stops it', { ...alive, stopAsked: true }, { kind: 'term' }],
  ['it is asked to end', { ...alive, ...hung, endingMs: 5 }, { kind: 'wait' }],
  ['it does not end', { ...alive, ...hung, endingMs: 30_001 }, { kind: 'kill' }],
  ['done', { ...gone, exit: 0, hasResult: true }, { kind: 'check' }],
  ['done, exit not seen', { ...gone, hasResult: true }, { kind: 'check' }],
  ['done without result', { ...gone, exit: 0 }, { kind: 'fail', code: 'result_missing' }],
  ['crashed', { ...gone, exit: 1 }, { kind: 'fail', code: 'trainer_crashed' }],
  ['crashed with a result', { ...gone, exit: 1, hasResult: true }, { kind: 'fail' }],
  ['asks to be begun again', { ...gone, exit: exitRetry }, { kind: 'start', attempt: 2 }],
  ['killed', { ...gone, exit: null }, { kind: 'start', attempt: 2 }],
  ['vanished', gone, { kind: 'start', attempt: 2 }],
  ['vanished too often', { ...gone, attempt: 3 }, { kind: 'fail', code: 'gave_up' }],
  ['hung once', { ...gone, exit: null, endingMs: 9 }, { kind: 'start', attempt: 2 }],
  [
    'hung too often',
    { ...gone, attempt: 3, exit: null, endingMs: 9 },
    { kind: 'fail', code: 'trainer_hung' },
  ],
  ['late and ended', { ...gone, isLate: true, exit: null }, { kind: 'fail', code: 'deadline' }],
  ['late, yet done', { ...gone, isLate: true, exit: 0, hasResult: true }, { kind: 'check' }],
  ['stopped', { ...gone, stopAsked: true, exit: null }, { kind: 'stopped' }],
];

test.each(cases)('%s', (_, seen, action) => {
  expect(nextAction(seen, limits)).toMatchObject(action);
});
