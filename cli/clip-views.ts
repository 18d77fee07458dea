/** What is inside clips and how they are spread: topics, messages, signals, links, facets. */
import { answer, queryText, type Schemas } from './client.ts';
import type { Command } from './commander.ts';
import { type CliIo, type Column, ndjsonText, type Show, table } from './io.ts';
import { type ApiOptions, apiOptions, clientOf, given, printOne } from './list.ts';
import { facts, shortNumber, showOf } from './show.ts';

interface MessageOptions extends ApiOptions {
  readonly topic: string[];
  readonly startNs?: string;
  readonly endNs?: string;
  readonly limit?: string;
  readonly full?: boolean;
}

interface PlotOptions extends ApiOptions {
  readonly path: string[];
  readonly startNs?: string;
  readonly endNs?: string;
  readonly px?: string;
}

export function clipViews(clips: Command, io: CliIo): void {
  topics(clips, io);
  messages(clips, io);
  plot(clips, io);
  links(clips, io);
  lineage(clips, io);
  facets(clips, io);
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
    .option('--limit <n>', 'how many at most', '100')
    .option('--full', 'long arrays and bytes too')
    .action(async (id: string, options: MessageOptions) => {
      const client = clientOf(options, io);
      const { topic, startNs, endNs, full } = options;
      let left = Number(options.limit);
      let cursor: string | undefined;
      do {
        const limit = Math.max(1, Math.min(500, left));
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
    .option('--px <n>', 'columns of the screen', '60')
    .action(async (id: string, options: PlotOptions) => {
      const client = clientOf(options, io);
      const { path, startNs, endNs, px } = options;
      const query = { path, ...given({ startNs, endNs }), px: Number(px) };
      const params = { path: { id }, query };
      const found = await answer(client.GET('/v1/clips/{id}/plot', { params }));
      printOne(found, options, io, () => found.series.map(seriesText).join('\n'));
    });
}

const bars = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/** The most of each column as a bar; a column without values stays empty. */
function seriesText({ path, unit, columns }: Schemas['ClipPlot']['series'][number]): string {
  const known = columns.max.filter((value) => value !== null);
  const least = Math.min(...columns.min.filter((value) => value !== null));
  const most = Math.max(...known);
  const span = most - least || 1;
  const byPixel = new Map(columns.x.map((x, i) => [x, columns.max[i] ?? null]));
  const width = Math.max(...columns.x, 0) + 1;
  const line = Array.from({ length: width }, (_, x) => {
    const value = byPixel.get(x) ?? null;
    if (value === null) return ' ';
    return bars[Math.round(((value - least) / span) * (bars.length - 1))] ?? ' ';
  });
  const range = known.length === 0 ? 'no values' : `${shortNumber(least)} to ${shortNumber(most)}`;
  return `${path}  ${range}${unit === undefined ? '' : ` ${unit}`}\n${line.join('')}\n`;
}

function links(clips: Command, io: CliIo): void {
  apiOptions(
    clips.command('links <id>').description('Addresses that open it in Lichtblick and Foxglove.'),
  ).action(async (id: string, options: ApiOptions) => {
    const client = clientOf(options, io);
    const found = await answer(client.GET('/v1/clips/{id}/links', { params: { path: { id } } }));
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
          `${ruleSet}, version ${version}, ${digest.slice(0, 12)} ${publications.join(', ')}`,
        ]),
        ['models', several(Object.keys(found.models))],
        ['failures', several(found.failures)],
        ['exports', several(found.exports)],
        ['commands', several(found.commands)],
      ]),
    );
  });
}

interface FacetOptions extends ApiOptions {
  readonly q?: string;
  readonly facet?: string[];
  readonly field?: string;
}

function facets(clips: Command, io: CliIo): void {
  apiOptions(
    clips.command('facets').description('How many clips there are by device, rule, severity, …'),
  )
    .option('--q <query>', 'of those that match')
    .option('--facet <name...>', 'only these: device, site, rule, severity, tag, state, …')
    .action(async (options: FacetOptions) => {
      const query = given({ q: options.q, facet: options.facet });
      const response = await clientOf(options, io).send(`/v1/clips/facets?${queryText(query)}`);
      const found = (await response.json()) as Schemas['ClipFacets'];
      printOne(found, options, io, () => facetsText(found));
    });
  apiOptions(
    clips.command('histogram').description('How clips are spread over time or over a number.'),
  )
    .option('--q <query>', 'of those that match')
    .option('--field <name>', 'over this number, such as scores.classifier.entropy; else over time')
    .action(async (options: FacetOptions) => {
      const query = given({ q: options.q, field: options.field });
      const response = await clientOf(options, io).send(`/v1/clips/histogram?${queryText(query)}`);
      const found = (await response.json()) as Schemas['ClipHistogram'];
      printOne(found, options, io, () => histogramText(found, showOf(options)));
    });
}

function facetsText({ facets: all, partial }: Schemas['ClipFacets']): string {
  const texts = all
    .filter(({ values }) => values.length > 0)
    .map(({ field, values, other }) => {
      const rows: [string, string][] = values.map(({ value, count }) => [`  ${value}`, `${count}`]);
      const more: [string, string][] = other === 0 ? [] : [['  others', String(other)]];
      return `${field}\n${facts([...rows, ...more])}`;
    });
  if (texts.length === 0) return 'no clips match\n';
  return `${texts.join('\n')}${partial ? '\ntime ran out: the oldest clips are not counted\n' : ''}`;
}

const barWidth = 40;

/** One line a bin; an instant is shown as a time. */
function histogramText({ bins, partial }: Schemas['ClipHistogram'], show: Show): string {
  if (bins.length === 0) return 'no clips match\n';
  const most = Math.max(...bins.map(({ count }) => count), 1);
  const rows = bins.map(({ from, count }): [string, string] => [
    edgeText(from, show),
    `${'█'.repeat(Math.ceil((count / most) * barWidth))} ${count}`,
  ]);
  const note = partial ? '\ntime ran out: the oldest clips are not counted\n' : '';
  return `${facts(rows)}${note}`;
}

/** Log times are decimal strings of nanoseconds. */
function edgeText(edge: string | number, show: Show): string {
  if (typeof edge === 'number') return shortNumber(edge);
  return show.time(
    /^\d+$/.test(edge) ? new Date(Number(BigInt(edge) / 1_000_000n)).toISOString() : edge,
  );
}
