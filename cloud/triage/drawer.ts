/** The worker's part that freezes windows that are due, and draws those that are frozen. */
import { asFault } from '@fieldloop/core';
import { openLoop, type WorkerDeps } from '../store/work.ts';
import { drawEveryMs } from '../triage-limits.ts';
import { type Policy, policyStore } from './policy-store.ts';
import { freezeWindow, frozenOf, modelsIn, windowStore } from './window-store.ts';
import { drawWindow, voidWindow } from './write-draw.ts';

export type DrawerDeps = Pick<WorkerDeps, 'read' | 'write' | 'clock' | 'ids' | 'log'>;

/** Opens the part; disposing it leaves nothing running. */
export function openTriageDrawer(deps: DrawerDeps): AsyncDisposable {
  return openLoop(deps, { name: 'triage draw', everyMs: drawEveryMs }, async (signal) => {
    await freezeDue(deps);
    for (const { id } of await windowStore(deps.write).frozen(100)) {
      if (signal.aborted) return;
      await drawOne(deps, id);
    }
  });
}

/** What breaks a rule stays so: the window is void and says why. What is passing comes again. */
async function drawOne(deps: DrawerDeps, id: string): Promise<void> {
  try {
    await drawWindow(deps, id);
  } catch (error) {
    const { code, message } = asFault(error);
    if (code !== 'invalid' && code !== 'not_found' && code !== 'corrupt') throw error;
    const at = deps.clock.now();
    deps.log.warn('a window could not be drawn', { window: id, cause: error });
    await deps.write.transaction().execute(async (trx) => {
      await voidWindow(trx, await windowStore(trx).demand(id), { why: message, at });
    });
  }
}

/** Policies whose last window is old enough, when enough units came. */
export async function freezeDue(deps: DrawerDeps): Promise<void> {
  for (const policy of await policyStore(deps.write).enabled()) {
    if (!policy.definition.auto) continue;
    try {
      await freezeOne(deps, policy);
    } catch (error) {
      // A cohort that is gone stops its own policy, not the others.
      deps.log.warn('no window was frozen', { policy: policy.name, cause: error });
    }
  }
}

async function freezeOne(deps: DrawerDeps, policy: Policy): Promise<void> {
  if (!(await isDue(deps, policy))) return;
  const at = deps.clock.now();
  const what = { policy: policy.id, reason: 'the window of the policy was over' };
  await deps.write.transaction().execute(async (trx) => {
    await freezeWindow(trx, what, { ids: deps.ids, at, by: 'system' });
  });
}

async function isDue({ write, clock }: DrawerDeps, policy: Policy): Promise<boolean> {
  const { windowHours, minUnits } = policy.definition;
  const last = await windowStore(write).last(policy.id);
  const since = last?.createdAt ?? policy.createdAt;
  if (last?.state === 'frozen' || clock.now() < since + windowHours * 3_600_000) return false;
  const definition = await frozenOf(write, policy, clock.now());
  const range = { fromN: BigInt(last?.toN ?? 0), toN: 2n ** 62n };
  const models = await modelsIn(write, definition, range);
  return models.reduce((sum, { n }) => sum + n, 0) >= minUnits;
}
