/** `fieldloop devices`: the robots, whether they are there, and what runs on them. */
import type { DeviceJson } from '@fieldloop/cloud';
import { Command } from './commander.ts';
import type { CliIo, Column } from './io.ts';
import {
  type ApiOptions,
  apiOptions,
  clientOf,
  facts,
  type ListOptions,
  listOptions,
  localTime,
  printList,
  printOne,
} from './list.ts';

interface DeviceListOptions extends ListOptions {
  readonly state?: string;
  readonly site?: string;
  readonly online?: boolean;
}

export function devicesCommand(io: CliIo): Command {
  const devices = new Command('devices').description('The robots, and what runs on them.');
  listOptions(devices.command('list').description('Devices in the order of their names.'))
    .option('--state <state>', 'enrolled, active, suspended, revoked, …')
    .option('--site <site>', 'at this site')
    .option('--online', 'that are connected now')
    .action(async (options: DeviceListOptions) => {
      const client = clientOf(options, io);
      const { state, site, online } = options;
      await printList(options, io, {
        fetch: async (query) => await client.devices(query),
        query: { state, site, online: online === true ? 'true' : undefined },
        columns,
        none: 'no devices match; `fieldloop tokens create` lets a robot enrol',
      });
    });
  apiOptions(devices.command('get <device>').description('One device, by name or id.')).action(
    async (id: string, options: ApiOptions) => {
      const device = await clientOf(options, io).device(id);
      printOne(device, options, io, () => deviceText(device));
    },
  );
  apiOptions(
    devices
      .command('revoke <device>')
      .description('Take a device its right to connect; what it sent stays.'),
  ).action(async (id: string, options: ApiOptions) => {
    const device = await clientOf(options, io).revokeDevice(id);
    printOne(device, options, io, () => deviceText(device));
  });
  return devices;
}

const columns: readonly Column<DeviceJson>[] = [
  { title: 'DEVICE', of: (device) => device.name },
  { title: 'STATE', of: (device) => device.state },
  { title: 'ONLINE', of: (device) => (device.presence.online ? 'yes' : 'no') },
  { title: 'LAST SEEN', of: (device) => localTime(device.presence.lastSeen), drops: 3 },
  { title: 'SITE', of: (device) => device.site ?? '-', shrinks: true, drops: 2 },
  { title: 'FIRMWARE', of: firmwareText, shrinks: true },
  { title: 'MODELS', of: (device) => digestText(device, 'models') },
  { title: 'RULES', of: (device) => digestText(device, 'rules') },
  { title: 'ID', of: (device) => device.id, drops: 1 },
];

/** Its version, which people know it by; the digest stands in `devices get`. */
function firmwareText(device: DeviceJson): string {
  const document = device.running['firmware']?.document;
  const isNamed = typeof document === 'object' && document !== null && 'version' in document;
  return isNamed ? String(document.version) : digestText(device, 'firmware');
}

const digestText = (device: DeviceJson, section: string): string =>
  device.running[section]?.digest.slice(0, 12) ?? '-';

function deviceText(device: DeviceJson): string {
  const { presence } = device;
  const sections = Object.entries(device.running).map(
    ([name, { digest, at, document }]) =>
      `\nrunning ${name}, reported ${localTime(at)}\n  digest ${digest}\n${documentText(document)}`,
  );
  return [
    facts([
      ['device', device.name],
      ['id', device.id],
      ['state', device.state],
      ['site', device.site],
      ['online', presence.online ? 'yes' : 'no'],
      ['since', presence.since === undefined ? undefined : localTime(presence.since)],
      ['last seen', localTime(presence.lastSeen)],
      ['enrolled', localTime(device.createdAt)],
    ]),
    ...sections,
    `\nnext: fieldloop clips list --device ${device.name}\n`,
  ].join('');
}

function documentText(document: unknown): string {
  if (typeof document !== 'object' || document === null) return '';
  return Object.entries(document)
    .filter(([name, value]) => name !== 'digest' && JSON.stringify(value) !== '{}')
    .map(
      ([name, value]) => `  ${name} ${typeof value === 'string' ? value : JSON.stringify(value)}\n`,
    )
    .join('');
}
