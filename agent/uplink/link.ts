/**
 * One MQTT connection as a port. `connect` resolves when the broker took the connection and every
 * subscription; from then on messages come in order until `ended` resolves.
 */
import type { ConnectionKind } from '@fieldloop/proto';

export interface Outgoing {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: 0 | 1;
  readonly retain?: boolean | undefined;
}

export interface Link {
  /**
   * QoS 0 resolves when the socket took all of it, QoS 1 when the broker acknowledged it, which
   * promises nothing. Rejects when the link ended first.
   */
  publish(message: Outgoing): Promise<void>;
  /** The address of this machine that it speaks from, where that is known. */
  readonly localAddress?: string | undefined;
  /** Resolves once, with the reason, whoever ended it. */
  readonly ended: Promise<string>;
  close(): Promise<void>;
}

export interface LinkWish {
  readonly kind: ConnectionKind;
  readonly subscribe: readonly string[];
  readonly will?: Outgoing | undefined;
  readonly onMessage: (topic: string, payload: Uint8Array) => void;
}

export interface LinkPort {
  /** Fault when the broker cannot be reached or refuses. */
  connect(wish: LinkWish, signal: AbortSignal): Promise<Link>;
}
