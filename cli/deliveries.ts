/** What was sent to a webhook or a channel: test, log, send again. */
import { Fault } from '@fieldloop/core';
import type { Schemas } from './client.ts';
import type { Command } from './commander.ts';
import { type CliIo, type Column, type Show, table } from './io.ts';
import {
  type ApiOptions,
  apiOptions,
  clientOf,
  printList,
  printOne,
  type QueryOptions,
  queryOf,
  queryOptions,
} from './list.ts';
import { facts, showOf, timeColumn } from './show.ts';

type Delivery = Schemas['Delivery'];
type Tried = Schemas['DeliveryWithTries'];

export function deliveryCommands(
  noun: Command,
  io: CliIo,
  of: { /** `/v1/webhooks` */ readonly path: string; readonly one: string },
): void {
  const at = (id: string): string => `${of.path}/${encodeURIComponent(id)}`;
  apiOptions(
    noun.command(`test <${of.one}>`).description('Send a test now, and show what came back.'),
  ).action(async (id: string, options: ApiOptions) => {
    const response = await clientOf(options, io).send(`${at(id)}:test`, { method: 'POST' });
    const outcome = (await response.json()) as Schemas['SendOutcome'];
    printOne(outcome, options, io, () =>
      facts([
        ['arrived', outcome.ok ? 'yes' : 'no'],
        ['status', outcome.status === undefined ? undefined : String(outcome.status)],
        ['error', outcome.error],
        ['answer', outcome.answer],
        ['took', `${outcome.durationMs} ms`],
      ]),
    );
    if (outcome.ok) return;
    throw new Fault('unavailable', `the test did not arrive: ${outcome.error ?? 'refused'}`, {
      place: id,
      remedy: 'Check the address and the receiver, then test again.',
    });
  });
  queryOptions(
    noun.command(`deliveries <${of.one}>`).description('What was sent, the newest first.'),
  ).action(async (id: string, options: QueryOptions) => {
    await printList<Delivery>(options, io, {
      path: `/v1/${of.path.slice('/v1/'.length)}/${encodeURIComponent(id)}/deliveries`,
      query: queryOf(options),
      columns,
      none: 'nothing was sent yet',
    });
  });
  apiOptions(
    noun.command(`delivery <${of.one}> <delivery>`).description('One of them, try by try.'),
  ).action(async (id: string, delivery: string, options: ApiOptions) => {
    const path = `${at(id)}/deliveries/${encodeURIComponent(delivery)}`;
    const response = await clientOf(options, io).send(path);
    const one = (await response.json()) as Tried;
    printOne(one, options, io, () => triedText(one, io, showOf(options)));
  });
  apiOptions(
    noun.command(`redeliver <${of.one}> <delivery>`).description('Send one of them again, now.'),
  ).action(async (id: string, delivery: string, options: ApiOptions) => {
    const path = `${at(id)}/deliveries/${encodeURIComponent(delivery)}:redeliver`;
    const response = await clientOf(options, io).send(path, { method: 'POST' });
    const again = (await response.json()) as Delivery;
    printOne(again, options, io, () => `${again.id} is ${again.state}\n`);
  });
}

function triedText(one: Tried, io: CliIo, show: Show): string {
  return [
    facts([
      ['delivery', one.id],
      ['kind', one.kind],
      ['subject', one.subject],
      ['state', one.state],
      ['made', show.time(one.createdAt)],
    ]),
    one.tries.length === 0
      ? '\nit was not tried yet\n'
      : `\n${table(one.tries, tryColumns, { width: io.columns, show })}`,
    one.body === undefined ? '' : `\nbody ${JSON.stringify(one.body, undefined, 2)}\n`,
  ].join('');
}

const tryColumns: readonly Column<Tried['tries'][number]>[] = [
  { title: 'TRY', of: (one) => String(one.n), right: true },
  timeColumn('WHEN', (one) => one.at),
  { title: 'ARRIVED', of: (one) => (one.ok ? 'yes' : 'no') },
  { title: 'STATUS', of: (one) => String(one.status ?? '-'), right: true },
  { title: 'TOOK', of: (one) => `${one.durationMs} ms`, right: true },
  { title: 'ANSWER', of: (one) => one.error ?? one.answer ?? '', shrinks: true },
];

const columns: readonly Column<Delivery>[] = [
  timeColumn('MADE', (one) => one.createdAt),
  { title: 'KIND', of: (one) => one.kind, shrinks: true },
  { title: 'SUBJECT', of: (one) => one.subject, shrinks: true, drops: 1 },
  { title: 'STATE', of: (one) => one.state },
  { title: 'TRIES', of: (one) => String(one.attempts), right: true },
  { title: 'ANSWER', of: (one) => one.error ?? String(one.status ?? '-'), shrinks: true },
  { title: 'ID', of: (one) => one.id },
];
