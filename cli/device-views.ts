/** What one device shows: coverage, topics, telemetry, properties over time, settings, presence. */
import { answer, type Schemas } from './client.ts';
import type { Command } from './commander.ts';
import { telemetry } from './device-telemetry.ts';
import { eventColumns } from './events.ts';
import { type CliIo, type Column, type Show, table } from './io.ts';
import {
  type ApiOptions,
  apiOptions,
  clientOf,
  given,
  type ListOptions,
  listOptions,
  printList,
  printOne,
  type QueryOptions,
  queryOf,
  queryOptions,
  timeOptions,
} from './list.ts';
import { wallTime } from './option-values.ts';
import { facts, instantOf, lengthText, shortNumber, showOf, timeColumn } from './show.ts';

interface RangeOptions extends ApiOptions {
  readonly since?: string;
  readonly until?: string;
  readonly startNs?: string;
  readonly endNs?: string;
}

interface PropertyOptions extends ListOptions {
  readonly name?: string;
  readonly at?: number;
  readonly history?: boolean;
}

export function deviceViews(devices: Command, io: CliIo): void {
  coverage(devices, io);
  topics(devices, io);
  telemetry(devices, io);
  properties(devices, io);
  config(devices, io);
  presence(devices, io);
  events(devices, io);
}

function events(devices: Command, io: CliIo): void {
  queryOptions(
    devices.command('events <device>').description('What happened on it, the newest first.'),
  ).action(async (id: string, options: QueryOptions) => {
    await printList(options, io, {
      path: `/v1/devices/${encodeURIComponent(id)}/events`,
      query: queryOf(options),
      columns: eventColumns,
      none: 'nothing happened on it that was written down',
    });
  });
}

function coverage(devices: Command, io: CliIo): void {
  const command = devices
    .command('coverage <device>')
    .description('When data was recorded, uploaded, evicted or is missing.');
  apiOptions(timeOptions(command))
    .addHelpText('after', coverageExamples)
    .action(async (id: string, options: RangeOptions) => {
      const { since, until, startNs, endNs } = options;
      const params = { path: { id }, query: given({ since, until, startNs, endNs }) };
      const client = clientOf(options, io);
      const found = await answer(client.GET('/v1/devices/{id}/coverage', { params }));
      printOne(found, options, io, () =>
        found.ranges.length === 0
          ? { none: 'nothing was recorded in this time' }
          : coverageText(found, io, showOf(options)),
      );
    });
}

type Coverage = Schemas['Coverage'];

function coverageText(found: Coverage, io: CliIo, show: Show): string {
  const columns: readonly Column<Coverage['ranges'][number]>[] = [
    { title: 'FROM', of: (range) => show.time(instantOf(range.startNs)) },
    { title: 'TO', of: (range) => show.time(instantOf(range.endNs)) },
    {
      title: 'LENGTH',
      of: (range) => lengthText(BigInt(range.endNs) - BigInt(range.startNs)),
      right: true,
    },
    { title: 'STATE', of: (range) => range.state },
  ];
  const sums = Object.entries(found.sumsNs)
    .filter(([, ns]) => ns !== '0')
    .map(([state, ns]) => `${state} ${lengthText(BigInt(ns))}`);
  const gaps = found.gaps.map(({ lane, reason, rows }) => `${rows} rows of ${lane} ${reason}`);
  return [
    table(found.ranges, columns, { width: io.columns, show }),
    sums.length === 0 ? '' : `\n${sums.join(', ')}\n`,
    gaps.length === 0 ? '' : `never to come: ${gaps.join(', ')}\n`,
  ].join('');
}

function topics(devices: Command, io: CliIo): void {
  apiOptions(
    devices
      .command('topics <device>')
      .description('Each topic: its rate against the expected one.'),
  ).action(async (id: string, options: ApiOptions) => {
    const client = clientOf(options, io);
    const params = { path: { id } };
    const found = await answer(client.GET('/v1/devices/{id}/topics', { params }));
    const show = showOf(options);
    printOne(found, options, io, () =>
      found.items.length === 0
        ? { none: 'no topic was ever seen' }
        : table(found.items, topicColumns, { width: io.columns, show }),
    );
  });
}

type Topic = Schemas['TopicHealth']['items'][number];

const hzText = (hz: number | undefined): string => (hz === undefined ? '-' : shortNumber(hz));

const topicColumns: readonly Column<Topic>[] = [
  { title: 'TOPIC', of: (topic) => topic.topic, shrinks: true },
  { title: 'STATE', of: (topic) => topic.state },
  { title: 'HZ', of: (topic) => hzText(topic.hz), right: true },
  { title: 'EXPECTED', of: (topic) => hzText(topic.expectedHz), right: true },
  { title: 'BY', of: (topic) => topic.expectedBy ?? '-' },
  timeColumn('MEASURED', (topic) => topic.at, 1),
];

function properties(devices: Command, io: CliIo): void {
  const command = devices
    .command('properties <device>')
    .description('What holds of a device now, or held at a moment.');
  listOptions(command)
    .option('--name <key>', 'only this property, such as firmware')
    .option('--at <time>', 'at this moment: RFC 3339, or an age such as -2d', wallTime('--at'))
    .option('--history', 'every value it ever had')
    .addHelpText('after', propertyExamples)
    .action(async (id: string, options: PropertyOptions) => {
      if (options.history !== true && options.at === undefined && options.name === undefined) {
        const client = clientOf(options, io);
        const params = { path: { id } };
        const found = await answer(client.GET('/v1/devices/{id}/properties', { params }));
        const show = showOf(options);
        printOne(found, options, io, () =>
          found.items.length === 0
            ? { none: 'nothing is said of it; `fieldloop devices edit --set` does' }
            : table(found.items, valueColumns, { width: io.columns, show }),
        );
        return;
      }
      const atMs = options.at === undefined ? undefined : String(options.at);
      await printList<Schemas['PropertyInterval']>(options, io, {
        path: `/v1/devices/${encodeURIComponent(id)}/propertyIntervals`,
        query: { key: options.name, atMs },
        columns: intervalColumns,
        none: 'no value of it is known, or none at that time',
      });
    });
}

const valueColumns: readonly Column<Schemas['DeviceProperties']['items'][number]>[] = [
  { title: 'PROPERTY', of: (one) => one.key },
  { title: 'VALUE', of: (one) => String(one.value), shrinks: true },
  { title: 'SAID BY', of: (one) => one.source },
  timeColumn('SINCE', (one) => one.since),
];

const intervalColumns: readonly Column<Schemas['PropertyInterval']>[] = [
  { title: 'PROPERTY', of: (one) => one.key },
  { title: 'VALUE', of: (one) => String(one.value), shrinks: true },
  timeColumn('FROM', (one) => one.from),
  timeColumn('TO', (one) => one.to),
  { title: 'SAID BY', of: (one) => one.source },
];

function config(devices: Command, io: CliIo): void {
  apiOptions(
    devices
      .command('config <device>')
      .description('What it shall run, what it runs, and the difference.'),
  ).action(async (id: string, options: ApiOptions) => {
    const client = clientOf(options, io);
    const params = { path: { id } };
    const found = await answer(client.GET('/v1/devices/{id}/config', { params }));
    const show = showOf(options);
    printOne(found, options, io, () =>
      found.items.length === 0
        ? { none: 'nothing is wanted of it, and it has reported nothing' }
        : found.items.map((item) => sectionText(item, show)).join('\n'),
    );
  });
}

type Section = Schemas['DeviceConfig']['items'][number];

function sectionText(item: Section, show: Show): string {
  const differences = item.differences.map(
    ({ pointer, desired, reported }) =>
      `  ${pointer}  wanted ${JSON.stringify(desired)}, is ${JSON.stringify(reported)}\n`,
  );
  return [
    facts([
      ['section', item.section],
      ['state', `${item.state} since ${show.time(item.since)}`],
      // Rules that run have another digest than the document that names them and a shadow.
      ['wanted', item.state === 'in_sync' ? undefined : item.desired?.digest.slice(0, 12)],
      ['runs', item.reported?.digest.slice(0, 12)],
      ['problems', item.problems === undefined ? undefined : JSON.stringify(item.problems)],
    ]),
    ...differences,
  ].join('');
}

function presence(devices: Command, io: CliIo): void {
  apiOptions(
    devices
      .command('presence <device>')
      .description('Whether it is connected, and how it was before.'),
  ).action(async (id: string, options: ApiOptions) => {
    const client = clientOf(options, io);
    const params = { path: { id } };
    const found = await answer(client.GET('/v1/devices/{id}/presence', { params }));
    const show = showOf(options);
    printOne(found, options, io, () =>
      [
        facts([
          ['online', found.online ? 'yes' : 'no'],
          ['since', show.time(found.since)],
          ['last seen', show.time(found.lastSeen)],
        ]),
        found.connections.length === 0
          ? ''
          : `\n${table(found.connections, connectionColumns, { width: io.columns, show })}`,
      ].join(''),
    );
  });
}

const connectionColumns: readonly Column<Schemas['Presence']['connections'][number]>[] = [
  timeColumn('OPENED', (one) => one.openedAt),
  timeColumn('CLOSED', (one) => one.closedAt),
  { title: 'KIND', of: (one) => one.kind },
  { title: 'FROM', of: (one) => one.remote, shrinks: true },
  { title: 'WHY', of: (one) => one.why ?? '-', shrinks: true },
];

const coverageExamples = `
Examples:
  fieldloop devices coverage amr-01 --since -1d
`;

const propertyExamples = `
Examples:
  fieldloop devices properties amr-01
  fieldloop devices properties amr-01 --name firmware --at 2026-11-02T08:00:00Z
  fieldloop devices properties amr-01 --name firmware --history
`;
