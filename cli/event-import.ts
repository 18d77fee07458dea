/** `fieldloop events import`: many events of a file, a thousand in each request. */
import { Fault } from '@fieldloop/core';
import { answer, type Client, type Schemas } from './client.ts';
import type { Command } from './commander.ts';
import { readText } from './document.ts';
import type { CliIo } from './io.ts';
import { type ApiOptions, apiOptions, clientOf, printOne } from './list.ts';

interface Row {
  /** In the file, from 1. */
  readonly line: number;
  readonly event: object;
}

/** The most events of one request; they are written together or not at all. */
const batchEvents = 1000;

export function importEvents(events: Command, io: CliIo): void {
  const command = events
    .command('import <file>')
    .description(
      'Events of an NDJSON file, or of stdin with -; those that are known are passed over.',
    );
  apiOptions(command)
    .addHelpText('after', examples)
    .action(async (file: string, options: ApiOptions) => {
      const client = clientOf(options, io);
      const rows = rowsOf(await readText(file, io), file);
      const sum = { created: 0, known: 0 };
      for (let at = 0; at < rows.length; at += batchEvents) {
        const batch = rows.slice(at, at + batchEvents);
        const done = await sendBatch(client, batch, file);
        sum.created += done.created;
        sum.known += done.known;
        if (io.isTerminal) io.err(`\r\u001b[K${at + batch.length} of ${rows.length}`);
      }
      if (io.isTerminal) io.err('\n');
      printOne(sum, options, io, () => `${sum.created} written, ${sum.known} known before\n`);
    });
}

/** A batch that is refused names the line of the file at which it is wrong. */
async function sendBatch(
  client: Client,
  batch: readonly Row[],
  file: string,
): Promise<Schemas['EventBatchResult']> {
  // The cloud checks each event; the types of the document cannot know what a file holds.
  const body = { events: batch.map(({ event }) => event) } as never;
  try {
    return await answer(client.POST('/v1/events:batch', { body }));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const pointer = (error.details?.['pointer'] as string | undefined) ?? '';
    const [, index = '0'] = /^\/body\/events\/(\d+)/.exec(pointer) ?? [];
    const { line } = batch[Number(index)] ?? { line: 1 };
    const first = batch[0]?.line ?? 1;
    const before = first === 1 ? '' : ` What stands before line ${first} is written.`;
    throw new Fault(error.code, error.message, {
      place: `${file}:${line}`,
      remedy: `${error.remedy ?? 'Mend this line.'}${before}`,
      cause: error,
    });
  }
}

function rowsOf(text: string, file: string): readonly Row[] {
  return text
    .split('\n')
    .map((line, i) => ({ text: line, line: i + 1 }))
    .filter((row) => row.text.trim() !== '')
    .map((row) => ({ line: row.line, event: eventOf(row.text, `${file}:${row.line}`) }));
}

function eventOf(text: string, place: string): object {
  try {
    const value = JSON.parse(text) as unknown;
    if (typeof value === 'object' && value !== null) return value;
    throw new TypeError('no object');
  } catch (error) {
    throw new Fault('invalid', 'this line is not a JSON object', {
      place,
      remedy: 'Write one event a line, such as {"device": "amr-01", "name": "x", "atNs": "…"}.',
      cause: error,
    });
  }
}

const examples = `
A line: {"device": "amr-01", "name": "pallet-moved", "atNs": "1717171717000000000",
         "externalId": "wms-4711"}          the same externalId again makes nothing

Examples:
  fieldloop events import events.ndjson
  jq -c '.rows[]' report.json | fieldloop events import -
`;
