/** `fieldloop recording repair`: saves what can be saved and says what is lost. */
import { rm, stat } from 'node:fs/promises';
import { Fault, formatSize } from '@fieldloop/core';
import { type Loss, nowhere, type RepairReport, repairRecording } from '@fieldloop/recording';
import { createFile, openFile } from '@fieldloop/recording/file';
import { Command } from './commander.ts';
import { type CliIo, jsonText } from './io.ts';
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
    .argument('<file>', 'a damaged MCAP file, ROS 1 bag or db3 of rosbag2; it is only read')
    .argument('[out]', 'the MCAP file to write, which may not exist yet')
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
  await using file = await openFile(path);
  const report = dryRun === true ? await dry(file) : await written(file, await target(out));
  const wrote = dryRun === true || isNothing(report) ? '' : out;
  io.out(json === true ? jsonText(documentOf(report)) : textOf(report, wrote));
  if (!isNothing(report)) return;
  throw new Fault('corrupt', 'nothing of the messages could be saved', {
    place: path,
    remedy: 'Look for another copy of the recording.',
  });
}

function dry(file: Parameters<typeof repairRecording>[0]): Promise<RepairReport> {
  return repairRecording(file, nowhere, { library });
}

/** Something was lost, and no message is left. */
function isNothing({ kept, lost }: RepairReport): boolean {
  return kept.messages === 0 && lost.places > 0;
}

/** A repair that fails leaves no half of a file behind. */
async function written(
  file: Parameters<typeof repairRecording>[0],
  out: string,
): Promise<RepairReport> {
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
  throw new Fault('conflict', 'a file of this name exists', {
    place: out,
    remedy: 'Name another one: a repair never overwrites.',
  });
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
  if (out !== '' && out !== undefined) lines.push(`written  ${out}`);
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
