/** What is inside clips and how they are spread: topics, messages, signals, links, facets. */
import { answer, type Schemas } from './client.ts';
import type { Command } from './commander.ts';
import { type CliIo, type Column, ndjsonText, table } from './io.ts';
import { type ApiOptions, apiOptions, clientOf, given, printOne } from './list.ts';
import { secondsOf, wholeNumber } from './option-values.ts';
import { facts, shortNumber, showOf, sparkline } from './show.ts';

interface MessageOptions extends ApiOptions {
  readonly topic: string[];
  readonly startNs?: string;
  readonly endNs?: string;
  readonly limit: number;
  readonly full?: boolean;
}

interface PlotOptions extends ApiOptions {
  readonly path: string[];
  readonly startNs?: string;
  readonly endNs?: string;
  readonly px: number;
}

export function clipViews(clips: Command, io: CliIo): void {
  topics(clips, io);
  messages(clips, io);
  plot(clips, io);
  links(clips, io);
  lineage(clips, io);
}

function topics(clips: Command, io: CliIo): void {
  apiOptions(
    clips.command('topics <id>').description('Topics of a clip with counts and rates.'),
  ).action(async (id: string, options: ApiOptions) => {
    const client = clientOf(options, io);
    const found = await answer(client.GET('/v1/clips/{id}/topics', { params: { path: { id } } }));
    const show = showOf(options);
    printOne(found, options, io, () =>
      table(found.topics, topicColumns, { width: io.columns, show }),
    );
  });
}

const topicColumns: readonly Column<Schemas['ClipTopics']['topics'][number]>[] = [
  { title: 'TOPIC', of: (topic) => topic.name, shrinks: true },
  { title: 'SCHEMA', of: (topic) => topic.schema, shrinks: true },
  { title: 'MESSAGES', of: (topic) => String(topic.count), right: true },
  { title: 'HZ', of: (topic) => shortNumber(topic.hz), right: true },
  { title: 'BYTES', of: (topic) => String(topic.bytes ?? '-'), right: true, drops: 1 },
];

function messages(clips: Command, io: CliIo): void {
  apiOptions(
    clips.command('messages <id>').description('Decoded messages, one JSON document a line.'),
  )
    .requiredOption('--topic <topic...>', 'of these topics')
    .option('--start-ns <ns>', 'from this log time')
    .option('--end-ns <ns>', 'before this log time')
    .option('--limit <n>', 'how many at most', wholeNumber('--limit', { least: 1 }), 100)
    .option('--full', 'long arrays and bytes too')
    .addHelpText('after', messageExamples)
    .action(async (id: string, options: MessageOptions) => {
      const client = clientOf(options, io);
      const { topic, startNs, endNs, full } = options;
      let left = options.limit;
      let cursor: string | undefined;
      do {
        const limit = Math.min(500, left);
        const more = given({
          startNs,
          endNs,
          cursor,
          full: full === true ? ('true' as const) : undefined,
        });
        const params = { path: { id }, query: { topic, limit, ...more } };
        const page = await answer(client.GET('/v1/clips/{id}/messages', { params }));
        io.out(ndjsonText(page.items));
        left -= page.items.length;
        cursor = page.nextCursor;
      } while (cursor !== undefined && left > 0);
    });
}

function plot(clips: Command, io: CliIo): void {
  apiOptions(
    clips.command('plot <id>').description('Least and most of signals in each column of a screen.'),
  )
    .requiredOption('--path <path...>', 'such as /odom.twist.twist.linear.x')
    .option('--start-ns <ns>', 'from this log time')
    .option('--end-ns <ns>', 'before this log time')
    .option('--px <n>', 'columns of the screen', wholeNumber('--px', { least: 1, most: 4000 }), 60)
    .addHelpText('after', plotExamples)
    .action(async (id: string, options: PlotOptions) => {
      const client = clientOf(options, io);
      const { path, startNs, endNs, px } = options;
      const query = { path, ...given({ startNs, endNs }), px };
      const params = { path: { id }, query };
      const found = await answer(client.GET('/v1/clips/{id}/plot', { params }));
      printOne(found, options, io, () => found.series.map(seriesText).join('\n'));
    });
}

/** The most of each column as a bar; a column without values stays empty. */
function seriesText({ path, unit, columns }: Schemas['ClipPlot']['series'][number]): string {
  const known = columns.max.filter((value) => value !== null);
  const least = Math.min(...columns.min.filter((value) => value !== null));
  const byPixel = new Map(columns.x.map((x, i) => [x, columns.max[i] ?? null]));
  const width = Math.max(...columns.x, 0) + 1;
  const line = Array.from({ length: width }, (_, x) => byPixel.get(x) ?? null);
  const range =
    known.length === 0
      ? 'no values'
      : `${shortNumber(least)} to ${shortNumber(Math.max(...known))}`;
  return `${path}  ${range}${unit === undefined ? '' : ` ${unit}`}\n${sparkline(line)}\n`;
}

function links(clips: Command, io: CliIo): void {
  apiOptions(
    clips.command('links <id>').description('Addresses that open it in Lichtblick and Foxglove.'),
  )
    .option('--expires <duration>', 'how long they work, such as 1h', secondsOf('--expires'))
    .action(async (id: string, options: ApiOptions & { readonly expires?: number }) => {
      const client = clientOf(options, io);
      const params = { path: { id }, query: given({ expiresInS: options.expires }) };
      const found = await answer(client.GET('/v1/clips/{id}/links', { params }));
      printOne(found, options, io, () =>
        facts([
          ['lichtblick', found.lichtblick],
          ['foxglove', found.foxglove],
          ['file', found.data],
          ['until', showOf(options).time(found.expiresAt)],
        ]),
      );
    });
}

function lineage(clips: Command, io: CliIo): void {
  apiOptions(
    clips.command('lineage <id>').description('Where it comes from, and what was made of it.'),
  ).action(async (id: string, options: ApiOptions) => {
    const client = clientOf(options, io);
    const found = await answer(client.GET('/v1/clips/{id}/lineage', { params: { path: { id } } }));
    const several = (values: readonly string[]): string | undefined =>
      values.length === 0 ? undefined : values.join(', ');
    printOne(found, options, io, () =>
      facts([
        ['device', found.device],
        ['session', found.session],
        ['source', found.source],
        ...found.rules.map(({ ruleSet, version, digest, publications }): [string, string] => [
          'rules',
          [`${ruleSet}, version ${version}`, digest.slice(0, 12), ...publications].join(', '),
        ]),
        [
          'models',
          several(
            Object.entries(found.models).map(([name, hash]) => `${name} ${hash.slice(0, 12)}`),
          ),
        ],
        ['failures', several(found.failures)],
        ['exports', several(found.exports)],
        ['commands', several(found.commands)],
      ]),
    );
  });
}

const plotExamples = `
Examples:
  fieldloop clips plot clp_01J… --path /odom.twist.twist.linear.x /scan.range_min
`;

const messageExamples = `
Examples:
  fieldloop clips messages clp_01J… --topic /odom --limit 3
`;
