/** The first and last word of a connection: which boot speaks, and which rows it holds. */
import { encodeStatus, fleetFeature, upTopic } from '@fieldloop/proto';
import { unknownClock } from '../clip/clock.ts';
import type { Outgoing } from './link.ts';
import type { UplinkOptions } from './uplink-types.ts';

export interface Presence {
  readonly bootId: string;
  readonly conn: number;
  readonly online: boolean;
}

/** Retained, so that who asks later hears it, too. */
export function statusMessage(options: UplinkOptions, { conn, ...presence }: Presence): Outgoing {
  const { identity, buffer, clock, agent = 'fieldloop-agent', clockState, wishes } = options;
  const payload = encodeStatus({
    ...presence,
    conn: BigInt(conn),
    agent,
    features: wishes === undefined ? 0n : fleetFeature,
    lanes: buffer.rows.ranges().map((range) => ({
      lane: range.lane,
      origin: range.origin,
      lowest: BigInt(range.lowest),
      highest: BigInt(range.highest),
    })),
    clock: { unixMs: clock.now(), ...(clockState?.() ?? unknownClock) },
  });
  return { topic: upTopic(identity.device, 'status'), payload, qos: 1, retain: true };
}
