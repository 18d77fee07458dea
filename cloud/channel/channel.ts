/** A channel: where alerts are told to people or to another program. */
export type ChannelKind = 'webhook' | 'mail' | 'slack';
export const channelKinds: readonly ChannelKind[] = ['webhook', 'mail', 'slack'];

/** What may be shown of a channel. */
export type ChannelConfig =
  | { readonly kind: 'webhook'; readonly url: string }
  | {
      readonly kind: 'mail';
      readonly host: string;
      readonly port: number;
      /** `starttls` refuses a server without it; `none` is for a relay on the same machine. */
      readonly security: 'starttls' | 'tls' | 'none';
      readonly username?: string | undefined;
      readonly from: string;
      readonly to: readonly string[];
    }
  | {
      readonly kind: 'slack';
      /** Of the URL; the rest of it is the secret. */
      readonly host: string;
    };

/** What is never shown: a signing key, a password, or a URL that is one. */
export interface ChannelSecret {
  readonly secret?: string | undefined;
  readonly password?: string | undefined;
  readonly url?: string | undefined;
}

export interface Channel {
  readonly id: string;
  readonly name: string;
  readonly enabled: boolean;
  readonly config: ChannelConfig;
  /** Since when nothing arrived. */
  readonly failingSince?: number;
  readonly lastOkAt?: number;
  readonly lastError?: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly version: number;
}
