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
  readonly routes6: string;
}

const ofThisMachine: NetworkFiles = {
  interfaces: networkInterfaces,
  sys: '/sys/class/net',
  routes: '/proc/net/route',
  routes6: '/proc/net/ipv6_route',
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
  const iface = Object.entries(interfacesOf(files)).find(([, infos]) => has(infos))?.[0];
  if (iface === undefined) return unknownNetwork;
  const below = isTunnel(iface, files) ? defaultRoute(files) : undefined;
  const named = below ?? iface;
  return { net: kindOf(named, files), iface: named };
}

/** A service manager may forbid the question. */
function interfacesOf({ interfaces }: NetworkFiles): ReturnType<NetworkFiles['interfaces']> {
  try {
    return interfaces();
  } catch {
    return {};
  }
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

/** WireGuard has no link layer, as some modems have none; tun and tap say what they are. */
function isTunnel(iface: string, files: NetworkFiles): boolean {
  const { sys } = files;
  if (existsSync(join(sys, iface, 'tun_flags'))) return true;
  return isOfKind(iface, bareType, sys) && kindOf(iface, files) === 'other';
}

/** Of the default routes that are no tunnel, the one with the lowest metric, of IPv4 first. */
function defaultRoute(files: NetworkFiles): string | undefined {
  const four = rowsOf(files.routes).flatMap(([iface = '', to, , , , , metric]) =>
    to === '00000000' ? [{ iface, metric: Number(metric) }] : [],
  );
  const six = rowsOf(files.routes6).flatMap(([to, bits, , , , metric, , , , iface = '']) =>
    bits === '00' && /^0+$/.test(to ?? '') && iface !== 'lo'
      ? [{ iface, metric: Number.parseInt(metric ?? '', 16) }]
      : [],
  );
  const best = [four, six].flatMap((routes) =>
    routes.filter(({ iface }) => !isTunnel(iface, files)).toSorted((a, b) => a.metric - b.metric),
  );
  return best[0]?.iface;
}

const rowsOf = (path: string): readonly (readonly string[])[] =>
  textOf(path)
    .split('\n')
    .map((line) => line.trim().split(/\s+/));

/** '' where there is none: every machine has other files. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
