/** The devices that a plan is about, as they are now: who is in, who is out and why. */
import { isInRange, type ReleaseManifest } from '../release/release.ts';
import { deviceCondition } from '../store/cohort-ref.ts';
import type { Db } from '../store/db.ts';
import { heldDevices } from '../store/device-hold.ts';
import { durationMs, type PlanMetric, type RolloutPlan } from './document.ts';
import { eventCounts } from './measure.ts';
import type { Candidate } from './plan.ts';
import { liveStates } from './rollout.ts';

export interface CandidateQuery {
  readonly plan: RolloutPlan;
  readonly manifest: ReleaseManifest;
  /** Rollouts whose devices this one takes over. */
  readonly supersede: readonly string[];
  readonly at: number;
}

export async function candidatesOf(db: Db, query: CandidateQuery): Promise<readonly Candidate[]> {
  const { plan, at } = query;
  const found = await db
    .selectFrom('device')
    .select(['device.id', 'device.name', 'device.site', 'device.state'])
    .where(deviceCondition(plan.selector, at, '/selector'))
    .orderBy('device.id')
    .execute();
  const ids = found.map(({ id }) => id);
  const held = await heldDevices(db, ids);
  const busy = await inOthers(db, query.supersede);
  const properties = await propertiesOf(db, ids);
  const baselines = await baselinesOf(db, plan, { ids, at });
  return found.map((row): Candidate => {
    const own = properties.get(row.id) ?? new Map<string, string>();
    const other = busy.get(row.id);
    const why = reasonOut(row.state, {
      isHeld: held.has(row.id),
      other,
      unmet: unmetOf(query.manifest, own),
    });
    return {
      deviceId: row.id,
      device: row.name,
      site: row.site ?? '',
      properties: Object.fromEntries(own),
      baseline: baselines.get(row.id) ?? {},
      ...(why === undefined ? {} : { why }),
    };
  });
}

const serving: readonly string[] = ['active', 'enrolled', 'claimed', 'manufactured'];

function reasonOut(
  state: string,
  of: {
    readonly isHeld: boolean;
    readonly other: string | undefined;
    readonly unmet: string | undefined;
  },
): string | undefined {
  if (!serving.includes(state)) return state;
  if (of.isHeld) return 'held';
  if (of.other !== undefined) return `in ${of.other}`;
  return of.unmet;
}

/** By device: the live rollout that has it. */
async function inOthers(
  db: Db,
  supersede: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await db
    .selectFrom('rollout_target as t')
    .innerJoin('rollout as o', 'o.id', 't.rollout_id')
    .select(['t.device_id', 'o.id'])
    .where('o.state', 'in', liveStates)
    .where('t.arm', '<>', 'excluded')
    .execute();
  return new Map(
    rows
      .filter(({ id }) => !supersede.includes(id))
      .map(({ device_id: device, id }) => [device, id]),
  );
}

async function propertiesOf(
  db: Db,
  ids: readonly string[],
): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> {
  const found = new Map<string, Map<string, string>>();
  for (let from = 0; from < ids.length; from += 500) {
    const rows = await db
      .selectFrom('device_property')
      .select(['device_id', 'key', 'text'])
      .where('device_id', 'in', ids.slice(from, from + 500))
      .orderBy('device_id')
      .orderBy('key')
      .execute();
    for (const { device_id: id, key, text } of rows) {
      found.set(id, (found.get(id) ?? new Map<string, string>()).set(key, text));
    }
  }
  return found;
}

/** The first requirement that a device is known not to meet; what it never said is not held up. */
function unmetOf(
  { components }: ReleaseManifest,
  own: ReadonlyMap<string, string>,
): string | undefined {
  for (const { requires } of components) {
    const hardware = own.get('hardware') ?? own.get('hw');
    if (requires?.hardware !== undefined && !requires.hardware.includes(hardware ?? '')) {
      return `hardware ${hardware ?? 'unknown'}`;
    }
    const agent = own.get('agent');
    if (requires?.agent !== undefined && agent !== undefined && !isInRange(agent, requires.agent)) {
      return `agent ${agent}`;
    }
  }
  return undefined;
}

type Baseline = Candidate['baseline'];

/** Events of each device before the start, against the fleet's mean: fixed for the whole rollout. */
async function baselinesOf(
  db: Db,
  plan: RolloutPlan,
  of: { readonly ids: readonly string[]; readonly at: number },
): Promise<ReadonlyMap<string, Baseline>> {
  const metrics = plan.analysis.metrics.filter(({ source }) => source.startsWith('event:'));
  const found = new Map<string, Record<string, { events: number; expected: number }>>();
  for (const metric of metrics) {
    const counts = await baselineCounts(db, plan, { metric, at: of.at });
    const total = of.ids.reduce((sum, id) => sum + (counts.get(id) ?? 0), 0);
    const expected = of.ids.length === 0 ? 0 : total / of.ids.length;
    for (const id of of.ids) {
      const own = found.get(id) ?? {};
      own[metric.name] = { events: counts.get(id) ?? 0, expected };
      found.set(id, own);
    }
  }
  return found;
}

const baselineCounts = async (
  db: Db,
  plan: RolloutPlan,
  { metric, at }: { readonly metric: PlanMetric; readonly at: number },
): Promise<ReadonlyMap<string, number>> =>
  await eventCounts(db, {
    name: metric.source.slice('event:'.length),
    from: at - durationMs(plan.analysis.baseline),
    to: at,
  });

/** Events an hour and device in the baseline, by metric: what the forecast is made of. */
export function ratesOf(
  plan: RolloutPlan,
  candidates: readonly Candidate[],
): Readonly<Record<string, number>> {
  const hours = durationMs(plan.analysis.baseline) / 3_600_000;
  const rates: Record<string, number> = {};
  for (const { name, source } of plan.analysis.metrics) {
    if (!source.startsWith('event:')) continue;
    const events = candidates.reduce((sum, one) => sum + (one.baseline[name]?.events ?? 0), 0);
    rates[name] = events / Math.max(1, candidates.length * hours);
  }
  return rates;
}
