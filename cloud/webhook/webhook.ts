/** A webhook: every outbox row of some kinds is sent to a URL, signed. */
export type WebhookState = 'enabled' | 'paused' | 'disabled';
/** `disabled` is what the cloud does after days of failure; `paused` is what a person does. */
export const webhookStates: readonly WebhookState[] = ['enabled', 'paused', 'disabled'];

export interface Webhook {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  /** Globs over the kinds of outbox rows, such as `clip.*`. */
  readonly kinds: readonly string[];
  readonly state: WebhookState;
  readonly disabledWhy?: string;
  /** Since when nothing arrived. */
  readonly failingSince?: number;
  readonly lastOkAt?: number;
  readonly lastError?: string;
  /** The old secret signs too until then. */
  readonly oldSecretUntil?: number;
  /** Outbox rows up to this one have become deliveries. */
  readonly cursor: bigint;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly version: number;
}

/** `clip.stored`, `clip.*`, `*`. */
export const kindGlobPattern = /^(?:\*|[a-zA-Z]{1,40}\.(?:\*|[a-zA-Z_]{1,60}))$/;

export const secretOf = (bytes: Uint8Array): string =>
  `whsec_${Buffer.from(bytes).toString('base64url')}`;
