/** What the cloud's settings say of everything that is sent out. */
import { deliveryTimeoutMs } from '../alert-limits.ts';
import { type AddressRules, type Resolve, systemResolve } from './address.ts';

export interface DeliveryOptions {
  /** Receivers with private and loopback addresses, and plain http, are allowed. */
  readonly allowPrivate?: boolean;
  readonly resolve?: Resolve;
  readonly timeoutMs?: number;
  /** Of this Fieldloop, for the User-Agent. */
  readonly version?: string;
  /** Authorities that mail servers may have besides the known ones. */
  readonly mailCa?: string;
}

export interface SendDeps {
  readonly rules: AddressRules;
  readonly now: () => number;
  readonly timeoutMs: number;
  readonly userAgent: string;
  readonly mailCa?: string | undefined;
}

export const sendDeps = (clock: { now(): number }, options: DeliveryOptions): SendDeps => ({
  rules: {
    allowPrivate: options.allowPrivate ?? false,
    resolve: options.resolve ?? systemResolve,
  },
  now: () => clock.now(),
  timeoutMs: options.timeoutMs ?? deliveryTimeoutMs,
  userAgent: `Fieldloop/${options.version ?? '0'}`,
  mailCa: options.mailCa,
});
