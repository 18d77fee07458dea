/**
 * The audit chain: each entry's hash covers its content and the hash before it, so that a changed
 * or missing entry breaks every one after it. Heads are signed statements of the chain's length
 * and last hash: they find what was cut off at its end.
 */
import { canonicalJson, type Json, sha256Hex } from '@fieldloop/core';

export interface NewAuditEntry {
  readonly at: number;
  /** Who: an API key's id, a person's id, a device's name, or `system`. */
  readonly actor: string;
  /** Through which door: `api`, `oidc`, `wire`, `enrol`, `process`. */
  readonly via: string;
  /** `device.revoke`, `connect.refused`: noun, dot, what was done. */
  readonly action: string;
  readonly subject: string;
  readonly detail?: Readonly<Record<string, Json>> | undefined;
  /** What the change replaced, and by what; a large document is kept as its digest. */
  readonly before?: Json | undefined;
  readonly after?: Json | undefined;
  readonly requestId?: string | undefined;
  /** Address of the client. */
  readonly ip?: string | undefined;
}

export interface AuditEntry extends NewAuditEntry {
  readonly seq: number;
  readonly prev: string;
  readonly hash: string;
}

/** What stands before the first entry. */
export const auditStart = '0'.repeat(64);

/** The values that came later are left out where absent: entries written before them still hold. */
export function auditHash(entry: Omit<AuditEntry, 'hash'>): string {
  const { seq, at, actor, via, action, subject, before, after, ip, prev } = entry;
  const content = canonicalJson({
    seq,
    at,
    actor,
    via,
    action,
    subject,
    detail: entry.detail ?? {},
    before,
    after,
    requestId: entry.requestId ?? null,
    ip,
  });
  return sha256Hex(`${prev}${content}`);
}

/** The document itself, or where it is larger than `maxBytes` what proves which one it was. */
export function auditDocument(value: Json | undefined, maxBytes: number): Json | undefined {
  if (value === undefined) return undefined;
  const text = canonicalJson(value);
  const bytes = Buffer.byteLength(text);
  return bytes <= maxBytes ? value : { sha256: sha256Hex(text), bytes };
}

/** Position and last hash of the chain at some time. */
export interface AuditHead {
  readonly seq: number;
  readonly hash: string;
}

export interface SignedAuditHead extends AuditHead {
  readonly at: number;
  /** `seq` of the head before it; 0 for the first. */
  readonly previous: number;
  /** Hex SHA-256 of the public key's DER. */
  readonly keySha256: string;
  /** Base64url of the ed25519 signature over `headText`. */
  readonly signature: string;
}

/** What a head's signature covers. */
export const headText = (head: Omit<SignedAuditHead, 'signature'>): string =>
  canonicalJson({
    seq: head.seq,
    hash: head.hash,
    at: head.at,
    previous: head.previous,
    keySha256: head.keySha256,
  });

export interface AuditBreak {
  /** The first entry that is wrong, missing, or in another's place. */
  readonly seq: number;
  readonly what:
    | 'changed'
    | 'missing'
    | 'out_of_order'
    | 'unlinked'
    | 'cut_off'
    | 'other_than_head'
    | 'head_signature'
    | 'head_missing';
  readonly message: string;
}

export interface AuditVerdict {
  /** Entries whose content, place and link were found right. */
  readonly entries: number;
  readonly head: AuditHead;
  readonly heads: number;
  readonly broken?: AuditBreak;
}

/**
 * Walks entries, oldest first, and compares them with the heads; holds one entry at a time and the
 * heads. Stops at the first break. `start` lets a walk begin in the middle of a chain.
 */
export async function verifyChain(
  entries: AsyncIterable<AuditEntry> | Iterable<AuditEntry>,
  options: {
    /** In order of `seq`. */
    readonly heads?: readonly SignedAuditHead[];
    readonly signed?: (head: SignedAuditHead) => boolean;
    readonly start?: AuditHead;
    /** `seq` of the head before the first of `heads`; 0 unless said. */
    readonly headBefore?: number;
  } = {},
): Promise<AuditVerdict> {
  const start = options.start ?? { seq: 0, hash: auditStart };
  const heads = options.heads ?? [];
  let last: AuditHead = start;
  let checked = 0;
  const verdict = (broken?: AuditBreak): AuditVerdict => ({
    entries: last.seq - start.seq,
    head: last,
    heads: checked,
    ...(broken === undefined ? {} : { broken }),
  });
  const broken = headBreak(heads, options.headBefore ?? 0, options.signed);
  if (broken !== undefined) return verdict(broken);
  for await (const entry of entries) {
    const wrong = entryBreak(entry, last);
    if (wrong !== undefined) return verdict(wrong);
    const head = heads[checked];
    if (head !== undefined && head.seq === entry.seq) {
      if (head.hash !== entry.hash) return verdict(otherThanHead(head));
      checked += 1;
    }
    last = { seq: entry.seq, hash: entry.hash };
  }
  const beyond = heads[checked];
  return beyond === undefined ? verdict() : verdict(cutOff(last, beyond));
}

/** What is wrong with the heads themselves. */
function headBreak(
  heads: readonly SignedAuditHead[],
  before: number,
  signed: ((head: SignedAuditHead) => boolean) | undefined,
): AuditBreak | undefined {
  let previous = before;
  for (const head of heads) {
    if (head.previous !== previous) {
      const message = `the signed head of entry ${head.previous}, which comes first, is missing`;
      return { seq: head.previous, what: 'head_missing', message };
    }
    if (signed !== undefined && !signed(head)) {
      const message = `the signature of the head at entry ${head.seq} is not this cloud's`;
      return { seq: head.seq, what: 'head_signature', message };
    }
    previous = head.seq;
  }
  return undefined;
}

/** What is wrong with an entry that should follow `last`. */
export function entryBreak(entry: AuditEntry, last: AuditHead): AuditBreak | undefined {
  const { seq } = entry;
  if (seq <= last.seq) {
    return { seq, what: 'out_of_order', message: `entry ${seq} comes after entry ${last.seq}` };
  }
  if (seq > last.seq + 1) {
    return { seq: last.seq + 1, what: 'missing', message: `entry ${last.seq + 1} is missing` };
  }
  if (entry.prev !== last.hash) {
    const message = `entry ${seq} does not follow from the entry that stands before it`;
    return { seq, what: 'unlinked', message };
  }
  if (entry.hash !== auditHash(entry)) {
    const message = `entry ${seq} is not what was written: its content has another hash`;
    return { seq, what: 'changed', message };
  }
  return undefined;
}

const otherThanHead = (head: SignedAuditHead): AuditBreak => ({
  seq: head.seq,
  what: 'other_than_head',
  message: `entry ${head.seq} or one before it was written anew after its head was signed`,
});

const cutOff = (last: AuditHead, head: SignedAuditHead): AuditBreak => ({
  seq: last.seq + 1,
  what: 'cut_off',
  message: `entries ${last.seq + 1} to ${head.seq} were cut off: a signed head knows them`,
});
