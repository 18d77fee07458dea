/** Which network of this machine a connection leaves by. Linux: /sys/class/net, /proc/net/route. */
import { existsSync, readFileSync } from 'node:fs';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { join } from 'node:path';

export const networkKinds = ['wifi', 'lte', 'ethernet', 'other'] as const;
export type NetworkKind = (typeof networkKinds)[number];

export interface Network {
  /** `lte`: any modem, of whatever generation. */
  readonly net: NetworkKind;
  /** '' when it is not known. */
  readonly iface: string;
}

export const unknownNetwork: Network = { net: 'other', iface: '' };

export interface NetworkFiles {
  readonly interfaces: () => NodeJS.Dict<NetworkInterfaceInfo[]>;
  readonly sys: string;
  readonly routes: string;
}

const ofThisMachine: NetworkFiles = {
  interfaces: networkInterfaces,
  sys: '/sys/class/net',
  routes: '/proc/net/route',
};

/**
 * The interface that has the local address of a connection. Of a tunnel the one below it: that of
 * the default route.
 */
export function networkOf(address: string | undefined, files = ofThisMachine): Network {
  const bare = address?.replace(/^::ffff:(?=\d+\.)/, '').replace(/%.*$/, '');
  if (bare === undefined) return unknownNetwork;
  const has = (infos: NetworkInterfaceInfo[] = []): boolean =>
    infos.some((one) => one.address === bare);
  const iface = Object.entries(files.interfaces()).find(([, infos]) => has(infos))?.[0];
  if (iface === undefined) return unknownNetwork;
  const below = isTunnel(iface, files) ? defaultRoute(files) : undefined;
  const named = below ?? iface;
  return { net: kindOf(named, files), iface: named };
}

function kindOf(iface: string, { sys }: NetworkFiles): NetworkKind {
  const folder = join(sys, iface);
  const device = /^DEVTYPE=(.*)$/m.exec(textOf(join(folder, 'uevent')))?.[1];
  if (device === 'wlan' || existsSync(join(folder, 'wireless'))) return 'wifi';
  if (device === 'wwan' || /^(?:wwan|ppp|rmnet)/.test(iface)) return 'lte';
  return isOfKind(iface, ethernetType, sys) && existsSync(join(folder, 'device'))
    ? 'ethernet'
    : 'other';
}

/** ARPHRD_ETHER and ARPHRD_NONE of Linux (if_arp.h). */
const ethernetType = '1';
const bareType = '65534';

const isOfKind = (iface: string, type: string, sys: string): boolean =>
  textOf(join(sys, iface, 'type')).trim() === type;

/** WireGuard has no link layer; tun and tap say what they are. */
const isTunnel = (iface: string, { sys }: NetworkFiles): boolean =>
  existsSync(join(sys, iface, 'tun_flags')) || isOfKind(iface, bareType, sys);

/** Of the default routes that are no tunnel, the one with the lowest metric. */
function defaultRoute(files: NetworkFiles): string | undefined {
  const routes = textOf(files.routes)
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([iface = '', to]) => to === '00000000' && !isTunnel(iface, files))
    .map(([iface = '', , , , , , metric]) => ({ iface, metric: Number(metric) }));
  return routes.toSorted((a, b) => a.metric - b.metric)[0]?.iface;
}

/** '' where there is none: every machine has other files. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
