/** `fieldloop recording`: what a file holds, whether it is whole, and its messages as text. */
import { asFault, Fault, formatSize } from '@fieldloop/core';
import {
  type Channel,
  type CheckReport,
  checkSplits,
  type Finding,
  type MessageBlock,
  type RecordingInfo,
  readSplits,
  splitsInfo,
  type SplitRecording,
} from '@fieldloop/recording';
import { openRecording } from '@fieldloop/recording/folder';
import { Command, InvalidArgumentError } from './commander.ts';
import { type CliIo, jsonText, table } from './io.ts';
import { showOf } from './show.ts';
import { recordingHelp, tellMissing } from './recorded.ts';
import { type FieldReader, openFields, plainValue, timeText } from './recording-fields.ts';
import { repairCommand } from './recording-repair.ts';

interface CatOptions {
  readonly topic?: readonly string[];
  readonly field?: readonly string[];
  readonly limit?: number;
  readonly json?: boolean;
  readonly salvage?: boolean;
}

export function recordingCommand(io: CliIo): Command {
  const command = new Command('recording').description(
    'Look into MCAP files, ROS 1 bags and recordings of rosbag2 on this machine.',
  );
  command
    .command('info')
    .description('Channels, counts, rates, times, chunks and metadata.')
    .argument('<recording>', recordingHelp)
    .option('--json', 'one JSON document instead of tables')
    .action((file: string, options: { json?: boolean }) => info(io, file, options.json === true));
  command
    .command('check')
    .description(
      'Walk every record: checksums, indexes against content, statistics. Exit 0 = clean.',
    )
    .argument('<recording>', recordingHelp)
    .option('--json', 'one JSON document instead of lines')
    .action((file: string, options: { json?: boolean }) => check(io, file, options.json === true));
  command
    .command('cat')
    .description('Decoded messages in file order, one a line.')
    .argument('<recording>', recordingHelp)
    .option('--topic <topic>', 'only this topic (may be given several times)', collect)
    .option('--field <path>', 'only this field, such as pose.pose.position.x or ranges[0]', collect)
    .option('--limit <n>', 'stop after this many messages', wholeNumber)
    .option('--salvage', 'pass over damaged chunks and say so')
    .option('--json', 'one JSON object a line')
    .action((file: string, options: CatOptions) => cat(io, file, options));
  command.addCommand(repairCommand(io));
  return command;
}

async function info(io: CliIo, path: string, json: boolean): Promise<void> {
  const recording = await openRecording(path);
  const found = await splitsInfo(recording);
  io.out(json ? jsonText(infoDocument(found, recording)) : infoText(io, found, recording));
  if (found.damage !== undefined) throw found.damage;
}

function infoDocument(found: RecordingInfo, { splits, missing }: SplitRecording): object {
  const { damage, startNs, endNs, ...rest } = found;
  return {
    ...rest,
    files: splits.map(({ name, size }) => ({ name, sizeBytes: size })),
    missing,
    startNs: startNs?.toString(),
    endNs: endNs?.toString(),
    damage: damage && { code: damage.code, message: damage.message, place: damage.place },
  };
}

function infoText(io: CliIo, found: RecordingInfo, recording: SplitRecording): string {
  const { startNs, endNs, sizeBytes } = found;
  const { splits, missing } = recording;
  const lines = [
    `${splits.length === 1 ? 'file  ' : 'folder'}    ${found.name}`,
    ...(splits.length === 1 ? [] : [`files     ${splits.length}`]),
    ...missing.map((path) => `missing   ${path}`),
    `format    ${formatName(found)}`,
    `size      ${sizeBytes === undefined ? 'unknown' : formatSize(sizeBytes)}`,
    `messages  ${found.messageCount}`,
  ];
  if (found.library !== '') lines.push(`library   ${found.library}`);
  if (startNs !== undefined && endNs !== undefined) {
    lines.push(`start     ${timeText(startNs)}`, `end       ${timeText(endNs)}`);
    lines.push(`duration  ${(Number(endNs - startNs) / 1e9).toFixed(3)} s`);
  }
  for (const { compression, count, storedBytes, bytes } of found.chunks) {
    const sizes = `${formatSize(storedBytes)} of ${formatSize(bytes)}`;
    lines.push(`chunks    ${count} ${compression}, ${sizes}`);
  }
  for (const { name, mediaType, sizeBytes: size } of found.attachments) {
    lines.push(`attached  ${name} (${mediaType}, ${formatSize(size)})`);
  }
  for (const { name, entries } of found.metadata) {
    lines.push(`metadata  ${name} (${Object.keys(entries).join(', ')})`);
  }
  lines.push(`index     ${found.indexed ? 'yes' : 'no: the whole file was read'}`, '');
  return `${lines.join('\n')}\n${channelTable(io, found)}`;
}

function formatName(found: RecordingInfo): string {
  if (found.format === 'rosbag1') return 'ROS 1 bag';
  if (found.format === 'db3') return 'db3 of rosbag2';
  return found.profile === '' ? 'MCAP' : `MCAP, profile ${found.profile}`;
}

function channelTable(io: CliIo, found: RecordingInfo): string {
  return table(
    [...found.channels].sort((a, b) => (a.topic < b.topic ? -1 : 1)),
    [
      { title: 'TOPIC', of: ({ topic }) => topic, shrinks: true },
      { title: 'SCHEMA', of: ({ schema }) => (schema === '' ? '-' : schema), shrinks: true },
      { title: 'ENCODING', of: ({ messageEncoding }) => messageEncoding },
      { title: 'MESSAGES', of: ({ count }) => String(count), right: true },
      { title: 'HZ', of: ({ hz }) => (hz === undefined ? '-' : hz.toFixed(2)), right: true },
      { title: 'LATCHED', of: ({ latched }) => (latched ? 'yes' : '-') },
    ],
    { width: io.columns, show: showOf({}) },
  );
}

async function check(io: CliIo, path: string, json: boolean): Promise<void> {
  const report = await checkSplits(await openRecording(path));
  io.out(json ? jsonText(report) : checkText(report));
  if (report.clean) return;
  const count = report.errors.reduce((sum, { count }) => sum + count, 0);
  throw new Fault('corrupt', `${count} ${count === 1 ? 'error' : 'errors'} found`, {
    place: path,
    remedy: 'Each line above says where and what to do.',
  });
}

function checkText(report: CheckReport): string {
  const line = (kind: string, finding: Finding): string => {
    const times = finding.count > 1 ? ` (${finding.count} times)` : '';
    const remedy = finding.remedy === undefined ? '' : ` ${finding.remedy}`;
    return `${kind}  ${finding.place}: ${finding.message}${times}.${remedy}`;
  };
  const { records, messages, chunks } = report;
  return [
    ...report.errors.map((finding) => line('error  ', finding)),
    ...report.warnings.map((finding) => line('warning', finding)),
    `${report.name}: ${records} records, ${messages} messages, ${chunks} chunks`,
    report.clean ? 'clean: everything that is stated is so' : 'not clean',
    '',
  ].join('\n');
}

async function cat(io: CliIo, path: string, options: CatOptions): Promise<void> {
  const recording = await openRecording(path);
  tellMissing(io, recording);
  const topics = new Set(options.topic);
  const seen = new Map<number, FieldReader>();
  const all = new Set<string>();
  const lacking: Fault[] = [];
  let left = options.limit ?? Infinity;
  const skipped = (fault: Fault): void => io.err(`passed over: ${fault.place}: ${fault.message}\n`);
  const salvage = options.salvage === true;
  if (left === 0) return;
  for await (const item of readSplits(recording, { salvage, skipped, reuse: true })) {
    if (item.kind === 'channel') {
      all.add(item.channel.topic);
      if (topics.size > 0 && !topics.has(item.channel.topic)) continue;
      try {
        seen.set(item.channel.id, openFields(item.channel, options.field ?? []));
      } catch (error) {
        // Without --topic, channels that lack the field are left out.
        if (topics.size > 0 || asFault(error).code !== 'invalid') throw error;
        lacking.push(asFault(error));
      }
    } else if (item.kind === 'block') {
      left -= catBlock(io, item.block, { seen, left, json: options.json === true });
      if (left <= 0) return;
    }
  }
  if (seen.size === 0 && lacking[0] !== undefined) throw lacking[0];
  for (const topic of topics) {
    if (all.has(topic)) continue;
    throw new Fault('not_found', `the recording has no topic ${topic}`, {
      place: path,
      remedy: all.size === 0 ? 'It has no topics at all.' : `It has ${[...all].sort().join(', ')}.`,
    });
  }
}

/** How many messages were written. */
function catBlock(
  io: CliIo,
  block: MessageBlock,
  how: {
    readonly seen: ReadonlyMap<number, FieldReader>;
    readonly left: number;
    readonly json: boolean;
  },
): number {
  const lines: string[] = [];
  for (let i = 0; i < block.count && lines.length < how.left; i += 1) {
    const reader = how.seen.get(block.channelIds[i] ?? 0);
    if (reader === undefined) continue;
    const logTimeNs = block.baseNs + BigInt(block.timesNs[i] ?? 0);
    lines.push(catLine(reader, block, i, { logTimeNs, json: how.json }));
  }
  if (lines.length > 0) io.out(lines.join(''));
  return lines.length;
}

function catLine(
  reader: FieldReader,
  block: MessageBlock,
  i: number,
  how: { readonly logTimeNs: bigint; readonly json: boolean },
): string {
  const { topic } = reader.channel satisfies Channel;
  let read: ReturnType<FieldReader['read']>;
  try {
    read = reader.read(block, i);
  } catch (error) {
    // One message that cannot be decoded is said in its place and does not end the listing.
    const fault = asFault(error);
    if (fault.code !== 'corrupt' && fault.code !== 'invalid') throw error;
    read = { fault: fault.message };
  }
  const { logTimeNs, json } = how;
  if (json) return `${JSON.stringify({ topic, logTimeNs: logTimeNs.toString(), ...read })}\n`;
  const seconds = `${logTimeNs / 1_000_000_000n}.${String(logTimeNs % 1_000_000_000n).padStart(9, '0')}`;
  return `${seconds}  ${topic}  ${plainValue(read)}\n`;
}

function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

function wholeNumber(text: string): number {
  if (!/^\d{1,12}$/.test(text)) throw new InvalidArgumentError('Give a whole number.');
  return Number(text);
}
