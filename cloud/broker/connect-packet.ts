/** The first packet of a connection (MQTT 3.1.1, section 3.1), read before any broker sees it. */
import { Fault } from '@fieldloop/core';
import { maxConnectBytes } from '../wire-limits.ts';

export interface ConnectPacket {
  readonly clientId: string;
  readonly cleanSession: boolean;
  readonly keepaliveS: number;
  readonly will?: { readonly topic: string; readonly qos: number; readonly retain: boolean };
  readonly hasUserName: boolean;
  /** Bytes that the packet takes. */
  readonly length: number;
  /** Where the two bytes of the keepalive stand in it. */
  readonly keepaliveAt: number;
}

/** Undefined while bytes are missing. Fault `invalid` for what cannot become a CONNECT. */
export function readConnect(bytes: Uint8Array): ConnectPacket | undefined {
  if (bytes.length > 0 && bytes[0] !== 0x10) throw wrong('the first packet is not CONNECT');
  const head = remainingLength(bytes);
  if (head === undefined) return undefined;
  const length = head.at + head.length;
  if (length > maxConnectBytes) throw wrong(`CONNECT is longer than ${maxConnectBytes} bytes`);
  if (bytes.length < length) return undefined;
  return parse(bytes.subarray(0, length), head.at);
}

/** The variable-length number after a packet's first byte; undefined while bytes are missing. */
function remainingLength(bytes: Uint8Array): { length: number; at: number } | undefined {
  let length = 0;
  for (let i = 1; i <= 4; i += 1) {
    const byte = bytes[i];
    if (byte === undefined) return undefined;
    length += (byte & 0x7f) * 128 ** (i - 1);
    if (byte < 0x80) return { length, at: i + 1 };
  }
  throw wrong('its length takes more than four bytes');
}

function parse(body: Uint8Array, start: number): ConnectPacket {
  let at = start;
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const need = (count: number): number => {
    if (at + count > body.length) throw wrong('CONNECT ends early');
    at += count;
    return at - count;
  };
  const text = (): string => {
    const size = view.getUint16(need(2));
    const start = need(size);
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(body.subarray(start, start + size));
    } catch (cause) {
      throw new Fault('invalid', 'a text in CONNECT is not UTF-8', {
        remedy: connectRemedy,
        cause,
      });
    }
  };
  if (text() !== 'MQTT') throw wrong('the protocol is not MQTT');
  if (view.getUint8(need(1)) !== 4) throw wrong('the protocol level is not 4 (MQTT 3.1.1)');
  const flags = view.getUint8(need(1));
  if ((flags & 1) !== 0) throw wrong('a reserved flag is set');
  const keepaliveAt = need(2);
  const keepaliveS = view.getUint16(keepaliveAt);
  const clientId = text();
  const hasWill = (flags & 0x04) !== 0;
  const will = hasWill
    ? { topic: text(), qos: (flags >> 3) & 3, retain: (flags & 0x20) !== 0 }
    : undefined;
  if (hasWill) need(view.getUint16(need(2)));
  const packet = {
    clientId,
    cleanSession: (flags & 0x02) !== 0,
    keepaliveS,
    hasUserName: (flags & 0xc0) !== 0,
    length: body.length,
    keepaliveAt,
  };
  return will === undefined ? packet : { ...packet, will };
}

const connectRemedy = 'Use MQTT 3.1.1 as fieldloop-agent does.';

function wrong(why: string): Fault {
  return new Fault('invalid', why, { remedy: connectRemedy });
}
