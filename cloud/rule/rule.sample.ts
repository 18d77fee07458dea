/** Rule sets, cohorts and reports for tests. */
import type { Json } from '@fieldloop/core';
import { type Forecast, parseRuleSet } from '@fieldloop/rules';
import { deviceStore } from '../device/store.ts';
import type { Db } from '../store/db.ts';
import { listDesired } from '../store/desired.ts';
import { ruleSetStore } from './store.ts';

/** A rule set whose versions differ by their threshold. */
export const sampleRules = (threshold: number, name = 'speeding'): string => `# speeding
apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: ${name}, version: 1}
signals:
  v: {topic: /odom, path: speed, type: double, unit: m/s}
rules:
- id: fast
  why: The robot is faster than this floor allows.
  severity: warning
  when: v > ${threshold.toFixed(1)}
  limits: {cooldown: 5s}
  capture: {topics: [/odom], pre: 2s, post: 2s}
`;

export function sampleVersion(threshold: number, name?: string) {
  const text = sampleRules(threshold, name);
  const { ruleSet, problems } = parseRuleSet(text, 'sample.yaml');
  if (ruleSet === undefined) throw new TypeError('the sample is not sound');
  return { digest: ruleSet.digest, text, problems, by: 'key_1', at: 10 };
}

/** A rule set with one version for each threshold. */
export async function putRuleSet(db: Db, thresholds: readonly number[], name = 'speeding') {
  return await db.transaction().execute(async (trx) => {
    const rules = ruleSetStore(trx);
    await rules.create({ id: `rul_${name}`, name, by: 'key_1', at: 10 });
    const versions = [];
    for (const threshold of thresholds) {
      const wanted = sampleVersion(threshold, name);
      versions.push((await rules.save(await rules.get(name), wanted)).version);
    }
    return versions;
  });
}

/** A cohort by list. */
export async function putCohort(db: Db, id: string, devices: readonly string[]): Promise<void> {
  await db
    .insertInto('cohort')
    .values({ id, name: id, created_by: 'key_1', created_at: 1, updated_at: 1, version: 1 })
    .execute();
  for (const device_id of devices) {
    await db.insertInto('cohort_device').values({ cohort_id: id, device_id }).execute();
  }
}

export async function report(
  db: Db,
  device: string,
  document: { readonly digest: string; readonly [key: string]: Json },
  at: number,
): Promise<void> {
  const { digest } = document;
  await deviceStore(db).setReported(device, 'rules', { digest, document, at });
}

/** The desired rules of a device, by what they are for. */
export async function desiredRules(
  db: Db,
  deviceId: string,
): Promise<{ readonly active?: string; readonly shadow?: string }> {
  const [rules] = (await listDesired(db, deviceId)).filter(({ section }) => section === 'rules');
  const document = (rules?.document ?? {}) as Readonly<Record<string, { readonly digest: string }>>;
  return Object.fromEntries(Object.entries(document).map(([role, { digest }]) => [role, digest]));
}

/** A forecast of so many fires a robot-day, at most. */
export function sampleForecast(high: number): Forecast {
  const figure = { mean: high / 2, low: 0, high };
  return {
    population: 'sampled',
    devices: 1,
    sessions: 6,
    recordings: 60,
    seenHours: 10,
    sampledHours: 8,
    recordedHours: 100,
    dutyHours: 24,
    bootstrapped: true,
    fires: figure,
    clips: figure,
    bytes: { mean: high * 500_000, low: 0, high: high * 1_000_000 },
    clipBytes: { mean: 500_000, most: 1_000_000 },
    rules: [{ rule: 'fast', basis: 'replay', fires: 5, cold: 0, hours: 10, perRobotDay: figure }],
    dropped: 0,
    faults: 0,
  };
}
