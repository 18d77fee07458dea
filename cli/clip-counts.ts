/** How clips are spread: by device, rule, severity, …, over time, over a number. */
import { answer, type Schemas } from './client.ts';
import { narrowOptions, type NarrowOptions, narrowOf } from './clip-filter.ts';
import { type Command, Option } from './commander.ts';
import type { CliIo, Show } from './io.ts';
import { type ApiOptions, apiOptions, clientOf, given, printOne } from './list.ts';
import { wholeNumber } from './option-values.ts';
import { facts, instantOf, shortNumber, showOf } from './show.ts';

type FacetName = Schemas['ClipFacets']['facets'][number]['field'];

interface CountOptions extends ApiOptions, NarrowOptions {
  readonly q?: string;
  readonly saved?: string;
}

interface FacetOptions extends CountOptions {
  readonly facet?: FacetName[];
  readonly top?: number;
}

interface HistogramOptions extends CountOptions {
  readonly field?: string;
  readonly bins?: number;
}

const facetNames: readonly FacetName[] = [
  ...(['device', 'site', 'rule', 'severity', 'class', 'tag', 'state'] as const),
  ...(['firmware', 'model'] as const),
];

const countOptions = (command: Command): Command =>
  narrowOptions(apiOptions(command))
    .option('--q <query>', 'of those that match')
    .option('--saved <name>', 'of those that a saved query finds');

export function clipCounts(clips: Command, io: CliIo): void {
  countOptions(
    clips
      .command('facets')
      .description('How many clips there are of each device, rule, severity and tag.'),
  )
    .addOption(new Option('--facet <name...>', 'only these').choices(facetNames))
    .option('--top <n>', 'values of each', wholeNumber('--top', { least: 1, most: 100 }))
    .addHelpText('after', facetExamples)
    .action(async (options: FacetOptions) => {
      const { q, saved, facet, top } = options;
      const query = { ...narrowOf(options), ...given({ q, saved, facet, top }) };
      const client = clientOf(options, io);
      const found = await answer(client.GET('/v1/clips/facets', { params: { query } }));
      printOne(found, options, io, () => facetsText(found));
    });
  countOptions(
    clips.command('histogram').description('How clips are spread over time or over a number.'),
  )
    .option('--field <name>', 'over this number, such as scores.classifier.entropy; else over time')
    .option('--bins <n>', 'about how many', wholeNumber('--bins', { least: 1, most: 1000 }))
    .addHelpText('after', histogramExamples)
    .action(async (options: HistogramOptions) => {
      const { q, saved, field, bins } = options;
      const query = { ...narrowOf(options), ...given({ q, saved, field, bins }) };
      const client = clientOf(options, io);
      const found = await answer(client.GET('/v1/clips/histogram', { params: { query } }));
      printOne(found, options, io, () => histogramText(found, showOf(options)));
    });
}

function facetsText({ facets: all, partial }: Schemas['ClipFacets']) {
  const texts = all
    .filter(({ values }) => values.length > 0)
    .map(({ field, values, other }) => {
      const rows: [string, string][] = values.map(({ value, count }) => [`  ${value}`, `${count}`]);
      const more: [string, string][] = other === 0 ? [] : [['  others', String(other)]];
      return `${field}\n${facts([...rows, ...more])}`;
    });
  if (texts.length === 0) return { none: 'no clips match' };
  return `${texts.join('\n')}${partial ? cutNote : ''}`;
}

const barWidth = 40;

/** One line a bin; an instant is shown as a time, as fine as the bins are. */
function histogramText(found: Schemas['ClipHistogram'], show: Show) {
  const { bins, partial, width } = found;
  if (bins.length === 0) return { none: 'no clips match' };
  const most = Math.max(...bins.map(({ count }) => count), 1);
  const isFine = typeof width === 'string' && BigInt(width) < 1_000_000_000n;
  const rows = bins.map(({ from, count }): [string, string] => [
    edgeText(from, show, isFine),
    `${'█'.repeat(Math.ceil((count / most) * barWidth))} ${count}`.trimStart(),
  ]);
  return `${facts(rows)}${partial ? cutNote : ''}`;
}

const cutNote = '\ntime ran out: the oldest clips are not counted\n';

/** Log times are decimal strings of nanoseconds. */
function edgeText(edge: string | number, show: Show, isFine: boolean): string {
  if (typeof edge === 'number') return shortNumber(edge);
  const instant = /^\d+$/.test(edge) ? instantOf(edge) : edge;
  const time = show.time(instant);
  return isFine ? time.replace(/Z?$/, (end) => `${instant.slice(19, 23)}${end}`) : time;
}

const facetExamples = `
Examples:
  fieldloop clips facets --facet rule device --since -7d
  fieldloop clips facets --q 'severity=critical' --top 3
`;

const histogramExamples = `
Examples:
  fieldloop clips histogram --since -7d
  fieldloop clips histogram --q rule=near-miss --field scores.classifier.entropy
`;
