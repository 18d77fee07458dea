/** Names on the wire: devices, client ids, topics, and who may use them. */

/** A device's name: what its certificate says and what its topics are under. */
export const deviceNamePattern = /^[a-z0-9][a-z0-9-]{2,39}$/;

/** Two connections a device: control is always up, bulk while bytes move. */
export type ConnectionKind = 'control' | 'bulk';

export function clientIdOf(device: string, kind: ConnectionKind): string {
  return kind === 'control' ? device : `${device}#b`;
}

/** The kind of connection that a client id names, when it is one of this device's two. */
export function connectionKindOf(device: string, clientId: string): ConnectionKind | undefined {
  if (clientId === device) return 'control';
  return clientId === `${device}#b` ? 'bulk' : undefined;
}

export type UpMessage =
  | 'status'
  | 'events'
  | 'manifest'
  | 'reported'
  | 'transfer'
  | 'telemetry'
  | 'chunk';
export type DownMessage = 'stored' | 'transfer' | 'desired' | 'command' | 'chunk';

interface UpRule {
  readonly connection: ConnectionKind;
  readonly qos: 0 | 1;
  readonly retain: boolean;
}

const up: Readonly<Record<UpMessage, UpRule & { readonly tail: string }>> = {
  status: { tail: 'up/st', connection: 'control', qos: 1, retain: true },
  events: { tail: 'up/ev', connection: 'control', qos: 1, retain: false },
  manifest: { tail: 'up/mf', connection: 'control', qos: 1, retain: false },
  reported: { tail: 'up/rp', connection: 'control', qos: 1, retain: false },
  transfer: { tail: 'up/tx', connection: 'control', qos: 1, retain: false },
  telemetry: { tail: 'up/tl', connection: 'control', qos: 0, retain: false },
  chunk: { tail: 'up/b', connection: 'bulk', qos: 0, retain: false },
};

const down: Readonly<
  Record<
    DownMessage,
    { readonly tail: string; readonly connection: ConnectionKind; readonly qos: 0 | 1 }
  >
> = {
  stored: { tail: 'dn/ak', connection: 'control', qos: 0 },
  transfer: { tail: 'dn/tx', connection: 'control', qos: 0 },
  desired: { tail: 'dn/ds', connection: 'control', qos: 1 },
  command: { tail: 'dn/cm', connection: 'control', qos: 1 },
  chunk: { tail: 'dn/b', connection: 'bulk', qos: 0 },
};

/** Slot of the broker that runs inside the cloud. */
export const embeddedSlot = '0';
const slotPattern = /^[a-z0-9-]{1,32}$/;

const base = (device: string): string => `fl/1/d/${device}/`;

export function upTopic(device: string, message: Exclude<UpMessage, 'chunk'>): string {
  return `${base(device)}${up[message].tail}`;
}

export function chunkTopic(device: string, slot: string): string {
  return `${base(device)}up/b/${slot}`;
}

export function downTopic(device: string, message: DownMessage): string {
  return `${base(device)}${down[message].tail}`;
}

/** With what promise of the broker a message goes down. */
export function downQos(message: DownMessage): 0 | 1 {
  return down[message].qos;
}

/** What a device subscribes to on one of its connections. */
export function downTopics(device: string, kind: ConnectionKind): readonly string[] {
  return (Object.keys(down) as DownMessage[])
    .filter((message) => down[message].connection === kind)
    .map((message) => downTopic(device, message));
}

/** Which message of this device a topic carries, or undefined when it may not publish there. */
export function upMessageOf(device: string, topic: string): UpMessage | undefined {
  const prefix = base(device);
  if (!topic.startsWith(prefix)) return undefined;
  const tail = topic.slice(prefix.length);
  if (tail.startsWith('up/b/')) return slotPattern.test(tail.slice(5)) ? 'chunk' : undefined;
  return (Object.keys(up) as UpMessage[]).find((message) => up[message].tail === tail);
}

export interface Publish {
  readonly topic: string;
  readonly qos: number;
  readonly retain: boolean;
}

/** The message when the publish is one that this connection may make, else undefined. */
export function admitPublish(
  device: string,
  kind: ConnectionKind,
  publish: Publish,
): UpMessage | undefined {
  const message = upMessageOf(device, publish.topic);
  if (message === undefined) return undefined;
  const rule = up[message];
  const fits =
    rule.connection === kind && rule.qos === publish.qos && rule.retain === publish.retain;
  return fits ? message : undefined;
}

/** True for the literal down topics of this connection; a wildcard is never one. */
export function admitSubscribe(device: string, kind: ConnectionKind, filter: string): boolean {
  return downTopics(device, kind).includes(filter);
}
