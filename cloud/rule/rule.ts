/** Rule sets, their versions and publications: what they are, and who gets which. Pure. */
import { sha256Hex } from '@fieldloop/core';
import type { RuleProblem } from '@fieldloop/rules';

export interface RuleSetEntry {
  readonly id: string;
  readonly name: string;
  readonly description?: string;
  /** Number of the newest version, 0 before the first. */
  readonly latest: number;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly version: number;
}

/** A version without its text. */
export interface RuleVersionHead {
  readonly ruleSetId: string;
  readonly ruleSet: string;
  readonly n: number;
  readonly digest: string;
  readonly note?: string;
  readonly createdBy: string;
  readonly createdAt: number;
}

/** Never changed once it is saved. */
export interface RuleVersion extends RuleVersionHead {
  readonly text: string;
  /** Warnings that it was saved with. */
  readonly problems: readonly RuleProblem[];
}

export const publicationModes = ['shadow', 'active'] as const;
export type PublicationMode = (typeof publicationModes)[number];
/** `superseded`: a newer publication has every device; it comes back when that one goes. */
export const publicationStates = [
  'publishing',
  'active',
  'halted',
  'rolled_back',
  'superseded',
] as const;
export type PublicationState = (typeof publicationStates)[number];
/** `covered`: a newer publication has the device. `none`: the publication has ended. */
export const deviceRoles = ['active', 'shadow', 'covered', 'none'] as const;
export type DeviceRole = (typeof deviceRoles)[number];

export const deviceStates = ['pending', 'running', 'rejected'] as const;
export type DeviceState = (typeof deviceStates)[number];

export interface PublicationLimits {
  /** Halts when a rate is proven to be over this many times the forecast's upper end. */
  readonly haltFactor: number;
  /** Faults of evaluation that are borne. */
  readonly maxFaults: number;
  readonly maxMibPerRobotDay?: number | undefined;
}

export const isLive = (state: PublicationState): boolean =>
  state === 'publishing' || state === 'active' || state === 'superseded';

/**
 * Whether a device is in the first `percent` of a cohort: by a hash, so that the share is random,
 * grows without losing a device, and is another one for each publication.
 */
export function isChosen(publication: string, device: string, percent: number): boolean {
  const hash = Number.parseInt(sha256Hex(`${publication} ${device}`).slice(0, 8), 16);
  return hash < (percent / 100) * 2 ** 32;
}

/** A live publication as one of its devices meets it. */
export interface Claim {
  readonly publication: string;
  readonly ruleSetId: string;
  readonly digest: string;
  readonly mode: PublicationMode;
  readonly percent: number;
  readonly rank: number;
}

export interface Settled<C extends Claim> {
  readonly active: C | undefined;
  readonly shadow: C | undefined;
}

/**
 * What a device runs under several publications: the newest that wants to be active is, and the
 * newest other one is its shadow. A shadow older than the active version of its own rule set, or
 * equal to what is active, would tell nothing.
 */
export function settle<C extends Claim>(device: string, claims: readonly C[]): Settled<C> {
  const newest = claims.toSorted((a, b) => b.rank - a.rank);
  const wantsActive = ({ publication, mode, percent }: C): boolean =>
    mode === 'active' && isChosen(publication, device, percent);
  const active = newest.find(wantsActive);
  const shadow = newest.find((claim) => {
    if (wantsActive(claim) || claim.digest === active?.digest) return false;
    const isOwn = active !== undefined && claim.ruleSetId === active.ruleSetId;
    return !isOwn || claim.rank > active.rank;
  });
  return { active, shadow };
}

export function roleOf(settled: Settled<Claim>, publication: string): DeviceRole {
  if (settled.active?.publication === publication) return 'active';
  return settled.shadow?.publication === publication ? 'shadow' : 'covered';
}

/** What a live publication is once its devices are known. */
export function stateAfter(
  devices: readonly {
    readonly role: DeviceRole;
    readonly state: DeviceState;
    readonly online: boolean;
  }[],
): PublicationState {
  if (devices.length > 0 && devices.every(({ role }) => role === 'covered')) return 'superseded';
  const own = devices.filter(({ role }) => role !== 'covered');
  const answered = own.some(({ state }) => state === 'running');
  const isWaiting = own.some(({ state, online }) => state === 'pending' && online);
  return answered && !isWaiting ? 'active' : 'publishing';
}
