/**
 * The audit chain: each entry's hash covers its content and the hash before it, so that a changed
 * or missing entry breaks every one after it.
 */
import { canonicalJson, type Json, sha256Hex } from '@fieldloop/core';

export interface NewAuditEntry {
  readonly at: number;
  /** Who: an API key's id, a device's name, or `system`. */
  readonly actor: string;
  /** Through which door: `api`, `wire`, `enrol`, `process`. */
  readonly via: string;
  /** `device.revoke`, `connect.refused`: noun, dot, what was done. */
  readonly action: string;
  readonly subject: string;
  readonly detail?: Readonly<Record<string, Json>> | undefined;
  readonly requestId?: string | undefined;
}

export interface AuditEntry extends NewAuditEntry {
  readonly seq: number;
  readonly prev: string;
  readonly hash: string;
}

/** What stands before the first entry. */
export const auditStart = '0'.repeat(64);

export function auditHash(entry: Omit<AuditEntry, 'hash'>): string {
  const { seq, at, actor, via, action, subject, prev } = entry;
  const content = canonicalJson({
    seq,
    at,
    actor,
    via,
    action,
    subject,
    detail: entry.detail ?? {},
    requestId: entry.requestId ?? null,
  });
  return sha256Hex(`${prev}${content}`);
}

/** The first entry that does not follow from the one before it, or undefined when all do. */
export function firstBrokenEntry(
  entries: readonly AuditEntry[],
  start: { readonly seq: number; readonly hash: string } = { seq: 0, hash: auditStart },
): AuditEntry | undefined {
  let last = start;
  for (const entry of entries) {
    if (entry.seq !== last.seq + 1 || entry.prev !== last.hash) return entry;
    if (entry.hash !== auditHash(entry)) return entry;
    last = entry;
  }
  return undefined;
}
