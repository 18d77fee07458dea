/**
 * `fieldloop watch`: what happens, as it happens. A break is bridged: the stream goes on behind
 * the last event that came.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { asFault, Fault } from '@fieldloop/core';
import { type Client, queryText } from './client.ts';
import { Command } from './commander.ts';
import { type CliIo, ndjsonText, oneLine, type Show } from './io.ts';
import { type ApiOptions, apiOptions, clientOf, formatOf, given } from './list.ts';
import { wholeNumber } from './option-values.ts';
import { showOf } from './show.ts';
import { type ServerEvent, serverEvents } from './server-events.ts';

interface WatchOptions extends ApiOptions {
  readonly topics?: string[];
  readonly q?: string;
  readonly limit?: number;
  readonly after?: number;
}

interface Happened {
  readonly seq: string;
  readonly kind: string;
  readonly subject: string;
  readonly at: string;
  readonly body: Readonly<Record<string, unknown>>;
}

const firstPauseMs = 500;
const mostPauseMs = 10_000;

export function watchCommand(io: CliIo): Command {
  const command = new Command('watch')
    .description('What happens, as it happens; ends on Ctrl-C.')
    .option('--topics <noun...>', 'only these: clips, alerts, devices, events, …')
    .option('--q <query>', "which ones: 'device:amr-* and kind:clip.*'")
    .option('--limit <n>', 'end after this many', wholeNumber('--limit', { least: 1 }))
    .option('--after <seq>', 'begin behind this event of the last 24 h', wholeNumber('--after'))
    .addHelpText('after', examples);
  return apiOptions(command).action(async (options: WatchOptions) => {
    const format = formatOf(options);
    if (format === 'csv' || format === 'yaml') {
      throw new Fault('invalid', `there is no stream as ${format}`, {
        place: '--output',
        remedy: 'Use -o ndjson, or the table.',
      });
    }
    await watch(clientOf(options, io), options, io);
  });
}

/** Goes on through breaks until it is stopped or has seen enough. */
async function watch(client: Client, options: WatchOptions, io: CliIo): Promise<void> {
  const ended = new AbortController();
  void io.stopRequested?.(ended.signal).then(() => ended.abort());
  const seen: Seen = { last: options.after, count: 0, isOpen: false };
  try {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(mostPauseMs, pauseMs * 2)) {
      const before = seen.count;
      const why = await listen(client, { options, seen, signal: ended.signal }, io);
      if (ended.signal.aborted || seen.count >= (options.limit ?? Number.POSITIVE_INFINITY)) return;
      if (seen.count > before) pauseMs = firstPauseMs;
      io.err(`the stream broke off (${why}); it goes on in a moment\n`);
      await delay(pauseMs, undefined, { signal: ended.signal }).catch(() => undefined);
      if (ended.signal.aborted) return;
    }
  } finally {
    ended.abort();
  }
}

interface Seen {
  /** Number of the last event that came. */
  last: number | undefined;
  count: number;
  /** Whether the cloud ever answered: until then nothing is tried again. */
  isOpen: boolean;
}

/** One connection; resolves with why it broke. Throws what trying again cannot mend. */
async function listen(
  client: Client,
  of: {
    readonly options: WatchOptions;
    readonly seen: Seen;
    readonly signal: AbortSignal;
  },
  io: CliIo,
): Promise<string> {
  const { options, seen, signal } = of;
  const topics = options.topics?.flatMap((one) => one.split(',')).join(',');
  const query = queryText(given({ topics, q: options.q }));
  const headers = seen.last === undefined ? {} : { 'last-event-id': String(seen.last) };
  try {
    const response = await client.send(`/v1/stream?${query}`, { headers, signal });
    if (!seen.isOpen && io.isTerminal) io.err('listening; Ctrl-C ends it\n');
    seen.isOpen = true;
    for await (const event of serverEvents(response.body)) {
      if (event.kind === 'reset') {
        io.err('some events are missing: they are older than the cloud keeps them\n');
        seen.last = undefined;
        continue;
      }
      seen.last = Number(event.id);
      seen.count += 1;
      io.out(eventText(event, options, io));
      if (seen.count === options.limit) return 'enough';
    }
    return 'the cloud ended it';
  } catch (error) {
    const { code, message } = asFault(error);
    const isMended = seen.isOpen && !(error instanceof Fault && !passing.includes(code));
    if (signal.aborted || isMended) return message;
    throw error;
  }
}

/** Faults of a cloud that starts again or is cut off. */
const passing: readonly string[] = ['unavailable', 'timeout', 'limited'];

function eventText({ data }: ServerEvent, options: WatchOptions, io: CliIo): string {
  const happened = JSON.parse(data) as Happened;
  if (formatOf(options) !== 'table') return ndjsonText([happened]);
  return lineOf(happened, showOf(options), io.columns);
}

/** `12:00:01  clip.stored  amr-01  clp_…  sha256 …`, cut to the terminal. */
function lineOf({ kind, subject, at, body }: Happened, show: Show, width: number): string {
  const { device, ...rest } = body;
  const words = Object.entries(rest)
    .filter(([, value]) => value !== null && typeof value !== 'object' && value !== '')
    .map(([name, value]) => `${name} ${String(value as string | number | boolean)}`);
  const who = typeof device === 'string' ? device : '-';
  const parts = [
    show.time(at).slice('2026-'.length),
    kind.padEnd(18),
    who.padEnd(8),
    subject,
    words.join(', '),
  ];
  const line = oneLine(parts.join('  ').trimEnd());
  const letters = Array.from(line);
  const isLong = width > 0 && letters.length > width;
  return `${isLong ? `${letters.slice(0, width - 1).join('')}…` : line}\n`;
}

const examples = `
Examples:
  fieldloop watch
  fieldloop watch --topics clips alerts --q 'device:amr-0*'
  fieldloop watch -o ndjson | jq -r 'select(.kind == "clip.stored") | .subject'
`;
