/**
 * A named selection of devices: what a query finds at the moment of asking, or a list. A frozen
 * cohort is what its query found once, written down as a list.
 */
import { Fault } from '@fieldloop/core';

export interface Cohort {
  readonly id: string;
  readonly name: string;
  readonly note?: string;
  /** Over devices; absent where a list says who is in. */
  readonly q?: string;
  /** Unix milliseconds when the list was made of the query. */
  readonly frozenAt?: number;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly version: number;
}

export const cohortNamePattern = /^[a-z0-9][a-z0-9-]{1,62}$/;

/** Who is to be in. Exactly one of `q` and `devices`. */
export interface CohortChoice {
  readonly q?: string | undefined;
  /** Names or ids. */
  readonly devices?: readonly string[] | undefined;
}

/** Fault `invalid` unless the choice says in one way who is in. */
export function checkChoice(choice: CohortChoice, freeze: boolean): void {
  const { q, devices } = choice;
  if ((q === undefined) === (devices === undefined)) {
    throw new Fault('invalid', 'a cohort is a query or a list of devices: exactly one of them', {
      place: '/body/q',
      remedy: 'Give q, such as "site = hall-2", or devices, such as ["amr-01"].',
    });
  }
  if (freeze && q === undefined) {
    throw new Fault('invalid', 'there is no query to freeze', {
      place: '/body/freeze',
      remedy: 'A list does not change by itself; leave freeze out.',
    });
  }
}

export interface Comparison<T> {
  readonly joins: readonly T[];
  readonly leaves: readonly T[];
}

/** Who joins and who leaves when the members change. */
export function compared<T extends { readonly id: string }>(
  before: readonly T[],
  after: readonly T[],
): Comparison<T> {
  const was = new Set(before.map(({ id }) => id));
  const will = new Set(after.map(({ id }) => id));
  return {
    joins: after.filter(({ id }) => !was.has(id)),
    leaves: before.filter(({ id }) => !will.has(id)),
  };
}
