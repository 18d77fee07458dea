/**
 * What may go to the cloud over which network: the first policy whose condition holds says which
 * clips, how fast, and how much of them a day. Rows (events, markers, manifests) always go. Pure.
 */
import { type ClipClass, wireLimits } from '@fieldloop/proto';
import { isInScope, type Scope } from '@fieldloop/rules/scope';
import type { Network } from './network.ts';

export interface UplinkPolicy {
  /** A query over `net`, `iface`, `hour` (0 to 23) and `weekday` (mon to sun) of this machine. */
  readonly when: Scope;
  /** Of clips. */
  readonly bytesPerSecond?: number | undefined;
  /** All bytes in either direction count; clips and downloads wait once they are spent. */
  readonly bytesPerDay?: number | undefined;
  /** What goes beside rows; absent: all. A clip that an operator pulls counts as critical. */
  readonly traffic?: readonly Traffic[] | undefined;
}

export type Traffic = ClipClass | 'downloads';

/** What may go now. */
export interface Permit {
  /** Absent: clips of all classes. */
  readonly classes?: readonly ClipClass[] | undefined;
  readonly downloads: boolean;
  /** Why something has to wait; absent when nothing does. */
  readonly waits?: string | undefined;
}

export const wholePermit: Permit = { downloads: true };

export const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

export function policyFor(
  policies: readonly UplinkPolicy[],
  network: Network,
  now: Date,
): UplinkPolicy | undefined {
  const facts = {
    net: network.net,
    iface: network.iface,
    hour: now.getHours(),
    weekday: weekdays[now.getDay()] ?? '',
  };
  return policies.find(({ when }) => isInScope(when, facts));
}

/** Without a policy that fits, only rows go. */
export function permitOf(
  policy: UplinkPolicy | undefined,
  network: Network,
  spentBytes: number,
): Permit {
  const over = `over ${network.net}${network.iface === '' ? '' : ` (${network.iface})`}`;
  const none = { classes: [], downloads: false };
  if (policy === undefined) return { ...none, waits: `no policy is for clips ${over}` };
  const { bytesPerDay = Number.POSITIVE_INFINITY, traffic } = policy;
  // Less than this is no chunk.
  if (spentBytes > bytesPerDay - wireLimits.minChunkBytes) {
    return { ...none, waits: `the bytes of this day are spent ${over}` };
  }
  if (traffic === undefined) return wholePermit;
  const classes = traffic.filter((one) => one !== 'downloads');
  const downloads = traffic.includes('downloads');
  const only = traffic.length === 0 ? 'nothing but rows goes' : `only ${traffic.join(', ')} goes`;
  return { classes, downloads, waits: `${only} ${over}` };
}
