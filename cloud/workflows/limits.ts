/** What runs, gates and their engine may use and wait for. */
import { parseDurationNs } from '@fieldloop/core';

const ms = (text: string): number => Number(parseDurationNs(text) / 1_000_000n);

/** Runs that one worker advances at once. */
export const workflowSlots = 20;
/** A worker that is silent for so long has lost what it worked at. */
export const engineLeaseMs = ms('30s');
/** What is ready is looked for so often when nothing says that there is something. */
export const enginePollMs = ms('500ms');
/** Waits of one run of the engine; then the next one goes on from the rows. */
export const maxSegmentWaits = 400;
/** A worker that stops lets effects finish for so long. */
export const stopEffectsMs = ms('25s');
/** One effect; longer work is started by an effect and watched. */
export const effectMs = ms('10s');

/** Runs that are to look again are searched so often, and so many at once. */
export const wakePollMs = ms('50ms');
export const wakeRows = 200;
/** A wake-up that nobody took comes again after 1, 2, 4 … 60 seconds. */
export const wakeAgainMs = { initialMs: ms('1s'), maxMs: ms('60s') } as const;

/** Between two attempts at an effect: doubling, and the first one spread by its key. */
export const retryMs = { initialMs: ms('1s'), maxMs: ms('5m') } as const;
/** Workers that one attempt at a step may take with it. */
export const maxLost = 5;
/** Throws of a body at one place before a person must look. */
export const maxThrows = 5;
/** A run whose version nobody here knows is offered again after this long. */
export const blockedMs = ms('15s');

/** A gate is looked at after 1, 2, 4 … 256 minutes, then every 6 hours; wake-ups come at once. */
export const gateSliceMs = { initialMs: ms('1m'), maxMs: ms('6h') } as const;
/** A watch looks after one second, then ever later, up to this unless it says otherwise. */
export const watchSliceMs = { initialMs: ms('1s'), maxMs: ms('15m') } as const;
/** A child that ends wakes its parent; this is the net below. */
export const childSliceMs = ms('1h');
/** Shares of a gate's time after which people are reminded. */
export const reminderShares = [0.5, 0.9] as const;
/** An escalation gate waits so long before it counts as waiting too long. */
export const escalationMs = ms('24h');

/** Bytes of an input, and of what a step gives. Larger things are named by their hash. */
export const maxOutputBytes = 256 * 1024;
/** Runs that led to one another; then it is a loop. */
export const maxCauses = 16;

/** Rows and engine are compared in pages, so often. */
export const sweepMs = ms('5s');
export const sweepRows = 200;
/** A run that should have looked by now, and did not for this long, is woken. */
export const overdueMs = ms('2m');
/** What runs had in their hands when they ended is looked for so often, so much at once. */
export const abandonedMs = ms('30s');
export const abandonedRows = 100;
/** What the engine keeps of runs that ended. */
export const engineKeepMs = ms('720h');
/** Clocks of worker and database may differ so much. */
export const maxSkewMs = ms('5s');
/** Schedules are looked at so often, and so many missed slots are made up for. */
export const scheduleMs = ms('1s');
export const maxMissedSlots = 100;
