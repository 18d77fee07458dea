/** A robot's certificate as the history of enrolments shows it. */
export interface Enrolment {
  /** SHA-256 of the certificate. */
  readonly fingerprint: string;
  readonly device: string;
  readonly serial: string;
  readonly state: 'active' | 'superseded' | 'revoked' | 'expired';
  /** Unix milliseconds. */
  readonly issuedAt: number;
  readonly notAfter: number;
  readonly endedAt?: number;
}

/** A certificate whose time is over is expired, whatever else its row says of it. */
export function enrolmentState(state: string, notAfter: number, now: number): Enrolment['state'] {
  if (state === 'superseded' || state === 'revoked') return state;
  return notAfter <= now ? 'expired' : 'active';
}
