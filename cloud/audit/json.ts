/** Audit entries as JSON: everything that their hash covers, so that a copy can be verified. */
import type { Json } from '@fieldloop/core';
import { instantField, instantText } from '../http/fields.ts';
import { listAnswer } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import type { AuditEntry } from './audit.ts';

const document = z.unknown().optional();

export const auditEntrySchema = z
  .object({
    seq: z.int(),
    at: instantField,
    actor: z.string(),
    via: z.string(),
    action: z.string().openapi({ example: 'device.revoke' }),
    subject: z.string(),
    detail: z.record(z.string(), z.unknown()).optional(),
    before: document.openapi({ description: 'What was replaced; a large document as its digest.' }),
    after: document,
    requestId: z.string().optional(),
    ip: z.string().optional(),
    prev: z.string(),
    hash: z.string(),
  })
  .openapi('AuditEntry');

export const auditPageSchema = listAnswer('AuditPage', auditEntrySchema);

export type AuditEntryJson = z.infer<typeof auditEntrySchema>;

export const auditEntryJson = (entry: AuditEntry): AuditEntryJson => ({
  ...entry,
  at: instantText(entry.at),
  ...(entry.detail === undefined ? {} : { detail: { ...entry.detail } }),
});

/** The entry of which this is the copy. */
export function auditEntryOf(json: AuditEntryJson): AuditEntry {
  const { at, detail, before, after, requestId, ip, ...same } = json;
  return {
    ...same,
    at: Date.parse(at),
    ...(detail === undefined ? {} : { detail: detail as Record<string, Json> }),
    ...(before === undefined ? {} : { before: before as Json }),
    ...(after === undefined ? {} : { after: after as Json }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(ip === undefined ? {} : { ip }),
  };
}
