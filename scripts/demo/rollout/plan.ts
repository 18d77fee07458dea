/** The two rollouts of the demo. Times are short by what the plans say; no clock is touched. */
import { stack } from './release.ts';

/** What every robot gets before anything is compared. */
export const firstPlan = (version: string): string =>
  JSON.stringify({
    apiVersion: 'fieldloop.rollout/v1',
    kind: 'Rollout',
    release: `${stack}@${version}`,
    selector: 'state=active',
    control: { percent: 0, min: 0 },
    stages: [{ name: 'all', percent: 100, bake: '1s' }],
    limits,
    deadlines: { contact: '45s', install: '2m', offer: '1d' },
  });

/** A canary, a larger one, and everybody: the judge looks every few seconds. */
export const judgedPlan = (version: string): string =>
  JSON.stringify({
    apiVersion: 'fieldloop.rollout/v1',
    kind: 'Rollout',
    release: `${stack}@${version}`,
    selector: 'state=active',
    control: { percent: 25, min: 5 },
    stages: [
      { name: 'canary', percent: 20, bake: '20s', maxBake: '100s' },
      { name: 'early', percent: 50, bake: '10s', maxBake: '60s' },
      { name: 'all', percent: 100, bake: '2s' },
    ],
    limits,
    deadlines: { contact: '45s', install: '2m', offer: '1d' },
    analysis: {
      interval: '3s',
      // Five of a robot in one look: it lives 100 hours in one.
      capPerDeviceHour: 6_000,
      metrics: [{ name: 'failed', source: 'event:trip_failed', weightBp: 10_000 }],
    },
    onInconclusive: { canary: 'human', early: 'human' },
  });

const limits = { inFlight: 100, inFlightPerSite: 100, perMinute: 2_000, siteMbit: 1_000 };
