/** Who makes a request, once that is proven. */
import { Fault } from '@fieldloop/core';
import { allows, type Role, type Scope } from '../auth/rights.ts';

export interface Caller {
  readonly kind: 'key' | 'person';
  /** `key_…` or `usr_…`: the actor of what is audited. */
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  /** Of a person, and of a key that stands for one. */
  readonly role?: Role;
  /** The person behind a key, where there is one. */
  readonly userId?: string;
  /** Cohorts that the caller is restricted to; absent: every device. */
  readonly cohorts?: readonly string[];
}

/**
 * Proves who asks. Resolves to undefined when the request does not say; a Fault
 * `unauthenticated` when what it says does not hold.
 */
export type Authenticate = (request: Request) => Promise<Caller | undefined>;

/** Fault `forbidden` unless the caller's scopes hold this one. */
export function authorize(caller: Caller, scope: Scope): void {
  if (allows(caller.scopes, scope)) return;
  const whose = caller.kind === 'key' ? `the key "${caller.name}"` : caller.name;
  throw new Fault('forbidden', `${whose} does not have the right ${scope}`, {
    remedy: `Ask an admin for ${scope}; the rights are now ${caller.scopes.join(', ') || 'none'}.`,
  });
}

/** Fault `forbidden` for a caller who may only hear of the devices of some cohorts. */
export function demandEverywhere(caller: Caller): void {
  if (caller.cohorts === undefined) return;
  throw new Fault(
    'forbidden',
    `the key "${caller.name}" is for the devices of some cohorts alone`,
    {
      remedy:
        'It lists and reads devices, sessions, clips and events; use another key for the rest.',
    },
  );
}
