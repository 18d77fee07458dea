/** A thread of a backtest: one session at a time. */
import { parentPort } from 'node:worker_threads';
import { asFault } from '@fieldloop/core';
import { parseRuleSet } from '@fieldloop/rules';
import type { FromBacktest, ToBacktest } from './protocol.ts';
import { runSession } from './session.ts';

const port = parentPort;
const say = (message: FromBacktest): void => port?.postMessage(message);
/** Milliseconds between two words of progress. */
const everyMs = 100;

port?.on('message', (asked: ToBacktest) => {
  void answer(asked);
});

async function answer({ plan, rules, sketch, cost }: ToBacktest): Promise<void> {
  try {
    const ruleSets = rules.flatMap(({ file, text }) => parseRuleSet(text, file).ruleSet ?? []);
    let nextMs = 0;
    const progress = (bytes: number): void => {
      if (performance.now() < nextMs) return;
      nextMs = performance.now() + everyMs;
      say({ kind: 'progress', bytes });
    };
    say({ kind: 'done', found: await runSession({ plan, ruleSets, sketch, cost, progress }) });
  } catch (error) {
    const { code, message, place, remedy } = asFault(error);
    say({ kind: 'failed', fault: { code, message, place, remedy } });
  }
}
