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

/** Many short drives tell more than few long ones: robots are switched off and on between them. */
const drives = 12;
/** Each robot brings as many clips from a drive, which are twenty seconds or more. */
const clipsOfDrive = 4;
const leastLinked = 4;
const leastUnits = 800;
const mostMs = 400_000;
const tellMs = 15_000;

/** Whether every robot has what a drive is to bring. */
async function isDriven({ agents }: Stage['site']): Promise<boolean> {
  const statuses = await Promise.all(agents.map(async (agent) => await agent.status()));
  return statuses.every((status) => (status?.clips.cut ?? 0) >= clipsOfDrive);
}

export async function collect({ stage, say, signal, site }: Stage, staff: Staff): Promise<void> {
  stage('Robots drive; a second and a half of doubt is a failure, logged');
  say(`  ${drives} drives of each robot, of ${clipsOfDrive} clips or more; then off and on again`);
  const { api } = staff.engineer;
  let toldAt = performance.now();
  let drive = 1;
  const seen = new Set<string>();
  await until(
    'enough failures with their clips',
    { signal, withinMs: mostMs, everyMs: 1_000 },
    async () => {
      const isOver = await isDriven(site);
      if (isOver && drive < drives) {
        drive += 1;
        await site.restartAgents();
      }
      const failures = await api.all<LoggedFailure>('/v1/failures');
      for (const { id, kind, device } of failures.filter((one) => !seen.has(one.id))) {
        if (seen.size < 4) say(`  ✗ ${device} ${kind}: ${id}`);
        seen.add(id);
      }
      const linked = failures.filter(({ link }) => link === 'linked');
      const now = performance.now();
      const isEnough = isOver && drive === drives && linked.length >= leastLinked;
      if (now - toldAt < tellMs && !isEnough) return undefined;
      toldAt = now;
      const units = (await api.all('/v1/triage/items')).length;
      const lost = failures.filter(({ kind }) => kind === failureKind).length;
      say(
        `  drive ${drive} of ${drives}: ${lost} failures, ${linked.length} with their clip; ` +
          `${units} scored frames`,
      );
      return isEnough && units >= leastUnits ? true : undefined;
    },
  );
}
