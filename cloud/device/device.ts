import type { PropertySource, PropertyValue } from '../property/property.ts';

/** One robot as the cloud knows it. Its name is its certificate's id and never changes. */
export const deviceStates = [
  'manufactured',
  'claimed',
  'enrolled',
  'active',
  'suspended',
  'lost',
  'revoked',
  'decommissioned',
  're_enrolling',
] as const;
export type DeviceState = (typeof deviceStates)[number];

/** What a robot said it runs: one document a section (`agent`, `firmware`, `models`, `rules`). */
export interface ReportedSection {
  readonly digest: string;
  /** Unix milliseconds of its arrival. */
  readonly at: number;
  readonly document: unknown;
}

/** What a person may do with the life of a device. */
export const deviceVerbs = ['suspend', 'resume', 'revoke', 'decommission'] as const;
export type DeviceVerb = (typeof deviceVerbs)[number];

interface Presence {
  readonly online: boolean;
  /** Unix milliseconds since when; absent before the first connection. */
  readonly since?: number;
  readonly lastSeen?: number;
  readonly boot?: string;
}

export interface DeviceProperty {
  readonly key: string;
  readonly value: PropertyValue;
  readonly source: PropertySource;
  /** Unix milliseconds since when. */
  readonly at: number;
}

interface DeviceCertificate {
  readonly fingerprint: string;
  /** Unix milliseconds. */
  readonly notAfter: number;
}

export interface Device {
  readonly id: string;
  readonly name: string;
  readonly state: DeviceState;
  readonly site?: string;
  readonly presence: Presence;
  readonly running: Readonly<Record<string, ReportedSection>>;
  readonly properties: readonly DeviceProperty[];
  /** Rates in Hz that the operator declared, by topic. */
  readonly expectedRates: Readonly<Record<string, number>>;
  /** The newest active one. */
  readonly certificate?: DeviceCertificate;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly version: number;
}

export const deviceNamePattern = /^[a-z0-9][a-z0-9-]{2,39}$/;

/** States from which a device may speak. */
export function mayConnect(state: DeviceState): boolean {
  return state === 'enrolled' || state === 'active';
}

/** States that no verb and no claim token leads out of: the robot needs a new name. */
export function isOver(state: DeviceState): boolean {
  return state === 'revoked' || state === 'decommissioned';
}

export function isDeviceState(text: string): text is DeviceState {
  return deviceStates.some((state) => state === text);
}

/**
 * The state after a verb: the same one when it holds already, undefined when the verb makes no
 * sense there. A device that never spoke (`seen` is false) resumes as enrolled.
 */
export function afterVerb(
  state: DeviceState,
  verb: DeviceVerb,
  seen: boolean,
): DeviceState | undefined {
  switch (verb) {
    case 'suspend':
      return ['enrolled', 'active', 'lost', 'suspended'].includes(state) ? 'suspended' : undefined;
    case 'resume':
      if (mayConnect(state)) return state;
      if (state !== 'suspended' && state !== 'lost') return undefined;
      return seen ? 'active' : 'enrolled';
    case 'revoke':
      return state === 'decommissioned' ? undefined : 'revoked';
    case 'decommission':
      return 'decommissioned';
    default:
      throw new TypeError(`device verb ${String(verb)}`);
  }
}

/** What a verb makes of a device, as the outbox calls it: `device.suspended`. */
export const verbDone = {
  suspend: 'device.suspended',
  resume: 'device.resumed',
  revoke: 'device.revoked',
  decommission: 'device.decommissioned',
} as const satisfies Readonly<Record<DeviceVerb, string>>;

/** What closes the connections of a device. */
export const endingKinds: readonly string[] = [
  verbDone.suspend,
  verbDone.revoke,
  verbDone.decommission,
];
