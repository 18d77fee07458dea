/** Robots drive; rules log what the model does not know; clips arrive, and their frames wait. */
import { until } from './api.ts';
import type { Staff } from './people.ts';
import { failureKind } from './rules.ts';
import type { Stage } from './stage.ts';

export interface LoggedFailure {
  readonly id: string;
  readonly kind: string;
  readonly device: string;
  readonly state: string;
  readonly link: string;
}

/** Enough to draw from, and to say how often it happens. */
const leastMs = 112_000;
/** Then robots are switched off and on: another drive, for the sides of the data set. */
const driveMs = 28_000;
const drives = 4;
const leastLinked = 4;
const leastUnits = 400;
const mostMs = 220_000;
const tellMs = 15_000;

export async function collect({ stage, say, signal, site }: Stage, staff: Staff): Promise<void> {
  stage('Robots drive; a second of doubt is a failure, logged by a rule');
  const { api } = staff.engineer;
  const started = performance.now();
  let toldAt = started;
  let drive = 1;
  const seen = new Set<string>();
  await until(
    'enough failures with their clips',
    { signal, withinMs: mostMs, everyMs: 2_000 },
    async () => {
      if (drive < drives && performance.now() - started > drive * driveMs) {
        drive += 1;
        say(`  every robot is switched off and on: drive ${drive}`);
        await site.restartAgents();
      }
      const failures = await api.all<LoggedFailure>('/v1/failures');
      for (const { id, kind, device } of failures.filter((one) => !seen.has(one.id))) {
        if (seen.size < 4) say(`  ✗ ${device} ${kind}: ${id}`);
        seen.add(id);
      }
      const linked = failures.filter(({ link }) => link === 'linked');
      const now = performance.now();
      const isEnough = now - started >= leastMs && linked.length >= leastLinked;
      if (now - toldAt >= tellMs || isEnough) {
        toldAt = now;
        const units = (await api.all('/v1/triage/items')).length;
        const lost = failures.filter(({ kind }) => kind === failureKind).length;
        say(`  ${lost} failures, ${linked.length} with their clip; ${units} scored frames`);
        if (isEnough && units >= leastUnits) return true;
      }
      return undefined;
    },
  );
}
