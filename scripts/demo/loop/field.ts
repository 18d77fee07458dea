/** Robots drive on with the new model until the field has shown that what failed fails no more. */
import { Fault } from '@fieldloop/core';
import { type Api, until } from './api.ts';
import type { LoggedFailure } from './collect.ts';
import type { Staff } from './people.ts';
import type { Stage } from './stage.ts';
import type { Release } from './training.ts';

export interface Closed {
  readonly failure: string;
  readonly why: string;
}

interface Step {
  readonly action: string;
  readonly state: string;
  readonly why?: string;
}

const fieldMs = 240_000;
const tellMs = 15_000;

export async function closeFailures(
  { stage, say, signal }: Stage,
  { staff, release }: { readonly staff: Staff; readonly release: Release },
): Promise<Closed> {
  stage('The field: three failures were to be expected by now; without one the cloud closes them');
  const { api } = staff.engineer;
  let toldAt = 0;
  return await until(
    'a failure that the release closed',
    { signal, withinMs: fieldMs, everyMs: 2_000 },
    async () => {
      const failures = await api.all<LoggedFailure>('/v1/failures');
      const states = Map.groupBy(failures, ({ kind, state }) => `${kind} ${state}`);
      const closed = failures.filter(({ state }) => state === 'closed');
      if (performance.now() - toldAt > tellMs || closed.length > 0) {
        toldAt = performance.now();
        say(`  ${[...states].map(([name, list]) => `${list.length} ${name}`).join(', ')}`);
      }
      const first = await longest(api, closed);
      if (first === undefined) {
        const isHopeless = !failures.some(
          ({ state }) => state === 'released' || state === 'fixed_in',
        );
        if (!isHopeless) return undefined;
        throw new Fault('conflict', `no failure is left that ${release.name} could close`, {
          remedy: 'fieldloop failures list; fieldloop failures get ID says why it came back.',
        });
      }
      const { items } = await api.get<{ items: Step[] }>(`/v1/failures/${first.id}/history`);
      const end = items.find(({ state }) => state === 'closed');
      return { failure: first.id, why: `${first.id} ${first.kind}: ${end?.why ?? ''}` };
    },
  );
}

/** Of those that closed together, the one of which the most is known: it trained, too. */
async function longest(
  api: Api,
  closed: readonly LoggedFailure[],
): Promise<LoggedFailure | undefined> {
  let best: { readonly failure: LoggedFailure; readonly links: number } | undefined;
  for (const failure of closed) {
    const { nodes } = await api.get<{ nodes: readonly { kind: string }[] }>(
      `/v1/lineage/${failure.id}`,
    );
    const links = new Set(nodes.map(({ kind }) => kind)).size;
    if (best === undefined || links > best.links) best = { failure, links };
  }
  return best?.failure;
}
