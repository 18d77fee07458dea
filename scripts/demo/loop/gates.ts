/** Gates at which the loop waits for people; the simulated ones look and decide, each by key. */
import { setTimeout as delay } from 'node:timers/promises';
import { asFault, faultLine } from '@fieldloop/core';
import { decideGate, type Gate, openGates, type Person, type Staff } from './people.ts';
import type { Stage } from './stage.ts';

export interface Gates extends AsyncDisposable {
  /** Set by what ends the loop without success, such as a training that failed. */
  readonly trouble: () => string | undefined;
}

interface Answer {
  readonly option: string;
  readonly reason: string;
}

/** By kind of gate; what is not here is trouble, and the demo ends. */
const answers: Readonly<Record<string, Answer>> = {
  sign_off: { option: 'approve', reason: 'simulated: signed whatever its gates say, for the demo' },
  inconclusive: { option: 'go_on', reason: 'simulated: goes on whenever nothing fails' },
  approval: { option: 'approve', reason: 'simulated: approves what passed its gates' },
  rollout_plan: { option: 'approve', reason: 'one robot first' },
  rollout_inconclusive: { option: 'promote', reason: 'the canary did no harm' },
  rollout_human: { option: 'promote', reason: 'the canary did no harm' },
};

export function followGates({ say, signal }: Stage, staff: Staff): Gates {
  const stopping = new AbortController();
  const both = AbortSignal.any([signal, stopping.signal]);
  let trouble: string | undefined;
  const look = async (person: Person): Promise<void> => {
    for (const gate of await openGates(person)) {
      const answer = answers[gate.kind];
      if (answer === undefined) {
        trouble ??= `${gate.kind}: ${gate.question}`;
        continue;
      }
      if (await decideGate(person, gate, answer)) tell(person, gate, answer);
    }
  };
  const tell = ({ name }: Person, { kind, question }: Gate, { option, reason }: Answer): void => {
    say(`  ? ${question.slice(0, 300)}`);
    say(`    ${kind}: simulated ${name} says ${option}: ${reason}`);
  };
  const following = (async () => {
    while (!both.aborted) {
      try {
        for (const person of [staff.reviewer, staff.manager]) await look(person);
      } catch (error) {
        trouble ??= faultLine(asFault(error));
      }
      await delay(700, undefined, { signal: both }).catch(() => undefined);
    }
  })();
  return {
    trouble: () => trouble,
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await following;
    },
  };
}
