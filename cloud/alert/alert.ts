/** An alert: a policy's condition that holds for one group, from its first sign to its end. */
import type { Severity } from '@fieldloop/proto';

export type AlertState = 'pending' | 'firing' | 'acknowledged' | 'resolved';
export const alertStates: readonly AlertState[] = ['pending', 'firing', 'acknowledged', 'resolved'];

/** What the life of an alert depends on. Times are Unix milliseconds. */
export interface AlertLife {
  readonly state: AlertState;
  /** False once the engine need not look at it any more. */
  readonly tracked: boolean;
  readonly pendingAt: number;
  readonly firedAt?: number | undefined;
  readonly acknowledgedAt?: number | undefined;
  readonly acknowledgedBy?: string | undefined;
  readonly resolvedAt?: number | undefined;
  /** Who resolved it; absent when it resolved by itself. */
  readonly resolvedBy?: string | undefined;
  /** Of the silence that keeps it quiet. */
  readonly silencedBy?: string | undefined;
  readonly firstNotifiedAt?: number | undefined;
  readonly notifiedAt?: number | undefined;
  readonly escalatedAt?: number | undefined;
  /** Whether people were told that it is over, or need not be. */
  readonly resolveTold: boolean;
  readonly flaps: number;
}

export interface Alert extends AlertLife {
  readonly id: string;
  readonly policy: { readonly id: string; readonly name: string };
  /** Within the policy: a device's id, a site, a rule, or nothing. */
  readonly group: string;
  /** Name of the device it is about. */
  readonly device?: string | undefined;
  readonly deviceId?: string | undefined;
  readonly site?: string | undefined;
  readonly rule?: string | undefined;
  readonly severity: Severity;
  readonly value?: number | undefined;
  readonly threshold?: number | undefined;
  /** One line: what is wrong, where. */
  readonly summary: string;
  readonly note?: string | undefined;
  readonly assignee?: string | undefined;
  readonly entries: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly version: number;
}

export type EntryKind =
  | 'pending'
  | 'fired'
  | 'fired_again'
  | 'notified'
  | 'escalated'
  | 'silenced'
  | 'unsilenced'
  | 'acknowledged'
  | 'assigned'
  | 'resolved';

/** One line of an alert's timeline. */
export interface Entry {
  readonly at: number;
  readonly kind: EntryKind;
  /** Who did it; absent for the engine. */
  readonly by?: string | undefined;
  readonly note?: string | undefined;
  readonly detail?: Readonly<Record<string, string | number | readonly string[]>> | undefined;
}
