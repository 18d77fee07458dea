/** What is done to one device: edited, suspended, revoked, asked for something. */
import { setTimeout as delay } from 'node:timers/promises';
import { Fault } from '@fieldloop/core';
import { answer, type Client, type Schemas } from './client.ts';
import type { Command } from './commander.ts';
import type { CliIo, Column, Show } from './io.ts';
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
import { type ConfirmOptions, patchEntity, verbCommand } from './noun.ts';
import { facts, showOf } from './show.ts';

type Device = Schemas['Device'];
type Asked = Schemas['Command'];

interface EditOptions extends ApiOptions {
  readonly site?: string;
  readonly set?: string[];
  readonly rate?: string[];
}

interface ReasonOptions extends ConfirmOptions {
  readonly reason?: string;
}

interface AskOptions extends ApiOptions {
  readonly input?: string;
  readonly expires?: string;
  readonly wait?: boolean;
}

export function deviceVerbs(
  devices: Command,
  io: CliIo,
  text: (device: Device, show: Show) => string,
): void {
  edit(devices, io, text);
  const at = (id: string, { reason }: ReasonOptions) => ({
    params: { path: { id } },
    body: given({ reason }),
  });
  const verbs: readonly (readonly [
    usage: string,
    says: string,
    confirm: string | undefined,
    run: (client: Client, id: string, options: ReasonOptions) => Promise<Device>,
  ])[] = [
    [
      'suspend <device>',
      'Do not let it connect for now.',
      undefined,
      async (client, id, options) =>
        await answer(client.POST('/v1/devices/{id}:suspend', at(id, options))),
    ],
    [
      'resume <device>',
      'Let a suspended one connect again.',
      undefined,
      async (client, id, options) =>
        await answer(client.POST('/v1/devices/{id}:resume', at(id, options))),
    ],
    [
      'revoke <device>',
      'Make its certificates worthless; what it sent stays.',
      undefined,
      async (client, id, options) =>
        await answer(client.POST('/v1/devices/{id}:revoke', at(id, options))),
    ],
    [
      'decommission <device>',
      'Out of service for good; what it sent stays.',
      'Take out of service for good:',
      async (client, id, options) =>
        await answer(client.POST('/v1/devices/{id}:decommission', at(id, options))),
    ],
  ];
  for (const [usage, says, confirm, run] of verbs) {
    verbCommand<Device, ReasonOptions>(devices, io, {
      usage,
      says,
      ...(confirm === undefined ? {} : { confirm }),
      options: (command) => command.option('--reason <text>', 'why, for the audit log'),
      run,
      text,
    });
  }
  ask(devices, io);
  commands(devices, io);
}

function edit(devices: Command, io: CliIo, text: (device: Device, show: Show) => string): void {
  apiOptions(devices.command('edit <device>').description('Site, properties, expected rates.'))
    .option('--site <site>', 'where it works')
    .option('--set <name=value...>', 'properties; an empty value takes one away')
    .option('--rate <topic=hz...>', 'messages a second that are expected')
    .addHelpText('after', editExamples)
    .action(async (id: string, options: EditOptions) => {
      const properties = pairs(options.set, '--set', (value) => valueOf(value));
      const expectedRates = pairs(options.rate, '--rate', (value) =>
        value === '' ? null : Number(value),
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

/** Numbers and yes or no as such, anything else as text; nothing takes the property away. */
function valueOf(text: string): string | number | boolean | null {
  if (text === '') return null;
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : text;
}

function ask(devices: Command, io: CliIo): void {
  const command = devices
    .command('command <device> <kind>')
    .description('Ask a robot for something; one that is offline gets it when it is back.');
  apiOptions(command)
    .option('--input <json>', 'what the kind needs, as JSON')
    .option('--expires <seconds>', 'how long it may take')
    .option('--wait', 'wait until the robot has done it')
    .addHelpText('after', askExamples)
    .action(async (id: string, kind: Asked['kind'], options: AskOptions) => {
      const client = clientOf(options, io);
      const input = inputOf(options.input);
      const expiresInS = options.expires === undefined ? undefined : Number(options.expires);
      const body = { kind, input, ...given({ expiresInS }) };
      const params = { path: { id } };
      const asked = await answer(client.POST('/v1/devices/{id}/commands', { params, body }));
      const last = options.wait === true ? await waitFor(client, asked, io) : asked;
      printOne(last, options, io, () => commandText(last, showOf(options)));
    });
}

function inputOf(text: string | undefined): Readonly<Record<string, never>> {
  try {
    return JSON.parse(text ?? '{}') as Readonly<Record<string, never>>;
  } catch (error) {
    throw new Fault('invalid', 'the input is not JSON', {
      place: '--input',
      remedy: `Write such as --input '{"preS": 30, "postS": 10, "reason": "odd noise"}'.`,
      cause: error,
    });
  }
}

const pollMs = 300;
const live: readonly Asked['state'][] = ['queued', 'sent', 'acknowledged', 'running'];

async function waitFor(client: Client, asked: Asked, io: CliIo): Promise<Asked> {
  for (let now = asked; ; ) {
    if (!live.includes(now.state)) {
      if (now.state === 'done') return now;
      throw new Fault('conflict', `the command ${now.state}: ${now.problem?.message ?? ''}`, {
        place: now.id,
        remedy: now.problem?.remedy ?? '`fieldloop devices commands` shows what became of each.',
      });
    }
    if (io.isTerminal) io.err(`\r\u001b[K${now.kind}: ${now.state}`);
    await delay(pollMs);
    const params = { path: { id: asked.id } };
    now = await answer(client.GET('/v1/commands/{id}', { params }));
  }
}

function commands(devices: Command, io: CliIo): void {
  listOptions(
    devices.command('commands <device>').description('What it was asked for, the newest first.'),
  ).action(async (id: string, options: ListOptions) => {
    await printList<Asked>(options, io, {
      path: `/v1/devices/${encodeURIComponent(id)}/commands`,
      query: {},
      columns,
      none: 'it was never asked for anything',
    });
  });
  verbCommand<Asked, ConfirmOptions>(devices, io, {
    usage: 'cancel-command <id>',
    says: 'Take back a command that is not done yet.',
    run: async (client, id) =>
      await answer(client.POST('/v1/commands/{id}:cancel', { params: { path: { id } } })),
    text: commandText,
  });
}

const columns: readonly Column<Asked>[] = [
  { title: 'ASKED', of: (one, show) => show.time(one.createdAt) },
  { title: 'KIND', of: (one) => one.kind },
  { title: 'STATE', of: (one) => one.state },
  { title: 'BY', of: (one) => one.by, shrinks: true, drops: 1 },
  { title: 'EXPIRES', of: (one, show) => show.time(one.expiresAt), drops: 2 },
  { title: 'ID', of: (one) => one.id },
];

const commandText = (one: Asked, show: Show): string =>
  [
    facts([
      ['command', one.id],
      ['device', one.device],
      ['kind', one.kind],
      ['state', one.state],
      ['asked', `${show.time(one.createdAt)} by ${one.by}`],
      ['expires', show.time(one.expiresAt)],
      ['problem', one.problem?.message],
    ]),
    one.result === undefined ? '' : `\n${JSON.stringify(one.result, undefined, 2)}\n`,
  ].join('');

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
`;
