/** Parts of one clip: why it was flagged, its markers, its pictures, a cut of its recording. */
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Fault, formatSize } from '@fieldloop/core';
import { answer, type Client, queryText, type Schemas } from './client.ts';
import { sketchCommand } from './clip-sketch.ts';
import type { Command } from './commander.ts';
import { diskFault, refuseExisting, sizeOf } from './download.ts';
import { eventColumns } from './events.ts';
import type { CliIo, Show } from './io.ts';
import {
  type ApiOptions,
  apiOptions,
  clientOf,
  given,
  printList,
  type QueryOptions,
  queryOf,
  queryOptions,
} from './list.ts';
import { getCommand } from './noun.ts';
import { wholeNumber } from './option-values.ts';
import { facts, instantOf, shortNumber } from './show.ts';

type ClipWhy = Schemas['ClipWhy'];

export function clipParts(clips: Command, io: CliIo): void {
  getCommandOf(clips, io);
  queryOptions(
    clips.command('markers <id>').description('Markers on its timeline, the newest first.'),
  )
    .addHelpText('after', markerExamples)
    .action(async (id: string, options: QueryOptions) => {
      await printList(options, io, {
        path: `/v1/clips/${encodeURIComponent(id)}/markers`,
        query: queryOf(options),
        columns: eventColumns,
        none: 'it has no markers; `fieldloop events create NAME --clip ID` makes one',
      });
    });
  preview(clips, io);
  sketchCommand(clips, io);
}

function getCommandOf(clips: Command, io: CliIo): void {
  getCommand<ClipWhy>(clips, io, {
    argument: 'id',
    name: 'why',
    says: 'Every rule that fired in it, by how much, and why its bytes are where they are.',
    read: async (client, id) =>
      await answer(client.GET('/v1/clips/{id}/why', { params: { path: { id } } })),
    text: whyText,
  });
}

function whyText(why: ClipWhy, show: Show): string {
  const scores = Object.entries(why.scores).map(([name, one]) => `${name} ${shortNumber(one)}`);
  return [
    ...why.verdicts.map((verdict) => verdictText(verdict, show)),
    facts([
      ['clip', why.clip],
      ['class', why.class],
      ['scores', scores.length === 0 ? undefined : scores.join(', ')],
      ['state', `${why.state}: ${why.stateReason}`],
      ['recorded', show.time(why.recordedAt)],
      ['known since', show.time(why.receivedAt)],
    ]),
  ].join('');
}

function verdictText(verdict: ClipWhy['verdicts'][number], show: Show): string {
  const { margin, text, values } = verdict;
  const told = Object.entries(values).map(
    ([name, value]) => `    ${name} = ${typeof value === 'number' ? shortNumber(value) : value}\n`,
  );
  const merged = verdict.isMerged ? ', merged into this clip' : '';
  return [
    `${verdict.rule}, ${verdict.severity}, at ${show.time(instantOf(verdict.atNs))}${merged}\n`,
    text === undefined ? '' : `  ${text}\n`,
    `  ${verdict.expression}\n`,
    ...told,
    margin === undefined ? '' : `  beyond its threshold by ${shortNumber(margin * 100)} %\n`,
    `  rule set ${verdict.ruleSet}, version ${verdict.version}\n\n`,
  ].join('');
}

interface FileOptions extends ApiOptions {
  readonly file?: string;
  readonly force?: boolean;
}

function preview(clips: Command, io: CliIo): void {
  apiOptions(
    clips
      .command('preview <id>')
      .description(
        'A picture of the clip as a JPEG file: the robot’s own, and better ones soon after upload.',
      ),
  )
    .option('-n, --number <n>', 'which, from 0', wholeNumber('--number', { most: 99 }), 0)
    .option('-f, --file <path>', 'where to write it; else CLIP-N.jpg here')
    .option('--force', 'write over a file that is there')
    .addHelpText('after', previewExamples)
    .action(async (id: string, options: FileOptions & { readonly number: number }) => {
      const file = options.file ?? `${id}-${options.number}.jpg`;
      const path = `/v1/clips/${encodeURIComponent(id)}/previews/${options.number}`;
      await fetchWhole(clientOf(options, io), { path, file, isForced: options.force === true });
      io.out(`${file}\n`);
    });
}

export interface CutOptions extends FileOptions {
  readonly topic?: string[];
  readonly startNs?: string;
  readonly endNs?: string;
}

/** Whether a part of the recording is wanted instead of the file as it is. */
export const isCut = ({ topic, startNs, endNs }: CutOptions): boolean =>
  topic !== undefined || startNs !== undefined || endNs !== undefined;

/** A recording of its own, which the cloud cuts as it is asked for: it cannot be gone on with. */
export async function downloadCut(id: string, options: CutOptions, io: CliIo): Promise<void> {
  const client = clientOf(options, io);
  const { topic: topics, startNs, endNs } = options;
  const query = queryText(given({ topics, startNs, endNs }));
  const path = `/v1/clips/${encodeURIComponent(id)}/data?${query}`;
  const file = options.file ?? `${id}_cut.mcap`;
  await fetchWhole(client, { path, file, isForced: options.force === true });
  io.out(`${file}\n`);
  io.err(`${file}: ${formatSize((await sizeOf(file)) ?? 0)}\n`);
}

/** Bytes of an answer into a file, which has its name only when they are all there. */
async function fetchWhole(
  client: Client,
  { path, file, isForced }: { path: string; file: string; isForced: boolean },
): Promise<void> {
  if (!isForced) await refuseExisting(file);
  const response = await client.send(path);
  const part = `${file}.part`;
  try {
    await pipeline(Readable.from(response.body ?? []), createWriteStream(part));
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true });
    const { syscall } = error as NodeJS.ErrnoException;
    if (syscall === 'open' || syscall === 'write') throw diskFault(error, part);
    throw new Fault('unavailable', 'the download broke off', {
      place: file,
      remedy: 'Run the same command again.',
      cause: error,
    });
  }
}

const markerExamples = `
Examples:
  fieldloop clips markers clp_01J… --q severity=critical
`;

const previewExamples = `
Examples:
  fieldloop clips preview clp_01J… -f near-miss.jpg
`;
