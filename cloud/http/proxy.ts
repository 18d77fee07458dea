/**
 * Whose request it is when a TLS proxy stands in front: the address that the proxy names, believed
 * of listed proxies only. Limits, logins and the audit know a client by it.
 */
import { BlockList, isIP } from 'node:net';
import { Fault } from '@fieldloop/core';

export const proxyKeys = ['trustedProxies'] as const;

export interface ProxyConfig {
  /** Addresses and nets (`10.0.0.0/8`) whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
}

/** One setting, `127.0.0.1, 10.0.0.0/8`. Fault `invalid` for what is no address and no net. */
export function proxiesOf(
  settings: Partial<Record<(typeof proxyKeys)[number], string>>,
  placeOf: (key: (typeof proxyKeys)[number]) => string,
): ProxyConfig {
  const said = settings.trustedProxies ?? '';
  const trustedProxies = said
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
  const wrong = trustedProxies.find((one) => netOf(one) === undefined);
  if (wrong === undefined) return { trustedProxies };
  throw new Fault('invalid', `"${wrong.slice(0, 60)}" is neither an address nor a net`, {
    place: placeOf('trustedProxies'),
    remedy: 'List addresses of proxies with commas between: 127.0.0.1, 10.0.0.0/8, fd00::/8.',
  });
}

interface Net {
  readonly address: string;
  readonly kind: 'ipv4' | 'ipv6';
  readonly bits: number;
}

function netOf(text: string): Net | undefined {
  const [address = '', bits, ...more] = text.split('/');
  const family = isIP(address);
  if (family === 0 || more.length > 0) return undefined;
  const widest = family === 6 ? 128 : 32;
  const wide = bits === undefined ? widest : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
  if (wide < 0 || wide > widest) return undefined;
  return { address, kind: family === 6 ? 'ipv6' : 'ipv4', bits: wide };
}

/** `peer`: address of the connection's other end; `forwardedFor`: what X-Forwarded-For says. */
export type ClientAddress = (peer: string, forwardedFor: string | undefined) => string;

/**
 * The last address of the chain that is no trusted proxy: what stands before it, a client may have
 * made up. https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/X-Forwarded-For
 */
export function clientAddress({ trustedProxies }: ProxyConfig): ClientAddress {
  if (trustedProxies.length === 0) return (peer) => peer;
  const trusted = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const net of trustedProxies.flatMap((one) => netOf(one) ?? [])) {
    trusted[net.kind].addSubnet(net.address, net.bits, net.kind);
  }
  const isTrusted = (address: string): boolean => {
    const kind = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    return isIP(address) !== 0 && trusted[kind].check(address, kind);
  };
  return (peer, forwardedFor) => {
    let client = plain(peer);
    const chain = (forwardedFor ?? '').split(',').map((one) => plain(one.trim()));
    while (isTrusted(client)) {
      const before = chain.pop();
      if (before === undefined || isIP(before) === 0) break;
      client = before;
    }
    return client;
  };
}

/** An IPv4 address as itself, also when it came mapped into IPv6. */
const plain = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '');
