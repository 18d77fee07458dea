/** Simulated people: they answer through the annotation API, and say what the table says. */
import { Fault } from '@fieldloop/core';
import { setName } from './base.ts';
import { type Calls, openCalls } from './calls.ts';
import type { Choice } from './draws.ts';
import { rowTopic } from './recording.ts';
import type { Unit } from './robot.ts';

const people = 3;
const heldAtOnce = 10;
const openedAtOnce = 500;

/** Keys of annotators: each is a person to the cloud. */
export async function hirePeople(calls: Calls, url: string): Promise<readonly Calls[]> {
  const keys = Array.from({ length: people }, async (_, n) => {
    const body = { name: `annotator-${n}`, role: 'annotator' };
    return await calls.post<{ readonly key: string }>('/v1/apiKeys', body);
  });
  return (await Promise.all(keys)).map(({ key }) => openCalls(url, key));
}

/** What people see at a moment, by its start in ns. */
export type Truth = Map<string, string>;

export async function openTasks(
  calls: Calls,
  batch: string,
  chosen: readonly { readonly choice: Choice; readonly unit: Unit }[],
): Promise<void> {
  for (let at = 0; at < chosen.length; at += openedAtOnce) {
    const moments = chosen.slice(at, at + openedAtOnce).map(({ choice, unit }) => ({
      clip: unit.clip,
      topic: rowTopic,
      startNs: unit.startNs,
      unit: unit.id,
      choice: choice.id,
    }));
    const body = { batch, ontology: setName, type: 'classification', moments };
    const { refused } = await calls.post<{ readonly refused: readonly object[] }>(
      '/v1/tasks',
      body,
    );
    if (refused.length > 0) {
      throw new Fault('unavailable', `refused: ${JSON.stringify(refused[0])}`, { remedy: '' });
    }
  }
}

interface Given {
  readonly items: readonly { readonly id: string; readonly startNs: string }[];
}

/** Until nobody has anything to answer; how many answers that took. */
export async function answerAll(annotators: readonly Calls[], truth: Truth): Promise<number> {
  let answers = 0;
  for (;;) {
    const each = await Promise.all(annotators.map(async (one) => await answerSome(one, truth)));
    const sum = each.reduce((all, n) => all + n, 0);
    answers += sum;
    if (sum === 0) return answers;
  }
}

/** What one is given until there is no more. */
async function answerSome(person: Calls, truth: Truth): Promise<number> {
  let answers = 0;
  for (;;) {
    const { items } = await person.post<Given>('/v1/tasks:next', { count: heldAtOnce });
    if (items.length === 0) return answers;
    for (const { id, startNs } of items) {
      const name = truth.get(startNs);
      await person.post(`/v1/tasks/${id}:submit`, { class: name, seconds: 1 });
      answers += 1;
    }
  }
}
