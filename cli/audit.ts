/** `fieldloop audit`: who did what, and the proof that nobody changed the record. */
import { readFile, writeFile } from 'node:fs/promises';
import { Fault } from '@fieldloop/core';
import { answer, type Client, type Schemas } from './client.ts';
import { Command } from './commander.ts';
import { type CliIo, type Column, jsonText } from './io.ts';
import {
  type ApiOptions,
  apiOptions,
  clientOf,
  given,
  printList,
  printOne,
  type QueryOptions,
  queryOf,
  queryOptions,
} from './list.ts';
import { facts, timeColumn } from './show.ts';

type Entry = Schemas['AuditEntry'];
type Verdict = Schemas['AuditVerdict'];
type Head = Verdict['head'];

interface VerifyOptions extends ApiOptions {
  readonly known?: string;
  readonly save?: string;
}

export function auditCommand(io: CliIo): Command {
  const audit = new Command('audit').description('Who did what, and that nobody changed it since.');
  queryOptions(audit.command('list').description('Entries, the newest first.'))
    .addHelpText('after', listExamples)
    .action(async (options: QueryOptions) => {
      await printList<Entry>(options, io, {
        path: '/v1/audit',
        query: queryOf(options),
        columns,
        none: 'no entries match',
      });
    });
  verify(audit, io);
  apiOptions(
    audit.command('export').description('Every entry as NDJSON on stdout, the oldest first.'),
  )
    .option('--after <seq>', 'only those behind this number')
    .action(async (options: ApiOptions & { readonly after?: string }) => {
      const after = options.after === undefined ? '' : `?after=${options.after}`;
      const response = await clientOf(options, io).send(`/v1/audit/export${after}`);
      const decoder = new TextDecoder();
      for await (const part of response.body ?? []) io.out(decoder.decode(part, { stream: true }));
    });
  return audit;
}

function verify(audit: Command, io: CliIo): void {
  const command = audit
    .command('verify')
    .description('Check the whole chain and its signed heads; names the first wrong entry.');
  apiOptions(command)
    .option('--known <file>', 'a head that was saved before: it must still be in the chain')
    .option('--save <file>', 'save the newest head, to be kept where the cloud cannot write')
    .addHelpText('after', verifyExamples)
    .action(async (options: VerifyOptions) => {
      const known = options.known === undefined ? undefined : await readHead(options.known);
      const verdict = await verified(clientOf(options, io), known, io);
      if (verdict.ok && options.save !== undefined) {
        await writeFile(options.save, jsonText(verdict.head));
      }
      printOne(verdict, options, io, () => verdictText(verdict));
      if (verdict.broken !== undefined) {
        throw new Fault('corrupt', `the audit chain breaks: ${verdict.broken.message}`, {
          place: `entry ${verdict.broken.seq}`,
          remedy: 'Keep the database as it is, compare it with backups, and look who could write.',
        });
      }
    });
}

/** The cloud checks a part of a long chain at a time; each goes on where the last one ended. */
async function verified(client: Client, known: Head | undefined, io: CliIo): Promise<Verdict> {
  let start: Head | undefined;
  let entries = 0;
  for (;;) {
    const body = given({ start, known });
    const verdict = await answer(client.POST('/v1/audit:verify', { body }));
    entries += verdict.entries;
    const whole = { ...verdict, entries };
    if (verdict.broken !== undefined || verdict.next === undefined) return whole;
    start = verdict.next;
    if (io.isTerminal) io.err(`${entries} entries\r`);
  }
}

async function readHead(path: string): Promise<Head> {
  try {
    const head = JSON.parse(await readFile(path, 'utf8')) as Partial<Head>;
    if (typeof head.seq === 'number' && typeof head.hash === 'string') {
      return { seq: head.seq, hash: head.hash };
    }
    throw new TypeError('no seq and hash');
  } catch (error) {
    throw new Fault('invalid', 'the saved head cannot be read', {
      place: path,
      remedy: 'Give a file that `fieldloop audit verify --save` wrote.',
      cause: error,
    });
  }
}

const columns: readonly Column<Entry>[] = [
  { title: 'SEQ', of: (entry) => String(entry.seq), right: true },
  timeColumn('WHEN', (entry) => entry.at),
  { title: 'WHO', of: (entry) => entry.actor, shrinks: true },
  { title: 'VIA', of: (entry) => entry.via, drops: 2 },
  { title: 'ACTION', of: (entry) => entry.action },
  { title: 'SUBJECT', of: (entry) => entry.subject, shrinks: true },
  { title: 'FROM', of: (entry) => entry.ip ?? '-', drops: 1 },
];

const verdictText = (verdict: Verdict): string =>
  facts([
    ['chain', verdict.ok ? 'whole' : 'BROKEN'],
    ['entries', String(verdict.entries)],
    ['signed heads', `${verdict.heads}, ${verdict.ownHeads} by the key of this cloud`],
    ['newest', `${verdict.head.seq} ${verdict.head.hash}`],
    ['breaks at', verdict.broken === undefined ? undefined : String(verdict.broken.seq)],
  ]);

const listExamples = `
Examples:
  fieldloop audit list --q 'action:device.* and at>-7d'
  fieldloop audit list --q 'actor=usr_01J… and subject=clp_01J…' --json
`;

const verifyExamples = `
Examples:
  fieldloop audit verify --save /mnt/safe/audit-head.json
  fieldloop audit verify --known /mnt/safe/audit-head.json    a cut or rewritten chain is told
`;
