/** Starts runs by the clock: each slot of a schedule once, whichever worker sees it. */
import type { Db } from '../../store/db.ts';
import { openLoop } from '../../store/work.ts';
import { maxMissedSlots, scheduleMs } from '../limits.ts';
import { type Slots, slotsOf } from './cron.ts';
import { dispatch, type DispatchDeps } from './dispatch.ts';
import type { ScheduleTrigger, Workflow } from './workflow.ts';

interface Scheduled {
  readonly workflow: Workflow;
  readonly trigger: ScheduleTrigger;
  readonly slots: Slots;
}

export function openSchedules(deps: DispatchDeps): AsyncDisposable {
  const all = deps.workflows.flatMap((workflow) =>
    workflow.triggers
      .filter((trigger) => 'cron' in trigger)
      .map((trigger) => ({ workflow, trigger, slots: slotsOf(trigger.cron, trigger.zone) })),
  );
  return openLoop(deps, { name: 'schedules', everyMs: scheduleMs }, async () => {
    for (const one of all) {
      if (await fireDue(deps, one)) deps.onRuns();
    }
  });
}

/** True when a run began. */
export async function fireDue(deps: DispatchDeps, of: Scheduled): Promise<boolean> {
  const { trigger, slots } = of;
  const now = deps.clock.now();
  const known = await scheduleRow(deps.read, trigger.name);
  if (known?.next_slot_at != null && Number(known.next_slot_at) > now) return false;
  return await deps.write.transaction().execute(async (trx) => {
    const row = await scheduleRow(trx, trigger.name);
    const first = row?.next_slot_at ?? null;
    const due = first === null ? [] : dueSlots(Number(first), now, slots);
    let started = false;
    for (const slot of chosen(due, { trigger, now })) {
      const match = await trigger.start(slot, trx);
      if (match === undefined) continue;
      const event = { key: `${slot}`, actor: `${trigger.name}@${trigger.version}` };
      const { workflow } = of;
      if ((await dispatch(trx, deps, { workflow, trigger, match, event })) !== undefined) {
        started = true;
      }
    }
    const last = due.at(-1) ?? row?.last_slot_at ?? null;
    await putSchedule(trx, trigger.name, { last, next: slots.after(now) ?? null, at: now });
    return started;
  });
}

function dueSlots(first: number, now: number, slots: Slots): readonly number[] {
  const due: number[] = [];
  for (let at: number | undefined = first; at !== undefined && at <= now; at = slots.after(at)) {
    due.push(at);
    if (due.length > maxMissedSlots) due.shift();
  }
  return due;
}

/** A slot is missed when the next one is due as well, or it is over for longer than a look. */
function chosen(
  due: readonly number[],
  { trigger, now }: { readonly trigger: ScheduleTrigger; readonly now: number },
): readonly number[] {
  if (trigger.missed === 'all') return due;
  if (trigger.missed === 'one') return due.slice(-1);
  return due.filter((slot) => now - slot <= onTimeMs);
}

/** A worker that was away for a moment is not late. */
const onTimeMs = scheduleMs * 60;

const scheduleRow = async (db: Db, trigger: string) =>
  await db.selectFrom('schedule').selectAll().where('trigger', '=', trigger).executeTakeFirst();

async function putSchedule(
  trx: Db,
  trigger: string,
  to: { readonly last: number | bigint | null; readonly next: number | null; readonly at: number },
): Promise<void> {
  const slots = { last_slot_at: to.last, next_slot_at: to.next, updated_at: to.at };
  await trx
    .insertInto('schedule')
    .values({ trigger, is_enabled: 1, ...slots })
    .onConflict((conflict) => conflict.column('trigger').doUpdateSet(slots))
    .execute();
}
