/** Which policies want to look again at once because of rows in the outbox. */
import type { OutboxItem } from '../store/tail.ts';
import type { Condition, RowSource } from './condition.ts';
import type { Policy } from './policy.ts';

const nouns: Readonly<Record<RowSource, readonly string[]>> = {
  events: ['event', 'marker'],
  clips: ['clip'],
  failures: ['failure'],
};

export function concernOf(
  policy: Policy,
  rows: readonly Pick<OutboxItem, 'kind' | 'subject' | 'body'>[],
): boolean {
  return rows.some(({ kind, subject, body }) => {
    const noun = kind.split('.')[0] ?? '';
    if (noun === 'silence') return true;
    if (noun === 'alert_policy') return subject === policy.id;
    // What a person did to an alert is told at once; what the engine did is told already.
    if (noun === 'alert') return isBy(body) && policyOf(body) === policy.name;
    return isAbout(policy.condition, kind, noun);
  });
}

function isAbout(condition: Condition, kind: string, noun: string): boolean {
  switch (condition.kind) {
    case 'event':
      return condition.event === kind;
    case 'count':
      return nouns[condition.source].includes(noun);
    case 'metric':
      return noun === 'device' && condition.metric.startsWith('device');
    case 'absence':
      return false;
  }
}

const member = (body: OutboxItem['body'], name: string): unknown =>
  typeof body === 'object' && body !== null && !Array.isArray(body)
    ? (body as Readonly<Record<string, unknown>>)[name]
    : undefined;

const isBy = (body: OutboxItem['body']): boolean => typeof member(body, 'by') === 'string';
const policyOf = (body: OutboxItem['body']): unknown => member(body, 'policy');
