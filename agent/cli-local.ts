/**
 * The commands that a person on the robot needs and no network: they ask the agent that runs, or
 * look into its folder when none does.
 */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { asFault, Fault, formatSize, type Json, parseDurationNs } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { wireLimits } from '@fieldloop/proto';
import type { AgentBuffer } from './buffer/buffer.ts';
import { exportClip } from './cli-export.ts';
import type { Command } from './commander.ts';
import type { AgentConfig } from './config.ts';
import { askAgent, type LocalRequest } from './health/socket.ts';
import { statusSocketPath } from './health/status.ts';
import { type ListedClip, listClips, type ShownClip, showClip } from './held-clips.ts';
import { maxClipWaitMs } from './limits.ts';
import { dropClip } from './local.ts';
import { openOffline } from './offline-buffer.ts';
import type { Output } from './output.ts';
import { plainLog } from './plain-log.ts';
import { readUpdates, type UpdateStatus, updatesKey } from './updates.ts';

export interface LocalTools extends Output {
  /** The configuration that the command line names. */
  readonly config: () => AgentConfig;
}

interface Print {
  readonly json?: true;
}

export function addLocalCommands(program: Command, tools: LocalTools): void {
  addClips(program, tools);
  addAsks(program, tools);
  addUpdate(program, tools);
}

function addClips(program: Command, tools: LocalTools): void {
  const clips = program.command('clips').description('the clips that this robot holds');
  clips
    .command('list')
    .description('newest first')
    .option('--rule <rule>', 'only those of a rule')
    .option('--limit <n>', 'how many', '50')
    .option('--json', 'one JSON document')
    .action(async ({ rule, limit, json }: Print & { rule?: string; limit: string }) => {
      const of = { ...(rule === undefined ? {} : { rule }), limit: countOf('--limit', limit) };
      const listed = (await asked(tools, { ask: 'clips', ...of }, (buffer) =>
        listClips(buffer.clips, of),
      )) as ListedClip[];
      print(tools, json, listed, () => listText(listed) || noneText(rule));
    });
  clips
    .command('show <clip>')
    .description('one clip with why it was cut; the beginning of its id is enough')
    .option('--json', 'its manifest as JSON')
    .action(async (id: string, { json }: Print) => {
      const clip = await shown(tools, id);
      print(tools, json, clip, () => textOf(clip));
    });
  clips
    .command('export <clip> [file]')
    .description('copy its MCAP, which opens in Foxglove, to a file or folder')
    .option('--force', 'write over a file that is there')
    .action(async (id: string, target = '.', { force }: { force?: true }) => {
      const clip = await shown(tools, id);
      const name = basename(clip.path);
      const to = target.endsWith('.mcap') ? target : join(target, `${clip.clip}${name.slice(64)}`);
      await exportClip(clip, to, force === true);
      tools.out(`${to} (${formatSize(clip.sizeBytes)})\n`);
    });
  clips
    .command('drop <clip>')
    .description('let go of its bytes; its manifest stays and the cloud is told')
    .action(async (id: string) => {
      const clip = (await asked(tools, { ask: 'drop', clip: id }, (buffer) =>
        dropClip(id, buffer),
      )) as ListedClip;
      tools.out(`dropped ${clip.clip}, ${formatSize(clip.sizeBytes)}\n`);
    });
}

interface NowOptions {
  readonly pre: string;
  readonly post: string;
  readonly tag: string;
  readonly critical?: true;
  readonly rule?: string;
}

function addAsks(program: Command, tools: LocalTools): void {
  const { out } = tools;
  program
    .command('clip')
    .description('cut a clip by hand')
    .command('now')
    .description('the seconds around this moment')
    .option('--pre <time>', 'from before', '30s')
    .option('--post <time>', 'from after', '10s')
    .option('--tag <text>', 'why, for those who find it', 'asked for on the robot')
    .option('--critical', 'keep and send it before all others')
    .option('--rule <id>', 'as this manual rule says, with its capture and limits')
    .action(async (options: NowOptions) => {
      const [preS, postS] = [rollOf('--pre', options.pre), rollOf('--post', options.post)];
      const severity = options.critical === true ? 'critical' : 'warning';
      const { rule, tag: reason } = options;
      const by = rule === undefined ? {} : { rule };
      const request = { ask: 'clip_now', preS, postS, reason, severity, ...by };
      out(`${clipOf(await ask(tools, request, postS * 1_000 + maxClipWaitMs))}\n`);
    });
  program
    .command('pull <what>')
    .description('a clip by id: send it before all others; or FROM..TO: cut it out of the window')
    .option('--topics <list>', 'only these topics, separated by commas')
    .addHelpText(
      'after',
      `
Examples:
  fieldloop-agent pull 0190a1b2
  fieldloop-agent pull 2026-11-21T10:30:00Z..2026-11-21T10:30:20Z --topics /odom,/scan
`,
    )
    .action(async (what: string, { topics }: { topics?: string }) => {
      const list = topics === undefined ? {} : { topics: topics.split(',') };
      const request = what.includes('..')
        ? { ask: 'clip_now', ...rangeOf(what), ...list, reason: `pull ${what}` }
        : { ask: 'pull', clip: what, ...list };
      out(`${clipOf(await ask(tools, request, maxClipWaitMs))}\n`);
    });
  program
    .command('pause')
    .description('read nothing and send no clip, over restarts too, until "resume" or for a while')
    .option('--for <time>', 'such as 30m')
    .action(async (options: { for?: string }) => {
      const seconds = options.for === undefined ? {} : { seconds: secondsOf(options.for) };
      await ask(tools, { ask: 'pause', ...seconds });
      out(`paused${options.for === undefined ? '; "resume" ends it' : ` for ${options.for}`}\n`);
    });
  program
    .command('resume')
    .description('end a pause')
    .action(async () => {
      await ask(tools, { ask: 'resume' });
      out('resumed\n');
    });
  program
    .command('reload')
    .description('read the configuration and rules again; says what wants a restart')
    .action(async () => {
      const { changed, restart } = (await ask(tools, { ask: 'reload' })) as unknown as {
        readonly changed: readonly string[];
        readonly restart: readonly string[];
      };
      out(`changed: ${changed.join(', ') || 'nothing'}\n`);
      if (restart.length > 0) out(`restart needed for: ${restart.join(', ')}\n`);
    });
  addLogs(program, tools);
}

function addLogs(program: Command, tools: LocalTools): void {
  program
    .command('logs')
    .description('the last lines of the agent that runs')
    .option('-n, --lines <n>', 'how many', '50')
    .option('--level <level>', 'debug, info, warn or error, and what is graver', 'debug')
    .option('--json', 'one JSON document')
    .action(async ({ lines, level, json }: Print & { lines: string; level: string }) => {
      const found = (await ask(tools, {
        ask: 'logs',
        count: countOf('--lines', lines),
        level,
      }).catch(withJournal)) as unknown as readonly LogLine[];
      print(tools, json, found, () => found.map(logText).join(''));
    });
}

interface LogLine {
  readonly level: string;
  readonly station: string;
  readonly phrase: string;
  readonly why: string;
  readonly at: number;
}

const logText = ({ level, station, phrase, why, at }: LogLine): string => {
  const words = [station, phrase, why].filter((part) => part !== '').join(': ');
  return `${new Date(at).toISOString()} ${level.padEnd(5)} ${words.replaceAll(/\p{Cc}+/gu, ' ')}\n`;
};

/** An agent that ended left its lines with the service manager. */
function withJournal(error: unknown): never {
  const fault = asFault(error);
  if (fault.code !== 'unavailable') throw fault;
  throw new Fault(fault.code, fault.message, {
    place: fault.place,
    remedy: 'Under systemd its earlier lines are in "journalctl -u fieldloop-agent".',
    cause: error,
  });
}

function addUpdate(program: Command, tools: LocalTools): void {
  const update = program
    .command('update')
    .description('rules and models of the cloud: what runs, what ran, whether more may come');
  const told = async (request: string): Promise<UpdateStatus> =>
    (await asked(tools, { ask: request }, (buffer) =>
      readUpdates(buffer.position(updatesKey)),
    )) as UpdateStatus;
  const add = (name: string, about: string, text: (status: UpdateStatus) => string): void => {
    update
      .command(name)
      .description(about)
      .option('--json', 'one JSON document')
      .action(async ({ json }: Print) => {
        const status = name === 'hold' || name === 'release' ? await asking(name) : undefined;
        const now = status ?? (await told('updates'));
        print(tools, json, now, () => text(now));
      });
  };
  const asking = async (request: string): Promise<UpdateStatus> =>
    (await ask(tools, { ask: request })) as unknown as UpdateStatus;
  add('status', 'what runs now', statusLines);
  add('history', 'what changed, oldest first', ({ history }) =>
    history.length === 0
      ? 'nothing changed yet\n'
      : history.map(({ atMs, text }) => `${new Date(atMs).toISOString()}  ${text}\n`).join(''),
  );
  add('hold', 'what the cloud wishes for waits from now on', statusLines);
  add('release', 'let through what waits', statusLines);
}

function statusLines({ heldSinceMs, waits, running }: UpdateStatus): string {
  const held =
    heldSinceMs === undefined
      ? 'updates come as the cloud wishes\n'
      : `updates are held since ${new Date(heldSinceMs).toISOString()}${waits ? '; one waits' : ''}\n`;
  return `${running.map((line) => `${line}\n`).join('')}${held}`;
}

/** Of the agent that runs; Fault `unavailable` when none does. */
function ask({ config }: LocalTools, request: LocalRequest, withinMs?: number): Promise<Json> {
  return askAgent(statusSocketPath(config().buffer.path), request, withinMs);
}

/** Of the agent that runs, or of its folder. */
async function asked(
  tools: LocalTools,
  request: LocalRequest,
  look: (buffer: AgentBuffer) => unknown,
): Promise<unknown> {
  try {
    return await ask(tools, request);
  } catch (error) {
    const { code, details } = asFault(error);
    const isThere = details?.['starting'] === true || details?.['answered'] === true;
    if (code !== 'unavailable' || isThere) throw error;
  }
  const { file, buffer: of } = tools.config();
  if (!existsSync(of.path)) {
    throw new Fault('not_found', 'no agent was here: there is no such folder', {
      place: of.path,
      remedy: `Start the agent, or correct buffer.path in ${file}.`,
    });
  }
  const { log } = plainLog(tools.err, () => systemClock.now());
  await using buffer = await openOffline(of.path, log);
  return await look(buffer);
}

const shown = async (tools: LocalTools, id: string): Promise<ShownClip> =>
  (await asked(tools, { ask: 'clip', clip: id }, ({ clips }) => showClip(clips, id))) as ShownClip;

function print(
  { out }: LocalTools,
  json: true | undefined,
  value: unknown,
  text: () => string,
): void {
  out(json === true ? `${JSON.stringify(value, undefined, 2)}\n` : text());
}

function countOf(option: string, text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new Fault('invalid', `${option} is "${text.slice(0, 20)}", which is no count`, {
    remedy: 'Write a whole number of at least 1.',
  });
}

const secondsOf = (text: string): number => Number(parseDurationNs(text)) / 1e9;

/** Seconds before or after a moment. */
function rollOf(option: string, text: string): number {
  const seconds = secondsOf(text);
  if (seconds <= wireLimits.maxRollSeconds) return seconds;
  throw new Fault('invalid', `${option} is ${text.slice(0, 20)}, which is too long for a clip`, {
    remedy: `Write a time of at most ${wireLimits.maxRollSeconds} s.`,
  });
}

function rangeOf(text: string): { atNs: string; preS: number; postS: number } {
  const [from = '', to = ''] = text.split('..');
  const [start, end] = [momentOf(from), momentOf(to)];
  if (start === undefined || end === undefined || end <= start) {
    throw new Fault('invalid', `"${text.slice(0, 80)}" is not a range of time`, {
      remedy: 'Write FROM..TO, as 2026-11-21T10:30:00Z..2026-11-21T10:30:20Z or in ns.',
    });
  }
  const postS = Number(end - start) / 1e9;
  if (postS > wireLimits.maxRollSeconds) {
    throw new Fault('invalid', `"${text.slice(0, 80)}" spans ${postS} s`, {
      remedy: `Ask for at most ${wireLimits.maxRollSeconds} s at once.`,
    });
  }
  return { atNs: String(start), preS: 0, postS };
}

/** Nanoseconds of log time. */
function momentOf(text: string): bigint | undefined {
  if (/^\d{10,19}$/.test(text)) return BigInt(text);
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : BigInt(ms) * 1_000_000n;
}

function clipOf(answer: Json): string {
  const { clip, state, sizeBytes } = answer as {
    readonly clip?: string;
    readonly state?: string;
    readonly sizeBytes?: number;
  };
  const size = sizeBytes === undefined ? '' : `, ${formatSize(sizeBytes)}`;
  return `${clip ?? ''}${state === undefined ? '' : ` ${state}`}${size}`;
}

const timeOf = (ns: string): string => new Date(Number(BigInt(ns) / 1_000_000n)).toISOString();

const oneLine = (text: string): string => text.replaceAll(/\p{Cc}+/gu, ' ');

/** Of a UUID as text. */
const idLength = 36;

function listText(listed: readonly ListedClip[]): string {
  const ids = listed.map(({ clip }) => clip);
  let length = 13;
  const isTold = (): boolean => new Set(ids.map((id) => id.slice(0, length))).size === ids.length;
  while (!isTold() && length < idLength) length += 1;
  return listed.map((clip) => lineOf(clip, length)).join('');
}

const noneText = (rule: string | undefined): string =>
  rule === undefined ? 'no clips are held\n' : `no clip is held of rule ${oneLine(rule)}\n`;

/** The beginning of its id tells it from the others of its list. */
function lineOf(clip: ListedClip, length: number): string {
  const parts = [
    clip.clip.slice(0, length),
    timeOf(clip.startNs),
    clip.class.padEnd(8),
    clip.state.padEnd(7),
    formatSize(clip.sizeBytes).padStart(9),
    `${clip.rule}: ${clip.why}`,
  ];
  return `${oneLine(parts.join('  '))}\n`;
}

function textOf(clip: ShownClip): string {
  const { manifest } = clip;
  const rows: (readonly [string, string])[] = [
    ['clip', `${clip.clip}, ${clip.class}, ${clip.state}`],
    ['time', `${timeOf(clip.startNs)} to ${timeOf(clip.endNs)}`],
    ['file', `${clip.path}, ${formatSize(clip.sizeBytes)}`],
    ...manifest.markers.map(
      ({ rule, version, why, expression, atNs }) =>
        ['why', `${rule}@${version} at ${timeOf(atNs)}: ${why ?? expression}`] as const,
    ),
    ...manifest.topics.map(({ topic, count }) => ['topic', `${topic} ${count}`] as const),
  ];
  return rows.map(([name, text]) => `${name.padEnd(6)} ${oneLine(text)}\n`).join('');
}
