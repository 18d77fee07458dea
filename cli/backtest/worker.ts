/** A thread of a backtest: one session at a time, or what rules cost. */
import { parentPort } from 'node:worker_threads';
import { asFault } from '@fieldloop/core';
import { parseRuleSet } from '@fieldloop/rules';
import { costsOf } from './cost.ts';
import { farewell, type FromBacktest, type ToBacktest } from './protocol.ts';
import { runSession } from './session.ts';

const port = parentPort;
const say = (message: FromBacktest): void => port?.postMessage(message);
/** Milliseconds between two words of progress. */
const everyMs = 100;

const ended = new AbortController();

port?.on('message', (asked: ToBacktest | typeof farewell) => {
  if (asked !== farewell) {
    void answer(asked);
    return;
  }
  ended.abort();
  port.close();
});

async function answer({ rules, asked }: ToBacktest): Promise<void> {
  try {
    const ruleSets = rules.flatMap(({ file, text }) => parseRuleSet(text, file).ruleSet ?? []);
    if (asked.kind === 'costs') {
      say({ kind: 'costs', costs: await costsOf(asked.plans, ruleSets) });
      return;
    }
    const { plan, sketch } = asked;
    let nextMs = 0;
    const progress = (bytes: number): void => {
      if (performance.now() < nextMs) return;
      nextMs = performance.now() + everyMs;
      say({ kind: 'progress', bytes });
    };
    const { signal } = ended;
    const found = await runSession({ plan, ruleSets, sketch, signal, progress });
    say({ kind: 'session', found });
  } catch (error) {
    const { code, message, place, remedy } = asFault(error);
    say({ kind: 'failed', fault: { code, message, place, remedy } });
  }
}
