/** A plan as it would be frozen now: rows, arms, load, power, digest. Writes nothing. */
import { Fault, seededRandom } from '@fieldloop/core';
import { forecastRuns, maxTargets } from '../release-limits.ts';
import { artifactBytes, type ReleaseManifest } from '../release/release.ts';
import type { Db } from '../store/db.ts';
import { findRelease, type ReleaseRef } from '../store/release-ref.ts';
import { candidatesOf, ratesOf } from './candidates.ts';
import { durationMs, type RolloutPlan } from './document.ts';
import { freezeRows, type FrozenRow, type Load, loadOf, planDigest, stageSizes } from './plan.ts';
import { type Forecast, forecastOf } from './simulate.ts';
import { type WayBack, wayBackOf } from './way-back.ts';

export interface Previewed {
  readonly release: ReleaseRef;
  readonly manifest: ReleaseManifest;
  readonly rows: readonly FrozenRow[];
  readonly digest: string;
  readonly sizes: readonly number[];
  readonly load: Load;
  readonly rates: Readonly<Record<string, number>>;
  readonly wayBack: WayBack | undefined;
}

export interface PreviewQuery {
  readonly rollout: string;
  readonly plan: RolloutPlan;
  readonly supersede: readonly string[];
  /** Only these of what the selector finds. */
  readonly devices?: readonly string[];
  readonly at: number;
}

/** Faults: `not_found` for the release, `conflict` when it may not go out or nobody is left. */
export async function previewPlan(db: Db, query: PreviewQuery): Promise<Previewed> {
  const { rollout, plan, at } = query;
  const release = await releasedOf(db, plan.release);
  const manifest = JSON.parse(release.manifest) as ReleaseManifest;
  const { supersede, devices } = query;
  const found = await candidatesOf(db, { plan, manifest, supersede, at });
  const only = devices === undefined ? undefined : new Set(devices);
  const candidates = found.filter(({ deviceId }) => only?.has(deviceId) ?? true);
  if (candidates.length > maxTargets) {
    throw new Fault('limited', `the selector finds ${candidates.length} devices`, {
      place: '/selector',
      remedy: `Narrow it to ${maxTargets}.`,
    });
  }
  const rows = freezeRows(rollout, plan, candidates);
  if (!rows.some(({ arm }) => arm === 'treatment')) {
    throw new Fault('conflict', 'no device is left to roll out to', {
      place: '/selector',
      remedy: 'Look at why devices are excluded: the dry run names each.',
    });
  }
  const treated = rows.filter(({ arm }) => arm !== 'excluded').map(({ deviceId }) => deviceId);
  return {
    release,
    manifest,
    rows,
    digest: planDigest(plan, release.digest, rows),
    sizes: stageSizes(plan, rows),
    load: loadOf(plan, rows, artifactBytes(manifest)),
    rates: ratesOf(plan, candidates),
    wayBack: await wayBackOf(db, { id: release.id, manifest }, treated),
  };
}

/** Fault `conflict` when no robot could go back to where the release says it came from. */
export function demandWayBack({ rows, wayBack }: Pick<Previewed, 'rows' | 'wayBack'>): void {
  const inside = rows.filter(({ arm }) => arm !== 'excluded').length;
  if (wayBack === undefined || wayBack.missing.size < inside) return;
  throw new Fault('conflict', `no robot of it runs ${wayBack.release}, its way back`, {
    place: '/body/text',
    remedy:
      `Bring ${wayBack.release} to them first, or add the release anew under a higher version ` +
      'with the `previous` that they run, or with none.',
  });
}

async function releasedOf(db: Db, ref: string): Promise<ReleaseRef> {
  const release = await findRelease(db, ref);
  if (release === undefined) {
    throw new Fault('not_found', `there is no release "${ref.slice(0, 96)}"`, {
      place: '/release',
      remedy: 'List them with `fieldloop releases list`.',
    });
  }
  if (release.state === 'released') return release;
  throw new Fault('conflict', `${ref} is ${release.state}, not released`, {
    place: '/release',
    remedy: 'Have it evaluated, approved and released first.',
  });
}

export interface Power {
  readonly metric: string;
  /** Events of a device and hour in the baseline. */
  readonly rate: number;
  readonly threefold: Forecast;
  readonly twofold: Forecast;
}

/** What the judge would make of regressions, simulated on the fleet's own past rates. */
export function powerOf(
  plan: RolloutPlan,
  of: Pick<Previewed, 'rows' | 'sizes' | 'rates'>,
  seed: string,
): readonly Power[] {
  const control = of.rows.filter(({ arm }) => arm === 'control').length;
  const judged = plan.stages
    .map(({ name, percent, maxBake, bake }, i) => ({
      size: of.sizes[i] ?? 0,
      hours: durationMs(maxBake ?? bake ?? '0s') / 3_600_000,
      isJudged: name !== 'shadow' && percent !== undefined && percent < 100,
    }))
    .filter(({ isJudged, hours, size }) => isJudged && hours > 0 && size > 0);
  const asked = plan.analysis.metrics.filter(({ source }) => source.startsWith('event:'));
  if (judged.length === 0 || control === 0) return [];
  const runs = Math.max(50, Math.floor(forecastRuns / Math.max(1, asked.length * 2)));
  return asked.map(({ name, weightBp, marginBp, calmBp }): Power => {
    const rate = of.rates[name] ?? 0;
    const forecast = (factor: number): Forecast =>
      forecastOf(
        {
          control,
          stages: judged.map(({ size }) => size),
          rate,
          factor,
          frailty: 0.5,
          swing: 0.6,
          baselineHours: durationMs(plan.analysis.baseline) / 3_600_000,
          stageHours: Math.max(...judged.map(({ hours }) => Math.ceil(hours))),
          bakeHours: 1,
          margin: marginBp / 10_000,
          calmMargin: calmBp / 10_000,
          weight: weightBp / 10_000,
          limits: {
            alpha: plan.analysis.alphaBp / 10_000,
            beta: plan.analysis.betaBp / 10_000,
          },
          cap: plan.analysis.capPerDeviceHour,
        },
        runs,
        seededRandom(`${seed}/${name}/${factor}`),
      );
    return { metric: name, rate, threefold: forecast(3), twofold: forecast(2) };
  });
}
