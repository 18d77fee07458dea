/** One verb on many: by ids or by a query, tried first with --dry-run. */
import { Fault } from '@fieldloop/core';
import type { Client, Schemas } from './client.ts';
import type { Command } from './commander.ts';
import { type CliIo, type Column, table } from './io.ts';
import { type ApiOptions, clientOf, formatOf, given, printOne } from './list.ts';
import { confirmed } from './noun.ts';
import { waitFor } from './operations.ts';
import { showOf } from './show.ts';

export interface BulkOptions extends ApiOptions {
  readonly q?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

type BulkResult = Schemas['BulkResult'];

export const bulkOptions = (command: Command): Command =>
  command
    .option('--q <query>', 'all that match, instead of ids')
    .option('--dry-run', 'only tell what would change')
    .option('--yes', 'do it without asking');

/** Sends the verb and prints what became of each. Many become an operation, which is waited for. */
export async function runBulk(
  ids: readonly string[],
  options: BulkOptions,
  io: CliIo,
  of: {
    /** `/v1/clips:tag` */
    readonly path: string;
    readonly body: object;
    /** `Erase`: asked before it is done; absent for what can be undone. */
    readonly confirm?: string;
  },
): Promise<void> {
  const { q, dryRun } = options;
  if (ids.length > 0 === (q !== undefined)) {
    throw new Fault('invalid', ids.length > 0 ? 'ids and a query are both given' : 'which ones?', {
      place: '--q',
      remedy: "Name ids, or say --q 'severity=critical and -tag:seen'; --dry-run tells how many.",
    });
  }
  const client = clientOf(options, io);
  const which = given({ ids: ids.length === 0 ? undefined : ids, q });
  const send = async (isDry: boolean) =>
    await sent(client, of.path, { ...which, ...of.body, dryRun: isDry }, io);
  const tried =
    of.confirm !== undefined && dryRun !== true && options.yes !== true
      ? await send(true)
      : undefined;
  // Where nothing would change there is nothing to ask: the try says why.
  const isIdle = tried?.changed === 0;
  if (tried !== undefined && !isIdle) {
    await confirmed(`${of.confirm} ${tried.changed}?`, options, io);
  }
  const result = isIdle ? tried : await send(dryRun === true);
  printOne(result, options, io, () => resultText(result, io, options));
  const failed = result.results.filter(({ ok }) => !ok).length;
  if (failed === 0 || formatOf(options) !== 'table') return;
  throw new Fault(
    'conflict',
    `${failed} of ${result.matched} ${result.dryRun ? 'would not be' : 'were not'} changed`,
    {
      remedy: 'The table says why for each of them.',
    },
  );
}

async function sent(client: Client, path: string, body: object, io: CliIo): Promise<BulkResult> {
  const response = await client.send(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answered = (await response.json()) as BulkResult | Schemas['Operation'];
  if ('results' in answered) return answered;
  const { result } = await waitFor(client, answered.id, io);
  return result as BulkResult;
}

const columns: readonly Column<BulkResult['results'][number]>[] = [
  { title: 'ID', of: (one) => one.id },
  { title: 'DONE', of: (one) => (one.ok ? 'yes' : 'no') },
  { title: 'WHY NOT', of: (one) => one.problem?.message ?? '', shrinks: true },
];

function resultText(result: BulkResult, io: CliIo, options: ApiOptions): string {
  const wrong = result.results.filter(({ ok }) => !ok);
  const words = result.dryRun ? 'would change' : 'changed';
  const same = result.matched - result.changed - wrong.length;
  const rest = same > 0 ? `, ${same} ${same === 1 ? 'is' : 'are'} so already` : '';
  const head = `${result.changed} of ${result.matched} ${words}${rest}\n`;
  if (wrong.length === 0) return head;
  return `${head}\n${table(wrong, columns, { width: io.columns, show: showOf(options) })}`;
}
