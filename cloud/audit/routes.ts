/** Reading the audit, checking it, and taking a copy that can be checked elsewhere. */
import { auditKeys, verifyStored } from '../auth/audit-heads.ts';
import type { AuditKey } from '../auth/audit-key.ts';
import type { NounDeps } from '../http/deps.ts';
import { listPage, listQuery } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { auditSource } from '../http/q/sources/audit.ts';
import { auditEntryJson, auditEntrySchema, auditPageSchema } from './json.ts';
import { auditStore } from './store.ts';

export interface AuditDeps extends NounDeps {
  /** Of this process, where it has one. */
  readonly auditKey?: Pick<AuditKey, 'keySha256' | 'publicKey'> | undefined;
}

export const auditOperations = (deps: AuditDeps): readonly Operation[] => [
  list(deps),
  verify(deps),
  exported(deps),
];

const list = (deps: AuditDeps): Operation =>
  operation(
    {
      id: 'listAudit',
      tag: 'audit',
      method: 'get',
      path: '/v1/audit',
      summary: 'Who did what, the newest first',
      right: 'audit:read',
    },
    {
      query: listQuery(auditSource, {}),
      answer: { status: 200, description: 'One page.', schema: auditPageSchema },
    },
    async ({ query }) =>
      await listPage(deps, query, {
        operation: 'listAudit',
        source: auditSource,
        rows: deps.read.selectFrom('audit').select('audit.seq'),
        items: async (rows) =>
          (await auditStore(deps.read).some(rows.map((row) => row.seq))).map(auditEntryJson),
        schema: auditEntrySchema,
      }),
  );

const head = z.object({ seq: z.int().min(0), hash: z.string().regex(/^[0-9a-f]{64}$/) });

const verdict = z
  .object({
    ok: z.boolean(),
    entries: z.int().openapi({ description: 'Found right, from `start` on.' }),
    head: head.openapi({ description: 'Where it ends. Note it: later it shows what was cut off.' }),
    heads: z.int().openapi({ description: 'Signed heads that the entries were compared with.' }),
    ownHeads: z.int().openapi({ description: 'Signed by the key of this cloud itself.' }),
    next: head.optional().openapi({ description: 'There is more: send it as `start`.' }),
    broken: z
      .object({ seq: z.int(), what: z.string(), message: z.string() })
      .optional()
      .openapi({ description: 'The first entry that is not what was written.' }),
  })
  .openapi('AuditVerdict');

export type AuditVerdictJson = z.infer<typeof verdict>;

const verify = (deps: AuditDeps): Operation =>
  operation(
    {
      id: 'verifyAudit',
      tag: 'audit',
      method: 'post',
      path: '/v1/audit:verify',
      summary: 'Whether every entry is what was written, in its place, and none is missing',
      right: 'audit:read',
      faults: ['corrupt'],
    },
    {
      body: z.strictObject({
        start: head.optional().openapi({ description: '`next` of the answer before.' }),
        known: head.optional().openapi({ description: 'A head that you noted earlier.' }),
      }),
      answer: { status: 200, description: 'What was found.', schema: verdict },
    },
    async ({ body: { start, known } }) => {
      const found = await verifyStored(deps.read, { key: deps.auditKey, start, known });
      const { entries, head: last, heads, ownHeads, next, broken } = found;
      return {
        ok: broken === undefined,
        entries,
        head: { ...last },
        heads,
        ownHeads,
        ...(next === undefined ? {} : { next: { ...next } }),
        ...(broken === undefined ? {} : { broken: { ...broken } }),
      };
    },
  );

const exported = (deps: AuditDeps): Operation =>
  operation(
    {
      id: 'exportAudit',
      tag: 'audit',
      method: 'get',
      path: '/v1/audit/export',
      summary: 'The whole chain as lines of JSON, the oldest first',
      description:
        'Lines are {"entry": …}; then {"head": …} for each signed head and {"key": …} for each ' +
        'public key: `fieldloop audit verify FILE` needs no cloud.',
      right: 'audit:read',
    },
    {
      query: z.strictObject({
        after: z
          .string()
          .regex(/^\d{1,15}$/, 'is not the seq of an entry')
          .default('0')
          .openapi({ description: 'Entries with a larger seq.' }),
      }),
      answer: { status: 200, description: 'Lines of JSON.', bytes: 'application/x-ndjson' },
    },
    ({ query }) =>
      new Response(ReadableStream.from(exportLines(deps, Number(query.after))), {
        headers: {
          'content-type': 'application/x-ndjson',
          'content-disposition': 'attachment; filename="audit.ndjson"',
          'cache-control': 'no-store',
        },
      }),
  );

async function* exportLines({ read }: AuditDeps, after: number): AsyncGenerator<Uint8Array> {
  const line = (value: object): Uint8Array => Buffer.from(`${JSON.stringify(value)}\n`);
  const last = (await auditStore(read).last())?.seq ?? 0;
  for await (const entry of auditStore(read).walk(after, last)) {
    yield line({ entry: auditEntryJson(entry) });
  }
  for (const signed of await auditStore(read).heads()) {
    if (signed.seq <= last) yield line({ head: signed });
  }
  for (const publicKey of (await auditKeys(read)).values()) yield line({ key: publicKey });
}
