/** Commands that most nouns have: get, delete, and verbs that a person may have to confirm. */
import { Fault } from '@fieldloop/core';
import type { Client } from './client.ts';
import type { Command } from './commander.ts';
import type { CliIo, Show } from './io.ts';
import { type ApiOptions, apiOptions, clientOf, formatOf, printOne } from './list.ts';
import { withNames } from './names.ts';
import { showOf } from './show.ts';

export interface ConfirmOptions extends ApiOptions {
  readonly yes?: boolean;
}

/** `get <id>`: one entity, for people as `text` writes it. */
export function getCommand<T extends object>(
  noun: Command,
  io: CliIo,
  of: {
    readonly argument: string;
    /** `get` unless said. */
    readonly name?: string;
    readonly says: string;
    readonly read: (client: Client, id: string) => Promise<T>;
    readonly text: (value: T, show: Show) => string;
  },
): void {
  apiOptions(noun.command(`${of.name ?? 'get'} <${of.argument}>`).description(of.says)).action(
    async (id: string, options: ApiOptions) => {
      const client = clientOf(options, io);
      await printNamed(await of.read(client, id), { client, options, io, text: of.text });
    },
  );
}

/** A verb on one entity whose answer is the entity. */
export function verbCommand<T extends object>(
  noun: Command,
  io: CliIo,
  of: {
    /** `cancel <id>` */
    readonly usage: string;
    readonly says: string;
    readonly options?: (command: Command) => Command;
    /** Asked before it is done, with the id: for what cannot be undone. */
    readonly confirm?: string;
    /** What it takes of the options are those that `options` adds. */
    run(client: Client, id: string, options: ConfirmOptions): Promise<T>;
    readonly text: (value: T, show: Show) => string;
  },
): void {
  const command = apiOptions(noun.command(of.usage).description(of.says));
  const asking = of.confirm === undefined ? command : confirmOption(command);
  (of.options?.(asking) ?? asking).action(async (id: string, options: ConfirmOptions) => {
    if (of.confirm !== undefined) await confirmed(`${of.confirm} ${id}?`, options, io);
    const client = clientOf(options, io);
    await printNamed(await of.run(client, id, options), { client, options, io, text: of.text });
  });
}

/** An entity as `text` writes it, with names for ids of people. */
async function printNamed<T extends object>(
  value: T,
  to: {
    readonly client: Client;
    readonly options: ApiOptions;
    readonly io: CliIo;
    readonly text: (value: T, show: Show) => string;
  },
): Promise<void> {
  const { client, options, io } = to;
  const isText = formatOf(options) === 'table';
  const [named = value] = isText ? await withNames(client, [value]) : [value];
  printOne(value, options, io, () => to.text(named, showOf(options)));
}

/** `delete <id>`: reads the entity, so that what was looked at is what goes. */
export function deleteCommand(
  noun: Command,
  io: CliIo,
  of: {
    readonly argument: string;
    readonly says: string;
    /** Path of the entity: `/v1/cohorts`. */
    readonly path: string;
  },
): void {
  const command = noun.command(`delete <${of.argument}>`).description(of.says);
  confirmOption(apiOptions(command)).action(async (id: string, options: ConfirmOptions) => {
    await confirmed(`Delete ${id}?`, options, io);
    const client = clientOf(options, io);
    const path = `${of.path}/${encodeURIComponent(id)}`;
    const { headers } = await client.send(path);
    await client.send(path, { method: 'DELETE', headers: ifMatch(headers.get('etag')) });
    io.err(`${id} is deleted\n`);
  });
}

/** Changes an entity as it is now: reads its ETag, sends what is given. */
export async function patchEntity<T>(client: Client, path: string, body: object): Promise<T> {
  if (Object.keys(body).length === 0) {
    throw new Fault('invalid', 'nothing is to be changed', {
      remedy: 'Add --help to see what can be.',
    });
  }
  const { headers } = await client.send(path);
  const response = await client.send(path, {
    method: 'PATCH',
    headers: { ...ifMatch(headers.get('etag')), 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return (await response.json()) as T;
}

const ifMatch = (etag: string | null): Readonly<Record<string, string>> => ({
  'if-match': etag ?? '*',
});

export const confirmOption = (command: Command): Command =>
  command.option('--yes', 'do it without asking');

/** Asks a person. Fault `cancelled` on a no, `invalid` where nobody can be asked. */
export async function confirmed(
  question: string,
  { yes }: { readonly yes?: boolean },
  io: CliIo,
): Promise<void> {
  if (yes === true) return;
  if (io.ask === undefined) {
    throw new Fault('invalid', `this needs a yes: ${question}`, {
      place: '--yes',
      remedy: 'There is no terminal to ask at: add --yes.',
    });
  }
  const said = await io.ask(`${question} [y/N] `, false);
  if (/^y(es)?$/i.test(said.trim())) return;
  throw new Fault('cancelled', 'nothing was done', { remedy: 'Answer y to do it.' });
}
