/** The steps of a publication's life, each in the transaction of who asks for it. */
import { Fault } from '@fieldloop/core';
import { settleTogether } from '../limits.ts';
import type { Db } from '../store/db.ts';
import {
  type NewPublication,
  type Publication,
  publicationStore,
  tellPublication,
} from './publication-store.ts';
import { isLive, type PublicationState } from './rule.ts';
import { addDevices, settleMarked, unsettle } from './settle.ts';

/** The first devices have their wish when this is committed; the worker does the rest. */
export async function publish(
  trx: Db,
  wanted: NewPublication,
  devices: readonly string[],
): Promise<Publication> {
  const { at } = wanted;
  const publication = await publicationStore(trx).create(wanted);
  await addDevices(trx, publication.id, devices, at);
  await tellPublication(trx, publication, { kind: 'publication.published', at });
  await settleMarked(trx, { most: settleTogether, at, publication: publication.id });
  return publication;
}

export interface Step {
  readonly at: number;
  readonly reason?: string | undefined;
}

/** From shadow to active for the first `percent` of the cohort, or for more of it. */
export async function promote(
  trx: Db,
  publication: Publication,
  to: Step & {
    readonly percent: number;
    readonly forecastId?: string | undefined;
    readonly forced?: string | undefined;
  },
): Promise<Publication> {
  const { state, mode, percent } = publication;
  if (!isLive(state) && state !== 'halted') throw ended(publication, 'promoted');
  if (mode === 'active' && state !== 'halted' && to.percent <= percent) {
    throw new Fault('conflict', `${publication.id} is active on ${percent} % of its cohort`, {
      place: '/body/percent',
      remedy: 'Ask for a larger share, or roll it back.',
    });
  }
  const change = { state: 'publishing', mode: 'active', reason: null, isNewest: true } as const;
  return await step(trx, publication, {
    ...to,
    kind: 'publication.promoted',
    change: { ...change, percent: to.percent, forecastId: to.forecastId, forced: to.forced },
  });
}

/** Its devices go back to what they had; a person may promote it again. */
export async function halt(trx: Db, publication: Publication, by: Step): Promise<Publication> {
  if (!isLive(publication.state)) throw ended(publication, 'halted');
  const change = { state: 'halted', reason: by.reason } as const;
  return await step(trx, publication, { ...by, kind: 'publication.halted', change });
}

/** Its devices go back to what they had, for good. */
export async function rollBack(trx: Db, publication: Publication, by: Step): Promise<Publication> {
  const { state } = publication;
  if (!isLive(state) && state !== 'halted') throw ended(publication, 'rolled back');
  const change = { state: 'rolled_back', reason: by.reason ?? null } as const;
  return await step(trx, publication, { ...by, kind: 'publication.rolled_back', change });
}

const noted: Partial<Record<PublicationState, Parameters<typeof tellPublication>[2]['kind']>> = {
  publishing: 'publication.resumed',
  active: 'publication.completed',
  superseded: 'publication.superseded',
};

/** What the watch sees of its devices; nothing when it is so already. */
export async function noteState(
  trx: Db,
  publication: Publication,
  state: PublicationState,
  at: number,
): Promise<Publication> {
  if (publication.state === state || !isLive(publication.state)) return publication;
  const changed = await publicationStore(trx).change(publication, { state }, at);
  const kind = noted[state];
  if (kind !== undefined) await tellPublication(trx, changed, { kind, at });
  return changed;
}

async function step(
  trx: Db,
  publication: Publication,
  to: Step & {
    readonly kind: Parameters<typeof tellPublication>[2]['kind'];
    readonly change: Parameters<ReturnType<typeof publicationStore>['change']>[1];
  },
): Promise<Publication> {
  const { at, kind, reason } = to;
  const changed = await publicationStore(trx).change(publication, to.change, at);
  await unsettle(trx, publication.id);
  await settleMarked(trx, { most: settleTogether, at, publication: publication.id });
  await tellPublication(trx, changed, { kind, at, reason });
  return changed;
}

const ended = ({ id, state }: Publication, verb: string): Fault =>
  new Fault('conflict', `${id} is ${state.replace('_', ' ')} and cannot be ${verb}`, {
    place: '/state',
    remedy: 'Publish the version anew: fieldloop rules publish NAME N --cohort COHORT.',
  });
