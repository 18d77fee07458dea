/**
 * The one door to aedes, the broker inside the cloud. Who a client is comes from the gate alone.
 * Nothing subscribes to what devices publish: `authorizePublish` is ingest, and its callback, which
 * is what lets the PUBACK go, is called after the commit and in the order of arrival.
 */
import type { Duplex } from 'node:stream';
import { asFault, type Log } from '@fieldloop/core';
import { Aedes, type AedesOptions, type AedesPublishPacket, type Client } from 'aedes';
import {
  admitPublish,
  admitSubscribe,
  type ConnectionKind,
  type DownMessage,
  downQos,
  downTopic,
  type UpMessage,
} from '@fieldloop/proto';
import { drainTimeoutMs } from '../wire-limits.ts';

/** What the gate says of a connection. */
export interface Identity {
  readonly device: string;
  readonly kind: ConnectionKind;
  readonly remote: string;
}

export interface BrokerDeps<Who extends Identity> {
  readonly log: Log;
  /** Ends when the message may be acknowledged; a Fault closes the connection. */
  onPublish(who: Who, message: UpMessage, payload: Uint8Array): Promise<void>;
  onRefused(refusal: {
    readonly action: 'acl.refused' | 'wire.violation';
    readonly reason: string;
    readonly remote: string;
    readonly device: string;
  }): void;
}

export interface Broker<Who extends Identity> extends AsyncDisposable {
  /** Serves an admitted connection; the bytes of CONNECT come first. */
  accept(who: Who, stream: Duplex): void;
  /** Lost when the device is not there: it asks again, or is sent it again when it comes. */
  publish(device: string, message: DownMessage, payload: Uint8Array): void;
}

type Handler<K extends keyof AedesOptions> = NonNullable<AedesOptions[K]>;

export async function openBroker<Who extends Identity>(
  deps: BrokerDeps<Who>,
): Promise<Broker<Who>> {
  const identities = new WeakMap<object, Who>();
  const whoIs = (client: Client | null): Who | undefined =>
    client === null ? undefined : identities.get(client.conn);
  const inOrder = openTurns(deps.log);

  const authorizePublish: Handler<'authorizePublish'> = (client, packet, callback) => {
    const who = whoIs(client);
    if (client === null || who === undefined) {
      callback(new Error('nobody of this broker'));
      return;
    }
    const message = admitPublish(who.device, who.kind, packet);
    if (message === undefined) {
      const { qos } = packet;
      const how = packet.retain ? `QoS ${qos}, retained` : `QoS ${qos}`;
      callback(refuse(who, `may not publish to ${packet.topic} with ${how}`));
      return;
    }
    const work = take(who, message, bytesOf(packet.payload));
    inOrder(client.conn, work, callback);
  };

  /** Undefined when it may be acknowledged, else why the connection closes. */
  async function take(
    who: Who,
    message: UpMessage,
    payload: Uint8Array,
  ): Promise<Error | undefined> {
    try {
      await deps.onPublish(who, message, payload);
      return undefined;
    } catch (error) {
      const fault = asFault(error);
      const { device, remote } = who;
      if (fault.code === 'invalid') {
        const reason = `${message}: ${fault.message}`;
        deps.onRefused({ action: 'wire.violation', reason, remote, device });
      } else {
        const phrase = 'a message was not stored';
        const fields = { device, message, code: fault.code, reason: fault.message, error };
        if (fault.code === 'internal') deps.log.error(phrase, fields);
        else deps.log.warn(phrase, fields);
      }
      return fault;
    }
  }

  function refuse(who: Who, reason: string): Error {
    const { device, remote } = who;
    deps.onRefused({ action: 'acl.refused', reason, remote, device });
    return new Error(reason);
  }

  const broker = await Aedes.createBroker({
    concurrency: 1000,
    drainTimeout: drainTimeoutMs,
    maxClientsIdLength: 64,
    maxTopicLevels: 16,
    preConnect: (client, _packet, callback) => callback(null, whoIs(client) !== undefined),
    authenticate: (client, _name, _password, callback) =>
      callback(null, whoIs(client) !== undefined),
    authorizePublish,
    authorizeSubscribe: (client, subscription, callback) => {
      const who = whoIs(client);
      const { topic } = subscription;
      if (who === undefined || !admitSubscribe(who.device, who.kind, topic)) {
        const reason = `may not subscribe to ${topic}`;
        callback(who === undefined ? new Error(reason) : refuse(who, reason));
        return;
      }
      callback(null, subscription);
    },
    authorizeForward: (client, packet) => {
      const who = whoIs(client);
      return who !== undefined && admitSubscribe(who.device, who.kind, packet.topic)
        ? packet
        : null;
    },
  });
  const note = (client: Client, error: Error): void =>
    deps.log.debug('a connection ended with an error', {
      device: whoIs(client)?.device,
      reason: error.message,
    });
  broker.on('clientError', note);
  broker.on('connectionError', note);

  return {
    accept(who, stream) {
      identities.set(stream, who);
      broker.handle(stream);
    },
    publish(device, message, payload) {
      const topic = downTopic(device, message);
      const qos = downQos(message);
      const packet = { cmd: 'publish', qos, retain: false, dup: false, topic } as const;
      broker.publish({ ...packet, payload: Buffer.from(payload) }, () => undefined);
    },
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => {
        broker.close(resolve);
      });
    },
  };
}

/** Calls back in the order in which work of one connection began, whenever each part ends. */
function openTurns(log: Log) {
  const tails = new WeakMap<object, Promise<void>>();
  const turn = async (
    before: Promise<void>,
    work: Promise<Error | undefined>,
    callback: (error?: Error | null) => void,
  ): Promise<void> => {
    await before;
    try {
      callback((await work) ?? null);
    } catch (error) {
      log.error('the broker failed', { error });
    }
  };
  return (
    connection: object,
    work: Promise<Error | undefined>,
    callback: (error?: Error | null) => void,
  ): void => {
    tails.set(connection, turn(tails.get(connection) ?? Promise.resolve(), work, callback));
  };
}

function bytesOf(payload: AedesPublishPacket['payload']): Uint8Array {
  return typeof payload === 'string' ? Buffer.from(payload) : payload;
}
