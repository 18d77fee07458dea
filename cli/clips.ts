/** `fieldloop clips`: what the robots flagged, why, and their files. */
import { Fault, formatSize } from '@fieldloop/core';
import { answer, type Schemas } from './client.ts';
import { clipCounts } from './clip-counts.ts';
import { narrowOf, type NarrowOptions, narrowOptions } from './clip-filter.ts';
import { besideFacts } from './clip-sketch.ts';
import { clipParts, type CutOptions, downloadCut, isCut } from './clip-parts.ts';
import { clipVerbs } from './clip-verbs.ts';
import { clipViews } from './clip-views.ts';
import { Command } from './commander.ts';
import { type DownloadOptions, downloadClips } from './download.ts';
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
import { facts, severityColumn, shortNumber, showOf, valuesText, whenColumn } from './show.ts';

type Clip = Schemas['Clip'];
type ClipSummary = Schemas['ClipSummary'];

interface ClipListOptions extends QueryOptions, NarrowOptions {}

export function clipsCommand(io: CliIo): Command {
  const clips = new Command('clips').description('What the robots flagged, why, and their files.');
  list(clips, io);
  get(clips, io);
  download(clips, io);
  clipVerbs(clips, io);
  clipViews(clips, io);
  clipCounts(clips, io);
  clipParts(clips, io);
  return clips;
}

function list(clips: Command, io: CliIo): void {
  const command = clips.command('list').description('Clips, the newest log time first.');
  queryOptions(narrowOptions(command))
    .addHelpText('after', listExamples)
    .action(async (options: ClipListOptions) => {
      await printList(options, io, {
        path: '/v1/clips',
        query: { ...queryOf(options), ...narrowOf(options) },
        columns,
        none: `no clips match${options.rule === undefined ? '' : rulesHint}`,
      });
    });
}

/** A rule's name with a typo finds nothing as well. */
const rulesHint = '; `fieldloop clips facets --facet rule` lists the rules that fired';

const columns: readonly Column<ClipSummary>[] = [
  whenColumn((clip) => clip.startAt),
  { title: 'DEVICE', of: (clip) => clip.device, shrinks: true },
  severityColumn((clip) => clip.severity),
  { title: 'RULE', of: (clip) => rulesText(clip), shrinks: true },
  { title: 'WHY', of: (clip) => valuesText(clip.why.values), shrinks: true },
  { title: 'SCORE', of: scoreText, shrinks: true, drops: 3 },
  { title: 'SIZE', of: (clip) => formatSize(clip.sizeBytes), right: true, drops: 2 },
  { title: 'STATE', of: (clip) => clip.state, drops: 1 },
  { title: 'ID', of: (clip) => clip.id },
];

const rulesText = ({ why, rules }: ClipSummary): string =>
  rules.length > 1 ? `${why.rule} +${rules.length - 1}` : why.rule;

/** The score that the rule looked at, else the model's entropy, else the first one. */
function scoreText({ scores, why }: ClipSummary): string {
  const names = Object.keys(scores);
  const name =
    names.find((one) => Object.hasOwn(why.values, one)) ??
    names.find((one) => one.endsWith('.entropy')) ??
    names[0];
  return name === undefined ? '-' : `${shortNumber(scores[name] ?? 0)} ${name}`;
}

function get(clips: Command, io: CliIo): void {
  apiOptions(clips.command('get <id>').description('One clip, and why it was flagged.')).action(
    async (id: string, options: ApiOptions) => {
      const client = clientOf(options, io);
      const clip = await answer(client.GET('/v1/clips/{id}', { params: { path: { id } } }));
      printOne(clip, options, io, () => clipText(clip, showOf(options)));
    },
  );
}

/** Why comes first: it is what a person opens a clip for. */
function clipText(clip: Clip, show: Show): string {
  const scores = Object.entries(clip.scores).map(
    ([name, value]) => `${name} ${shortNumber(value)}`,
  );
  return [
    `${clip.id}\n\n`,
    ...clip.markers.map((marker) => whyText(marker, clip)),
    facts([
      ['device', clip.device],
      ['when', `${show.time(clip.startAt)}, ${shortNumber(clip.durationMs / 1000)} s`],
      ['state', clip.state],
      [
        'severity',
        clip.severity === clip.class ? clip.severity : `${clip.severity}, ${clip.class}`,
      ],
      ['label', clip.label],
      ['note', clip.note],
      ['held', clip.hold === undefined ? undefined : clip.hold.reason],
      ['tags', clip.tags.length === 0 ? undefined : clip.tags.join(', ')],
      ['scores', scores.length === 0 ? undefined : scores.join(', ')],
      ['file', `${formatSize(clip.sizeBytes)}, ${clip.messageCount} messages`],
      ['sha256', clip.sha256],
      ['source', clip.source],
      ['session', clip.session],
      [
        'pre-roll',
        clip.preTruncated ? 'cut short: the window no longer held all of it' : undefined,
      ],
      ...besideFacts(clip),
      ['models', modelsText(clip.models)],
      ['agent', clip.agentVersion],
      ['log time', `${clip.startNs} to ${clip.endNs} ns`],
    ]),
    `\n${table(clip.topics, topicColumns, { show })}`,
    clip.state === 'stored' ? `\nnext: fieldloop clips download ${clip.id}\n` : '',
  ].join('');
}

const topicColumns: readonly Column<Clip['topics'][number]>[] = [
  { title: 'TOPIC', of: (topic) => topic.name },
  { title: 'SCHEMA', of: (topic) => topic.schema },
  { title: 'MESSAGES', of: (topic) => String(topic.count), right: true },
  { title: 'HZ', of: (topic) => String(topic.hz), right: true },
];

function whyText(marker: Clip['why'], clip: Clip): string {
  const after = shortNumber(Number(BigInt(marker.atNs) - BigInt(clip.startNs)) / 1e9);
  const values = Object.entries(marker.values).map(
    ([name, value]) => `    ${name} = ${typeof value === 'number' ? shortNumber(value) : value}\n`,
  );
  return [
    `why: ${marker.rule}, ${marker.severity}, ${after} s into the clip\n`,
    marker.text === undefined ? '' : `  ${marker.text}\n`,
    `  ${marker.expression}\n`,
    ...values,
    `  rule set ${marker.ruleSet}, version ${marker.version}, ${marker.ruleSetDigest.slice(0, 12)}\n\n`,
  ].join('');
}

function modelsText(models: Readonly<Record<string, string>>): string | undefined {
  const texts = Object.entries(models).map(([name, hash]) => `${name} ${hash.slice(0, 12)}`);
  return texts.length === 0 ? undefined : texts.join(', ');
}

function download(clips: Command, io: CliIo): void {
  apiOptions(
    clips
      .command('download <id...>')
      .description('The MCAP files of clips, resumed where a download broke off, and verified.'),
  )
    .option('-d, --dir <folder>', 'where to write them', '.')
    .option('-f, --file <path>', 'the name for one file')
    .option('--force', 'write over files that are there')
    .option('--topic <topic...>', 'only these topics of one clip, as a recording of its own')
    .option('--start-ns <ns>', 'only from this log time')
    .option('--end-ns <ns>', 'only before this log time')
    .addHelpText('after', downloadExamples)
    .action(async (ids: readonly string[], options: DownloadOptions & CutOptions) => {
      const [id] = ids;
      if (!isCut(options)) await downloadClips(ids, options, io);
      else if (ids.length === 1 && id !== undefined) await downloadCut(id, options, io);
      else throw manyCuts();
    });
}

const manyCuts = (): Fault =>
  new Fault('invalid', 'a part is cut of one clip at a time', {
    place: '--topic',
    remedy: 'Name one clip, or use `fieldloop exports create … --topic` for several.',
  });

const listExamples = `
Examples:
  fieldloop clips list --severity critical --since -1d
  fieldloop clips list --rule near-miss --score 'classifier.entropy>0.7'
  fieldloop clips list --device amr-01 --json --all | jq '.items[].why.values'
`;

const downloadExamples = `
Examples:
  fieldloop clips download clp_01J… -d clips/
  fieldloop clips download clp_01J… --topic /scan /odom -f scan.mcap
  fieldloop clips list -o ndjson --rule near-miss | jq -r .id | xargs fieldloop clips download
`;
