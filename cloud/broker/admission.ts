/** Who may pass the gate: decisions on a certificate and a CONNECT, without I/O. */
import type { X509Certificate } from 'node:crypto';
import { Fault } from '@fieldloop/core';
import {
  type ConnectionKind,
  connectionKindOf,
  deviceNamePattern,
  upTopic,
} from '@fieldloop/proto';
import { keepaliveRangeS } from '../wire-limits.ts';
import type { ConnectPacket } from './connect-packet.ts';

const clientPurpose = '1.3.6.1.5.5.7.3.2';

/** The device that a certificate names. TLS checked its chain; dates and purpose are ours. */
export function deviceOf(certificate: X509Certificate, now: number): string {
  const [, device] =
    /^URI:urn:fieldloop:device:([^,]+)$/.exec(certificate.subjectAltName ?? '') ?? [];
  if (device === undefined || !deviceNamePattern.test(device)) {
    throw refusal('the certificate names no device');
  }
  if (!certificate.keyUsage?.includes(clientPurpose)) {
    throw refusal('the certificate is not for clients');
  }
  // A resumed session is authorized by TLS even when its certificate has expired meanwhile.
  if (Date.parse(certificate.validTo) <= now) throw refusal('the certificate has expired');
  if (Date.parse(certificate.validFrom) > now) throw refusal('the certificate is not valid yet');
  return device;
}

/** The connection that a CONNECT asks for; everything in it but the keepalive is fixed. */
export function admitConnect(device: string, packet: ConnectPacket): ConnectionKind {
  const kind = connectionKindOf(device, packet.clientId);
  if (kind === undefined) throw refusal(`the client id is not one of ${device}`);
  if (!packet.cleanSession) throw refusal('the session is not clean');
  if (packet.hasUserName) throw refusal('there is a user name; the certificate is the identity');
  const { least, most } = keepaliveRangeS;
  if (packet.keepaliveS < least || packet.keepaliveS > most) {
    throw refusal(`the keepalive is not from ${least} to ${most} s`);
  }
  const { will } = packet;
  if (kind === 'bulk' && will !== undefined) throw refusal('a bulk connection has no will');
  const isStatus = will?.topic === upTopic(device, 'status') && will.qos === 1 && will.retain;
  if (kind === 'control' && !isStatus) throw refusal('the will is not the status of the device');
  return kind;
}

/** `answer` is what a device whose certificate is ours hears before its connection closes. */
export function refusal(why: string, answer?: Buffer): Fault {
  return new Fault('forbidden', why, {
    remedy: 'Enrol the device again, or update its agent; see the audit of this cloud.',
    ...(answer === undefined ? {} : { details: { answer } }),
  });
}

/** CONNACK with return code 5 (MQTT 3.1.1, 3.2.2.3). */
export const notAuthorized = Buffer.from([0x20, 2, 0, 5]);
