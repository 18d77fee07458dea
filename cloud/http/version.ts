/** Entities carry a version: it is their ETag, and a change names the one that it is meant for. */
import { Fault, sha256Hex } from '@fieldloop/core';
import { answeredAs } from './problem.ts';

/**
 * `"7.1f0c…"` for an answer that is an entity, else undefined: its version, which a change names, and
 * a digest of the whole answer, because some of what it shows moves without the version.
 */
export function entityTag(answer: unknown, text: string): string | undefined {
  if (typeof answer !== 'object' || answer === null) return undefined;
  const { id, version } = answer as { readonly id?: unknown; readonly version?: unknown };
  if (typeof id !== 'string' || typeof version !== 'number') return undefined;
  return `"${version}.${sha256Hex(text).slice(0, digestLength)}"`;
}

const digestLength = 12;

/** What If-Match says. Faults: 428 without it, `invalid` for another form than an ETag of ours. */
export function expectedVersion(header: string | undefined): number | 'any' {
  const place = '/header/if-match';
  if (header === undefined) {
    throw answeredAs(
      new Fault('invalid', 'a change must say which version it is meant for', {
        place,
        remedy: 'Read the entity and send its ETag as If-Match; * changes whatever is there.',
      }),
      { status: 428 },
    );
  }
  if (header.trim() === '*') return 'any';
  const version = /^\s*"(\d{1,15})(?:\.[0-9a-f]{12})?"\s*$/.exec(header)?.[1];
  if (version !== undefined) return Number(version);
  throw new Fault('invalid', `If-Match "${header.slice(0, 40)}" is no ETag of this API`, {
    place,
    remedy: 'Send the ETag of the last read, quotes included, such as "3".',
  });
}

/** Fault `conflict` (412) when somebody else changed the entity since the caller read it. */
export function demandVersion(
  call: { readonly expects: number | 'any' },
  entity: { readonly id: string; readonly version: number },
): void {
  if (call.expects === 'any' || call.expects === entity.version) return;
  throw answeredAs(
    new Fault('conflict', `${entity.id} has moved on to version ${entity.version}`, {
      place: '/header/if-match',
      remedy: 'Read it again, look at what changed, and send the change with the new ETag.',
    }),
    { status: 412 },
  );
}
