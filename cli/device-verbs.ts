/** What is done to one device: edited, suspended, revoked, asked for something. */
import { Fault } from '@fieldloop/core';
import { type BulkOptions, bulkOptions, runBulk } from './bulk.ts';
import { answer, post, type Schemas } from './client.ts';
import type { Command } from './commander.ts';
import { type Asked, commandColumns, commandText, waitForCommand } from './commands.ts';
import type { CliIo, Show } from './io.ts';
import {
  type ApiOptions,
  apiOptions,
  clientOf,
  given,
  type ListOptions,
  listOptions,
  printList,
  printOne,
} from './list.ts';
import { type ConfirmOptions, confirmed, patchEntity, verbCommand } from './noun.ts';
import { anyNumber, type JsonObject, jsonObject, plainValue, secondsOf } from './option-values.ts';
import { showOf } from './show.ts';

type Device = Schemas['Device'];

interface EditOptions extends ApiOptions {
  readonly site?: string;
  readonly set?: string[];
  readonly rate?: string[];
}

interface ReasonOptions extends ConfirmOptions {
  readonly reason?: string;
}

interface AskOptions extends ApiOptions {
  readonly input?: JsonObject;
  readonly expires?: number;
  readonly wait?: boolean;
}

export function deviceVerbs(
  devices: Command,
  io: CliIo,
  text: (device: Device, show: Show) => string,
): void {
  edit(devices, io, text);
  many(devices, io, { verb: 'suspend', says: 'Do not let robots connect for now.', text });
  many(devices, io, { verb: 'resume', says: 'Let suspended robots connect again.', text });
  many(devices, io, {
    verb: 'revoke',
    says: 'Make the certificates of robots worthless; what they sent stays.',
    confirm: 'Revoke devices:',
    text,
  });
  verbCommand<Device>(devices, io, {
    usage: 'decommission <device>',
    says: 'Out of service for good; what it sent stays.',
    confirm: 'Take out of service for good:',
    options: reasonOption,
    run: async (client, id, { reason }: ReasonOptions) => {
      const params = { path: { id } };
      const body = given({ reason });
      return await answer(client.POST('/v1/devices/{id}:decommission', { params, body }));
    },
    text,
  });
  ask(devices, io);
  commands(devices, io);
}

const reasonOption = (command: Command): Command =>
  command.option('--reason <text>', 'why, for the audit log');

interface Verb {
  readonly verb: 'suspend' | 'resume' | 'revoke';
  readonly says: string;
  /** Asked before many are changed. */
  readonly confirm?: string;
  readonly text: (device: Device, show: Show) => string;
}

/** One robot by its name answers with the robot; several, or those of a query, with a table. */
function many(devices: Command, io: CliIo, { verb, says, confirm, text }: Verb): void {
  const command = devices.command(`${verb} [device...]`).description(says);
  reasonOption(bulkOptions(apiOptions(command)))
    .addHelpText('after', manyExamples(verb))
    .action(async (ids: readonly string[], options: ReasonOptions & BulkOptions) => {
      const body = given({ reason: options.reason });
      const [id] = ids;
      if (ids.length !== 1 || id === undefined || options.q !== undefined || options.dryRun) {
        const asking = confirm === undefined ? {} : { confirm };
        await runBulk(ids, options, io, { path: `/v1/devices:${verb}`, body, ...asking });
        return;
      }
      if (confirm !== undefined) await confirmed(`${confirm} ${id}?`, options, io);
      const client = clientOf(options, io);
      const path = `/v1/devices/${encodeURIComponent(id)}:${verb}`;
      const device = await post<Device>(client, path, body);
      printOne(device, options, io, () => text(device, showOf(options)));
    });
}

const manyExamples = (verb: string): string => `
Examples:
  fieldloop devices ${verb} amr-01 --reason 'moved to the workshop'
  fieldloop devices ${verb} --q 'site=hall-2' --dry-run
`;

function edit(devices: Command, io: CliIo, text: (device: Device, show: Show) => string): void {
  apiOptions(devices.command('edit <device>').description('Site, properties, expected rates.'))
    .option('--site <site>', 'where it works')
    .option('--set <name=value...>', 'properties; an empty value takes one away')
    .option('--rate <topic=hz...>', 'messages a second that are expected')
    .addHelpText('after', editExamples)
    .action(async (id: string, options: EditOptions) => {
      const properties = pairs(options.set, '--set', (value) =>
        value === '' ? null : plainValue(value),
      );
      const expectedRates = pairs(options.rate, '--rate', (value) =>
        value === '' ? null : anyNumber('--rate')(value),
      );
      const body = given({ site: options.site, properties, expectedRates });
      const path = `/v1/devices/${encodeURIComponent(id)}`;
      const device = await patchEntity<Device>(clientOf(options, io), path, body);
      printOne(device, options, io, () => text(device, showOf(options)));
    });
}

/** `name=value` words as an object. Fault `invalid` names the option. */
function pairs<T>(
  words: readonly string[] | undefined,
  place: string,
  read: (value: string) => T,
): Readonly<Record<string, T>> | undefined {
  if (words === undefined) return undefined;
  return Object.fromEntries(
    words.map((word) => {
      const at = word.indexOf('=');
      if (at > 0) return [word.slice(0, at), read(word.slice(at + 1))];
      throw new Fault('invalid', `"${word}" is not NAME=VALUE`, {
        place,
        remedy: 'Write NAME=VALUE, and several of them behind each other.',
      });
    }),
  );
}

const askExample = '{"preS": 30, "postS": 10, "reason": "odd noise"}';

function ask(devices: Command, io: CliIo): void {
  const command = devices
    .command('command <device> <kind>')
    .description('Ask a robot for something; one that is offline gets it when it is back.');
  apiOptions(command)
    .option('--input <json>', 'what the kind needs, as JSON', jsonObject('--input', askExample))
    .option('--expires <duration>', 'how long it may take, such as 10m', secondsOf('--expires'))
    .option('--wait', 'wait until the robot has done it')
    .addHelpText('after', askExamples)
    .action(async (id: string, kind: Asked['kind'], options: AskOptions) => {
      const client = clientOf(options, io);
      const { input = {}, expires: expiresInS } = options;
      const body = { kind, input, ...given({ expiresInS }) };
      const params = { path: { id } };
      const asked = await answer(client.POST('/v1/devices/{id}/commands', { params, body }));
      const last = options.wait === true ? await waitForCommand(client, asked, io) : asked;
      printOne(last, options, io, () => commandText(last, showOf(options)));
    });
}

function commands(devices: Command, io: CliIo): void {
  listOptions(
    devices.command('commands <device>').description('What it was asked for, the newest first.'),
  ).action(async (id: string, options: ListOptions) => {
    await printList<Asked>(options, io, {
      path: `/v1/devices/${encodeURIComponent(id)}/commands`,
      query: {},
      columns: commandColumns,
      none: 'it was never asked for anything',
    });
  });
}

const editExamples = `
Examples:
  fieldloop devices edit amr-01 --site hall-2 --set hw=orin-nx wheels=4
  fieldloop devices edit amr-01 --rate /scan=10 /odom=50
`;

const askExamples = `
Kinds: ping, diagnose, restart, log_level {"level": "debug"}, refresh {"section": "rules"},
clip_now {"preS": 30, "postS": 10, "reason": "…"}, pull {"clip": "clp_…"}

Examples:
  fieldloop devices command amr-01 ping --wait
  fieldloop devices command amr-01 clip_now --input '{"preS": 30, "postS": 5, "reason": "noise"}'
  fieldloop devices command amr-01 restart --expires 1h
`;
