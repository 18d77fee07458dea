/** `fieldloop devices telemetry`: the figures a robot sends each minute. */
import { answer, type Schemas } from './client.ts';
import type { Command } from './commander.ts';
import { type CliIo, type Column, type Show, table } from './io.ts';
import { type ApiOptions, apiOptions, clientOf, given, printOne } from './list.ts';
import { wallTime, wholeNumber } from './option-values.ts';
import { shortNumber, showOf, sparkline, timeColumn } from './show.ts';

interface TelemetryOptions extends ApiOptions {
  readonly series?: string;
  readonly since?: number;
  readonly until?: number;
  readonly px: number;
}

const hourMs = 3_600_000;

export function telemetry(devices: Command, io: CliIo): void {
  apiOptions(
    devices
      .command('telemetry <device>')
      .description('The newest figures of a device, each minute; or one over time.'),
  )
    .option('--series <name>', 'over time, such as agent.rss')
    .option('--since <time>', 'from when: RFC 3339, or an age such as -6h', wallTime('--since'))
    .option('--until <time>', 'until when', wallTime('--until'))
    .option('--px <n>', 'columns of the screen', wholeNumber('--px', { least: 1, most: 4000 }), 60)
    .addHelpText('after', examples)
    .action(async (id: string, options: TelemetryOptions) => {
      const client = clientOf(options, io);
      const params = { path: { id }, query: rangeOf(options) };
      const found = await answer(client.GET('/v1/devices/{id}/telemetry', { params }));
      const show = showOf(options);
      printOne(found, options, io, () => telemetryText(found, io, show));
    });
}

/** The last hour unless said; a range only where a series is drawn. */
function rangeOf({ series, since, until, px }: TelemetryOptions) {
  if (series === undefined) return {};
  const endMs = until ?? Date.now();
  const startMs = since ?? endMs - hourMs;
  return { series, ...given({ startMs: String(startMs), endMs: String(endMs) }), px };
}

function telemetryText(found: Schemas['Telemetry'], io: CliIo, show: Show) {
  const { latest, columns } = found;
  const [first] = latest;
  if (first === undefined) return { none: 'nothing was measured yet' };
  if (columns === undefined) return table(latest, seriesColumns, { width: io.columns, show });
  const head = `${first.series}  now ${shortNumber(first.value)} ${first.unit}`.trimEnd();
  if (columns.length === 0) return `${head}\nnothing was measured in this time\n`;
  const least = Math.min(...columns.map((one) => one.least));
  const most = Math.max(...columns.map((one) => one.most));
  return [
    `${head}, ${shortNumber(least)} to ${shortNumber(most)}\n`,
    `${sparkline(columns.map((one) => one.most))}\n`,
    `${show.time(columns[0]?.at)} to ${show.time(columns.at(-1)?.at)}\n`,
  ].join('');
}

const seriesColumns: readonly Column<Schemas['Telemetry']['latest'][number]>[] = [
  { title: 'SERIES', of: (one) => one.series, shrinks: true },
  { title: 'VALUE', of: (one) => shortNumber(one.value), right: true },
  { title: 'UNIT', of: (one) => one.unit },
  timeColumn('AT', (one) => one.at),
];

const examples = `
Examples:
  fieldloop devices telemetry amr-01
  fieldloop devices telemetry amr-01 --series disk.free --since -1d
`;
