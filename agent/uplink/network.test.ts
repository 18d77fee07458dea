/**
 * Goal: a connection's network is the one its bytes leave by, whatever the machine calls it.
 * Method: folders as Linux has them in /sys and /proc, and this machine's own loopback.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { NetworkInterfaceInfo } from 'node:os';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { networkOf, type NetworkFiles } from './network.ts';

let folder = '';
let files: NetworkFiles;
const addresses: NodeJS.Dict<NetworkInterfaceInfo[]> = {};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fl-network-'));
  const [routes, routes6] = ['route', 'route6'].map((name) => join(folder, name));
  files = {
    interfaces: () => addresses,
    sys: folder,
    routes: routes ?? '',
    routes6: routes6 ?? '',
  };
  for (const name of Object.keys(addresses)) delete addresses[name];
});
afterEach(() => rmSync(folder, { recursive: true }));

function add(iface: string, address: string, inside: Readonly<Record<string, string>>): void {
  mkdirSync(join(folder, iface));
  for (const [name, text] of Object.entries(inside)) writeFileSync(join(folder, iface, name), text);
  addresses[iface] = [{ address } as NetworkInterfaceInfo];
}

test.each([
  ['wlan0', { uevent: 'DEVTYPE=wlan\nINTERFACE=wlan0\n', type: '1\n', device: '' }, 'wifi'],
  ['wlp3s0', { uevent: 'INTERFACE=wlp3s0\n', type: '1\n', wireless: '' }, 'wifi'],
  ['wwp0s20', { uevent: 'DEVTYPE=wwan\n', type: '1\n', device: '' }, 'lte'],
  // A modem in raw IP mode.
  ['wwan0', { uevent: 'DEVTYPE=wwan\n', type: '65534\n' }, 'lte'],
  ['ppp0', { type: '512\n' }, 'lte'],
  ['enp2s0', { uevent: 'INTERFACE=enp2s0\n', type: '1\n', device: '' }, 'ethernet'],
  ['docker0', { uevent: 'DEVTYPE=bridge\n', type: '1\n' }, 'other'],
])('%s with %j is %s', (iface, inside, net) => {
  add(iface, '10.0.0.7', inside);
  expect(networkOf('10.0.0.7', files)).toEqual({ net, iface });
  expect(networkOf('::ffff:10.0.0.7', files)).toEqual({ net, iface });
});

test.each([
  ['wg0', { type: '65534\n' }],
  ['tun0', { type: '65534\n', tun_flags: '0x1001\n' }],
])('of the tunnel %s the network is that of the default route below it', (iface, inside) => {
  add(iface, '10.9.0.2', inside);
  add('wlan0', '192.168.1.4', { uevent: 'DEVTYPE=wlan\n', type: '1\n' });
  add('wwan0', '100.64.0.9', { uevent: 'DEVTYPE=wwan\n', type: '65534\n' });
  expect(networkOf('10.9.0.2', files)).toEqual({ net: 'other', iface });
  const row = (name: string, to: string, metric: number): string =>
    `${name}\t${to}\t0101A8C0\t0003\t0\t0\t${metric}\t00000000\t0\t0\t0`;
  const head = 'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT';
  writeFileSync(
    files.routes,
    [
      head,
      row(iface, '00000000', 0),
      row('wwan0', '00000000', 700),
      row('wlan0', '00000000', 600),
      row('wlan0', '0001A8C0', 1),
    ].join('\n'),
  );
  expect(networkOf('10.9.0.2', files)).toEqual({ net: 'wifi', iface: 'wlan0' });
});

test('below a tunnel a modem with IPv6 alone is found, too', () => {
  add('wg0', 'fd00::2', { type: '65534\n' });
  add('wwan0', '2001:db8::9', { uevent: 'DEVTYPE=wwan\n', type: '65534\n' });
  const zero = '0'.repeat(32);
  const row = (to: string, bits: string, metric: string, name: string): string =>
    `${to} ${bits} ${zero} 00 ${zero} ${metric} 00000001 00000000 00450003 ${name}`;
  writeFileSync(
    files.routes6,
    [
      row('fe80'.padEnd(32, '0'), '40', '00000100', 'wwan0'),
      row(zero, '00', '00000400', 'wwan0'),
      row(zero, '00', '00000001', 'wg0'),
      row(zero, '00', 'ffffffff', 'lo'),
    ].join('\n'),
  );
  expect(networkOf('fd00::2', files)).toEqual({ net: 'lte', iface: 'wwan0' });
});

test('an address that no interface has, and none at all, is a network that is not known', () => {
  const unknown = { net: 'other', iface: '' };
  expect(networkOf('10.1.2.3', files)).toEqual(unknown);
  expect(networkOf(undefined, files)).toEqual(unknown);
});

test('a machine that does not tell its addresses is on a network that is not known', () => {
  const interfaces = (): never => {
    throw new Error('uv_interface_addresses returned Unknown system error 97');
  };
  expect(networkOf('10.1.2.3', { ...files, interfaces })).toEqual({ net: 'other', iface: '' });
});

test('the loopback of this machine', () => {
  expect(networkOf('127.0.0.1')).toEqual({ net: 'other', iface: 'lo' });
});
