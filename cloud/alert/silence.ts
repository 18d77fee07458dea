/** A silence: for a time nobody is told of the alerts that it covers. Their lives go on. */
import type { Severity } from '@fieldloop/proto';

export interface Silence {
  readonly id: string;
  readonly reason: string;
  readonly policyId?: string;
  readonly deviceId?: string;
  readonly severity?: Severity;
  /** Over the fields of alerts. */
  readonly q?: string;
  readonly from: number;
  readonly until: number;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly version: number;
}

export type SilenceState = 'scheduled' | 'active' | 'expired';

export const silenceState = (
  silence: Pick<Silence, 'from' | 'until'>,
  now: number,
): SilenceState => {
  if (now < silence.from) return 'scheduled';
  return now < silence.until ? 'active' : 'expired';
};

/** Whether everything that the silence names is so of the alert; `q` is asked last. */
export function covers(
  silence: Pick<Silence, 'policyId' | 'deviceId' | 'severity' | 'q'>,
  alert: {
    readonly policyId: string;
    readonly deviceId: string | undefined;
    readonly severity: Severity;
  },
  meetsQ: () => boolean,
): boolean {
  const { policyId, deviceId, severity, q } = silence;
  if (policyId !== undefined && policyId !== alert.policyId) return false;
  if (deviceId !== undefined && deviceId !== alert.deviceId) return false;
  if (severity !== undefined && severity !== alert.severity) return false;
  return q === undefined || meetsQ();
}
