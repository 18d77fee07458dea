/**
 * Which addresses the cloud may send to. A receiver's URL is an input: without this check it could
 * make the cloud call services of its own network. Names are resolved here, once, and the
 * connection goes to the address that was checked, so that a second look-up cannot change it.
 */
import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { Fault } from '@fieldloop/core';

export interface Address {
  readonly address: string;
  readonly family: 4 | 6;
}

/** All addresses of a name. */
export type Resolve = (host: string) => Promise<readonly Address[]>;

export const systemResolve: Resolve = async (host) =>
  (await lookup(host, { all: true })).map(({ address, family }) => ({
    address,
    family: family === 6 ? 6 : 4,
  }));

/** Ranges that are not the public Internet (IANA special-purpose registries, RFC 6890). */
const closed4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const;

/** The last four hold an IPv4 address inside: mapped, translated, Teredo, 6to4. */
const closed6 = [
  ['::', 128],
  ['::1', 128],
  ['100::', 64],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
  ['2001:db8::', 32],
  ['::', 96],
  ['::ffff:0:0', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['2001::', 32],
  ['2002::', 16],
] as const;

/** Two lists: in one, the range of mapped addresses would stand for every IPv4 address too. */
const closed = { ipv4: new BlockList(), ipv6: new BlockList() };
for (const [net, bits] of closed4) closed.ipv4.addSubnet(net, bits, 'ipv4');
for (const [net, bits] of closed6) closed.ipv6.addSubnet(net, bits, 'ipv6');

/** Whether an address is of the public Internet. */
export function isPublic(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return false;
  const kind = family === 6 ? 'ipv6' : 'ipv4';
  return !closed[kind].check(address, kind);
}

export interface AddressRules {
  /** Private and loopback addresses too: for receivers on the same network. */
  readonly allowPrivate: boolean;
  readonly resolve: Resolve;
}

/**
 * The address to connect to. Faults: `unavailable` for a name without one, `forbidden` when one of
 * its addresses is not public.
 */
export async function addressOf(host: string, rules: AddressRules): Promise<Address> {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  const family = isIP(bare);
  const all: readonly Address[] =
    family === 0
      ? await resolved(bare, rules.resolve)
      : [{ address: bare, family: family === 6 ? 6 : 4 }];
  const refused = rules.allowPrivate ? undefined : all.find((one) => !isPublic(one.address));
  if (refused !== undefined) {
    throw new Fault('forbidden', `${bare} is ${refused.address}, which is not a public address`, {
      remedy: 'Use a public receiver, or allow private ones with webhooksAllowPrivate: true.',
    });
  }
  const [first] = all;
  if (first !== undefined) return first;
  throw unknownName(bare, undefined);
}

async function resolved(host: string, resolve: Resolve): Promise<readonly Address[]> {
  try {
    return await resolve(host);
  } catch (error) {
    throw unknownName(host, error);
  }
}

const unknownName = (host: string, cause: unknown): Fault =>
  new Fault('unavailable', `the name ${host} has no address`, {
    remedy: "Check the name, and the resolver of the cloud's machine.",
    cause,
  });
