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

interface Presence {
  readonly online: boolean;
  /** Unix milliseconds since when; absent before the first connection. */
  readonly since?: number;
  readonly lastSeen?: number;
  readonly boot?: string;
}

export interface Device {
  readonly id: string;
  readonly name: string;
  readonly state: DeviceState;
  readonly site?: string;
  readonly presence: Presence;
  readonly running: Readonly<Record<string, ReportedSection>>;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly version: number;
}

export const deviceNamePattern = /^[a-z0-9][a-z0-9-]{2,39}$/;

/** States from which a device may speak. */
export function mayConnect(state: DeviceState): boolean {
  return state === 'enrolled' || state === 'active';
}

export function isDeviceState(text: string): text is DeviceState {
  return deviceStates.some((state) => state === text);
}
