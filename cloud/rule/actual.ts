/** What the devices of a publication did so far: counters of shadows, rows of active ones. */
import type { Db } from '../store/db.ts';
import type { Actual } from './judge.ts';

/**
 * Active devices are counted by the events and clips that came of this digest since they got it;
 * their own counters tell faults and how long they ran. What came after the last of these reports
 * waits for the next one: its time is not counted yet either. Shadows send nothing but counters.
 */
export async function actualOf(
  db: Db,
  publication: { readonly id: string; readonly digest: string },
  dutyHours: number,
): Promise<Actual> {
  const rows = await db
    .selectFrom('publication_device')
    .selectAll()
    .where('publication_id', '=', publication.id)
    .where('role', 'in', ['active', 'shadow'])
    .execute();
  const sum = (of: (row: (typeof rows)[number]) => bigint): number =>
    rows.reduce((total, row) => total + Number(of(row)), 0);
  const shadows = rows.filter(({ role }) => role === 'shadow');
  const byRule = new Map<string, number>();
  const add = (rule: string, fires: number): void =>
    void byRule.set(rule, (byRule.get(rule) ?? 0) + fires);
  for (const { fired } of shadows) {
    const counts = JSON.parse(fired) as Readonly<Record<string, number>>;
    for (const [rule, fires] of Object.entries(counts)) add(rule, fires);
  }
  for (const { rule, fires } of await firesOf(db, publication)) add(ruleName(rule), Number(fires));
  const clips = await clipsOf(db, publication);
  const counted = {
    clips: shadows.reduce((total, row) => total + Number(row.clips), 0),
    bytes: shadows.reduce((total, row) => total + Number(row.bytes), 0),
  };
  const largestCounted = shadows.map((row) =>
    row.clips === 0n ? 0 : Number(row.bytes) / Number(row.clips),
  );
  return {
    devices: rows.filter(({ state }) => state === 'running').length,
    robotDays: sum((row) => row.exposure_ms) / (dutyHours * 3_600_000),
    evaluations: sum((row) => row.evaluations),
    faults: sum((row) => row.faults),
    fires: [...byRule.values()].reduce((total, fires) => total + fires, 0),
    clips: counted.clips + Number(clips.count),
    bytes: counted.bytes + Number(clips.bytes ?? 0n),
    largestClip: Math.max(0, Number(clips.largest ?? 0n), ...largestCounted),
    byRule: Object.fromEntries(byRule),
  };
}

/** `near-miss@3` is rule near-miss. */
const ruleName = (rule: string | null): string => (rule ?? '').replace(/@\d+$/, '');

const events = (db: Db, { id, digest }: { readonly id: string; readonly digest: string }) =>
  db
    .selectFrom('publication_device as d')
    .innerJoin('event as e', 'e.device_id', 'd.device_id')
    .where('d.publication_id', '=', id)
    .where('d.role', '=', 'active')
    .where('e.rule_set_digest', '=', digest)
    .whereRef('e.received_at', '>=', 'd.started_at')
    .whereRef('e.received_at', '<=', 'd.report_at');

const firesOf = async (db: Db, publication: { readonly id: string; readonly digest: string }) =>
  await events(db, publication)
    .select('e.rule')
    .select((of) => of.fn.countAll<bigint>().as('fires'))
    .groupBy('e.rule')
    .execute();

const clipsOf = async (db: Db, publication: { readonly id: string; readonly digest: string }) =>
  await db
    .selectFrom('clip')
    .where(
      'clip.id',
      'in',
      events(db, publication).select('e.clip_id').where('e.clip_id', 'is not', null).distinct(),
    )
    .select((of) => [
      of.fn.countAll<bigint>().as('count'),
      of.fn.sum<bigint | null>('clip.size_bytes').as('bytes'),
      of.fn.max<bigint | null>('clip.size_bytes').as('largest'),
    ])
    .executeTakeFirstOrThrow();
