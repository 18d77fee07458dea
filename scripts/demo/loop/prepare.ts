/** What stands before the loop can turn: words, a data set, what is chosen, how it is trained. */
import { canonicalJson, Fault, sha256Hex } from '@fieldloop/core';
import type { Api } from './api.ts';

export const model = 'classifier';
export const dataset = 'places';
export const policy = 'places-frames';
export const classes = ['clear', 'shelf', 'pallet', 'person', 'robot'] as const;

/** Labels that one window may cost. */
export const labels = 1_300;
const labelSeconds = 6;

export async function prepareData(api: Api): Promise<Sides> {
  await api.post('/v1/ontologies', {
    name: 'ahead',
    classes: classes.map((name) => ({ name, says: `${name} is what is ahead of the robot` })),
    guide: 'What fills the middle of the picture within four metres.',
  });
  const sides = sidesOf(await groupsOf(api));
  const { salt } = sides;
  await api.post('/v1/datasets', {
    name: dataset,
    description: 'What is ahead, in the hall and in the zones.',
    selection: { ontology: 'ahead', types: ['classification'] },
    splitRule: { key: 'device_session', salt, buckets: { ...shares } },
    gates: { classMinimum: 1, leakCosine: null, testMinimum: 20 },
    licences: ['CC0-1.0'],
  });
  await api.post('/v1/triage/policies', {
    name: policy,
    model,
    auto: false,
    minUnits: 100,
    labelSeconds,
    budget: { bytes: 2 ** 31, labelMinutes: (labels * labelSeconds) / 60 },
    shares: { named: 0.2, audit: 0.2, capture: 0.6 },
    diversity: 'k_center',
    scorers: ['entropy'],
  });
  await api.post('/v1/trainingPolicies', {
    model,
    dataset,
    triggers: {},
    cooldownMs: 0,
    // Fifteen trainings to tell what the lanes are worth: more than ten minutes hold.
    retrainValue: false,
    config: {
      kind: 'mlp',
      warmStart: true,
      epochs: 20,
      batch: 32,
      learningRate: 0.0004,
      weightDecay: 0.02,
      scheduler: 'cosine',
      hidden: [24, 16],
    },
  });
  return sides;
}

export interface Group {
  readonly key: string;
  readonly device: string;
}

async function groupsOf(api: Api): Promise<readonly Group[]> {
  const sessions = await api.all<{ id: string; device: string }>('/v1/sessions');
  const devices = await api.all<{ id: string; name: string }>('/v1/devices');
  return sessions.flatMap(({ id, device }) => {
    const found = devices.find((one) => one.name === device || one.id === device);
    return found === undefined ? [] : [{ key: `${found.id}/${id}`, device: found.name }];
  });
}

/** Of 10,000 buckets, as a data set draws groups into them. */
const buckets = 10_000n;
const shares = { test: 2_200, calibration: 2_400 } as const;

export interface Sides {
  readonly salt: string;
  readonly test: readonly Group[];
  readonly calibration: readonly Group[];
  readonly train: readonly Group[];
}

/** Of all drives, what each side has at least. */
const least = { test: 0.2, calibration: 0.2, train: 0.54 } as const;

/**
 * A few dozen drives and a hash may leave a side empty: the first salt under which there are enough
 * on each. It looks at names of drives alone, and stands in the data set for all to see.
 */
function sidesOf(groups: readonly Group[]): Sides {
  for (let n = 1; n < 10_000; n += 1) {
    const salt = `${dataset}-${n}`;
    const bucket = ({ key }: Group): number =>
      Number(BigInt(`0x${sha256Hex(canonicalJson([salt, key])).slice(0, 16)}`) % buckets);
    const test = groups.filter((one) => bucket(one) < shares.test);
    const rest = groups.filter((one) => !test.includes(one));
    const calibration = rest.filter((one) => bucket(one) < shares.test + shares.calibration);
    const train = rest.filter((one) => !calibration.includes(one));
    const robots = new Set(test.map(({ device }) => device));
    const has = (side: readonly Group[], share: number): boolean =>
      side.length >= share * groups.length;
    const isFair =
      robots.size >= 3 &&
      has(test, least.test) &&
      has(calibration, least.calibration) &&
      has(train, least.train);
    if (isFair) {
      return { salt, test, calibration, train };
    }
  }
  throw new Fault('internal', `no salt puts ${groups.length} drives on every side`, {
    remedy: 'The logs of the robots in .fieldloop/demo say why there are so few.',
  });
}
