/** The one door to mqtt: MQTT 3.1.1 over TLS 1.3 with the device's certificate. */
import type { Socket } from 'node:net';
import { asFault, type Clock, Fault } from '@fieldloop/core';
import { clientIdOf, wireLimits } from '@fieldloop/proto';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { connectTimeoutMs, linkCloseMs } from '../limits.ts';
import type { Link, LinkPort, LinkWish, Outgoing } from './link.ts';

/** PEM, each. */
export interface Identity {
  readonly device: string;
  readonly key: string;
  readonly certificate: string;
  readonly chain: string;
  readonly ca: string;
}

/** `localAddress` is the address of this machine to speak from, where it has several. */
export function mqttLinks(
  brokerUrl: string,
  identity: Identity,
  clock: Clock,
  localAddress?: string,
): LinkPort {
  return {
    async connect(wish, signal) {
      signal.throwIfAborted();
      const client = mqtt.connect(brokerUrl, clientOptions(identity, wish, localAddress));
      // An error that nobody listens for would end the process; `closed` tells what happened.
      let reason = '';
      client.on('error', (error) => {
        reason ||= error.message;
      });
      let isTrusted = false;
      client.stream.once('secureConnect', () => {
        isTrusted = true;
      });
      const ended = new Promise<string>((resolve) => {
        client.once('close', () => resolve(reason || 'the connection closed'));
      });
      const abort = (): void => void client.end(true);
      signal.addEventListener('abort', abort, { once: true });
      try {
        await untilReady(client, wish, ended);
      } catch (error) {
        client.end(true);
        throw asLinkFault(brokerUrl, error, isTrusted);
      } finally {
        signal.removeEventListener('abort', abort);
      }
      client.on('message', wish.onMessage);
      return asLink(client, ended, clock);
    },
  };
}

/** The client hands what it does not know to `tls.connect`. */
type Options = IClientOptions & {
  readonly minVersion: 'TLSv1.3';
  readonly localAddress?: string;
};

function clientOptions(identity: Identity, wish: LinkWish, localAddress?: string): Options {
  const { will } = wish;
  return {
    clientId: clientIdOf(identity.device, wish.kind),
    protocolVersion: 4,
    clean: true,
    keepalive: wireLimits.keepaliveSeconds,
    connectTimeout: connectTimeoutMs,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    key: identity.key,
    cert: `${identity.certificate}\n${identity.chain}`,
    ca: identity.ca,
    minVersion: 'TLSv1.3',
    rejectUnauthorized: true,
    ...(localAddress === undefined ? {} : { localAddress }),
    ...(will === undefined
      ? {}
      : {
          will: {
            topic: will.topic,
            payload: Buffer.from(will.payload),
            qos: will.qos,
            retain: will.retain ?? false,
          },
        }),
  };
}

/** CONNACK, then SUBACK for every topic. */
async function untilReady(
  client: MqttClient,
  wish: LinkWish,
  ended: Promise<string>,
): Promise<void> {
  const connected = new Promise<void>((resolve) => client.once('connect', () => resolve()));
  const failed = ended.then((why) => {
    throw new Error(why);
  });
  await Promise.race([connected, failed]);
  if (wish.subscribe.length === 0) return;
  const granted = client.subscribeAsync([...wish.subscribe], { qos: 1 });
  const answers = await Promise.race([granted, failed]);
  const refused = answers.find((answer) => answer.qos === 128);
  if (refused === undefined) return;
  throw new Error(`the broker refused the subscription ${refused.topic}`);
}

function asLink(client: MqttClient, ended: Promise<string>, clock: Clock): Link {
  const lost = ended.then((why) => {
    throw new Fault('unavailable', why, { remedy: 'The uplink connects again by itself.' });
  });
  lost.catch(() => {});
  const { localAddress } = client.stream as Partial<Socket>;
  return {
    ended,
    localAddress,
    publish(message) {
      return Promise.race([publish(client, message), lost]);
    },
    async close() {
      client.end(false);
      await endOf(client, ended, clock);
    },
  };
}

/**
 * The client's graceful end waits for every PUBACK, which a broker that stalls or a link that is
 * half open never sends. A second `end` of the client does nothing, so its stream is destroyed.
 */
async function endOf(client: MqttClient, ended: Promise<string>, clock: Clock): Promise<void> {
  const waiting = new AbortController();
  const late = clock.sleep(linkCloseMs, waiting.signal).then(
    () => client.stream.destroy(),
    () => undefined,
  );
  await Promise.race([ended, late]);
  waiting.abort();
  await ended;
}

function publish(client: MqttClient, message: Outgoing): Promise<void> {
  const { topic, payload, qos, retain = false } = message;
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  return new Promise((resolve, reject) => {
    client.publish(topic, bytes, { qos, retain }, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}

/** A broker that closes after the handshake has looked at the certificate and said no. */
function asLinkFault(url: string, error: unknown, isTrusted: boolean): Fault {
  const { message } = asFault(error);
  const parts = { place: url, cause: error };
  if (isTrusted || /not authorized|identifier/i.test(message)) {
    return new Fault('forbidden', `the broker refused this device: ${message}`, {
      ...parts,
      remedy:
        'Look at the device in the cloud: one that is suspended can be resumed; one that is ' +
        'revoked stays so, and its robot enrols under a new name. ' +
        'A cloud that is just starting or stopping answers the same way.',
    });
  }
  if (/CERT|certificate|alert|self.signed|issuer/i.test(message)) {
    return new Fault('unauthenticated', `broker and device do not trust each other: ${message}`, {
      ...parts,
      remedy: 'Check the clock of this machine; if it is right, enrol the device again.',
    });
  }
  return new Fault('unavailable', `the broker cannot be reached: ${message}`, {
    ...parts,
    remedy: 'Check the network of this robot; the uplink tries again by itself.',
  });
}
