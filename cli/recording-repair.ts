/** `fieldloop recording repair`: saves what can be saved and says what is lost. */
import { mkdir, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Fault, formatSize } from '@fieldloop/core';
import {
  type Loss,
  nowhere,
  type Readable,
  type RepairReport,
  repairRecording,
  type SplitRecording,
} from '@fieldloop/recording';
import { createFile } from '@fieldloop/recording/file';
import { openRecording } from '@fieldloop/recording/folder';
import { Command } from './commander.ts';
import { type CliIo, jsonText } from './io.ts';
import { recordingHelp, tellMissing } from './recorded.ts';
import { timeText } from './recording-fields.ts';

interface RepairOptions {
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const library = 'fieldloop recording repair';

/** Losses that people see; `--json` lists more. */
const shownLosses = 20;

export function repairCommand(io: CliIo): Command {
  return new Command('repair')
    .description('Save what can be saved into a sound MCAP with a new index, and say what is lost.')
    .argument('<recording>', `${recordingHelp}; it is only read`)
    .argument('[out]', 'the MCAP file to write, or the folder for several; not there yet')
    .option('--dry-run', 'say what would be kept and lost, write nothing')
    .option('--json', 'one JSON document instead of lines')
    .action((file: string, out: string | undefined, options: RepairOptions) =>
      repair(io, file, out, options),
    );
}

async function repair(
  io: CliIo,
  path: string,
  out: string | undefined,
  { dryRun, json }: RepairOptions,
): Promise<void> {
  const recording = await openRecording(path);
  tellMissing(io, recording);
  const repaired = await repairSplits(recording, dryRun === true ? undefined : await target(out));
  if (json !== true) io.out(repaired.map((one) => repairedText(one, recording)).join(''));
  else if (isSplit(recording)) io.out(jsonText({ files: repaired.map(splitDocument) }));
  else for (const one of repaired) io.out(jsonText(documentOf(one.report)));
  if (repaired.some(({ report }) => !isNothing(report))) return;
  throw new Fault('corrupt', 'nothing of the messages could be saved', {
    place: path,
    remedy: 'Look for another copy of the recording.',
  });
}

interface Repaired {
  readonly report: RepairReport;
  /** What was written; undefined when nothing was. */
  readonly out: string | undefined;
}

const isSplit = ({ splits }: SplitRecording): boolean => splits.length > 1;

/** Each file becomes one of the folder `out`, numbered as recorders do. */
async function repairSplits(
  recording: SplitRecording,
  out: string | undefined,
): Promise<Repaired[]> {
  if (out !== undefined && isSplit(recording)) await mkdir(out);
  const repaired: Repaired[] = [];
  for (const [i, split] of recording.splits.entries()) {
    await using file = await split.open();
    if (out === undefined) {
      const report = await repairRecording(file, nowhere, { library });
      repaired.push({ report, out: undefined });
      continue;
    }
    const path = isSplit(recording) ? join(out, `${basename(out)}_${i}.mcap`) : out;
    const report = await written(file, path);
    repaired.push({ report, out: isNothing(report) ? undefined : path });
  }
  return repaired;
}

/** Something was lost, and no message is left. */
function isNothing({ kept, lost }: RepairReport): boolean {
  return kept.messages === 0 && lost.places > 0;
}

/** A repair that fails leaves no half of a file behind. */
async function written(file: Readable, out: string): Promise<RepairReport> {
  await using sink = await createFile(out);
  try {
    const report = await repairRecording(file, sink, { library });
    if (isNothing(report)) await rm(out, { force: true });
    return report;
  } catch (error) {
    await rm(out, { force: true });
    throw error;
  }
}

async function target(out: string | undefined): Promise<string> {
  if (out === undefined) {
    throw new Fault('invalid', 'the file to write is not named', {
      remedy: 'Name it after the damaged one, or look first with --dry-run.',
    });
  }
  const found = await stat(out).catch(() => undefined);
  if (found === undefined) return out;
  throw new Fault('conflict', 'a file or folder of this name exists', {
    place: out,
    remedy: 'Name another one: a repair never overwrites.',
  });
}

function repairedText({ report, out }: Repaired, recording: SplitRecording): string {
  return `${isSplit(recording) ? `${report.name}\n` : ''}${textOf(report, out)}`;
}

function splitDocument({ report, out }: Repaired): object {
  return { ...documentOf(report), written: out };
}

function documentOf(report: RepairReport): object {
  const { startNs, endNs, losses, ...rest } = report;
  const text = (loss: Loss): object => ({
    ...loss,
    startNs: loss.startNs?.toString(),
    endNs: loss.endNs?.toString(),
  });
  return {
    ...rest,
    startNs: startNs?.toString(),
    endNs: endNs?.toString(),
    losses: losses.map(text),
  };
}

function textOf(report: RepairReport, out: string | undefined): string {
  const { kept, lost, bytes, losses, notes, startNs, endNs, statedMessages } = report;
  const counts = [
    `${kept.messages} messages`,
    ...(kept.chunks > 0 ? [`${kept.chunks} chunks`] : []),
    ...(kept.metadata > 0 ? [`${kept.metadata} metadata records`] : []),
    ...(kept.attachments > 0 ? [`${kept.attachments} attachments`] : []),
  ];
  const lines = [`kept     ${counts.join(', ')}`];
  if (startNs !== undefined && endNs !== undefined) {
    lines.push(`from     ${timeText(startNs)} to ${timeText(endNs)}`);
  }
  if (lost.places === 0) lines.push('lost     nothing');
  else {
    const chunks =
      lost.chunks === 0 ? '' : `, ${lost.chunks === 1 ? 'a chunk' : `${lost.chunks} chunks`}`;
    const places = lost.places === 1 ? 'one place' : `${lost.places} places`;
    lines.push(`lost     ${formatSize(bytes.lost)} at ${places}${chunks}`);
  }
  if (statedMessages !== undefined && statedMessages !== kept.messages) {
    lines.push(`         its own statistics state ${statedMessages} messages`);
  }
  lines.push(...losses.slice(0, shownLosses).map(lossLine));
  if (lost.places > shownLosses) lines.push(`         and ${lost.places - shownLosses} more`);
  lines.push(...notes.map((note) => `note     ${note}`));
  if (out !== undefined) lines.push(`written  ${out}`);
  return `${lines.join('\n')}\n`;
}

function lossLine({ place, what, bytes, why, messages, startNs, endNs }: Loss): string {
  const size = formatSize(bytes);
  const name = what === 'bytes' ? size : `a ${what}${bytes === 0 ? '' : ` of ${size}`}`;
  const held = messages === undefined ? '' : `, ${messages} messages`;
  const isTimed = startNs !== undefined && endNs !== undefined;
  const times = isTimed ? `, ${timeText(startNs)} to ${timeText(endNs)}` : '';
  return `  ${place}: ${name}${held}${times}: ${why}`;
}
