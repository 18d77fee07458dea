/** `fieldloop devices`: the robots, whether they are there, and what runs on them. */
import { answer, type Schemas } from './client.ts';
import { Command } from './commander.ts';
import { deviceVerbs } from './device-verbs.ts';
import { deviceViews } from './device-views.ts';
import type { CliIo, Column, Show } from './io.ts';
import {
  type ApiOptions,
  apiOptions,
  clientOf,
  printList,
  printOne,
  type QueryOptions,
  queryOf,
  queryOptions,
} from './list.ts';
import { facts, showOf, timeColumn } from './show.ts';

type Device = Schemas['Device'];

interface DeviceListOptions extends QueryOptions {
  readonly state?: Device['state'];
  readonly site?: string;
  readonly online?: boolean;
}

export function devicesCommand(io: CliIo): Command {
  const devices = new Command('devices').description('The robots, and what runs on them.');
  queryOptions(devices.command('list').description('Devices in the order of their names.'))
    .option('--state <state>', 'enrolled, active, suspended, revoked, …')
    .option('--site <site>', 'at this site')
    .option('--online', 'that are connected now')
    .action(async (options: DeviceListOptions) => {
      const { state, site, online } = options;
      const query = { ...queryOf(options), state, site, online };
      await printList(options, io, {
        path: '/v1/devices',
        query,
        columns: deviceColumns,
        none: 'no devices match; `fieldloop tokens create` lets a robot enrol',
      });
    });
  apiOptions(devices.command('get <device>').description('One device, by name or id.')).action(
    async (id: string, options: ApiOptions) => {
      const client = clientOf(options, io);
      const device = await answer(client.GET('/v1/devices/{id}', { params: { path: { id } } }));
      printOne(device, options, io, () => deviceText(device, showOf(options)));
    },
  );
  deviceVerbs(devices, io, deviceText);
  deviceViews(devices, io);
  return devices;
}

export const deviceColumns: readonly Column<Device>[] = [
  { title: 'DEVICE', of: (device) => device.name },
  { title: 'STATE', of: (device) => device.state },
  { title: 'ONLINE', of: (device) => (device.presence.online ? 'yes' : 'no') },
  timeColumn('LAST SEEN', (device) => device.presence.lastSeen, 3),
  { title: 'SITE', of: (device) => device.site ?? '-', shrinks: true, drops: 2 },
  { title: 'FIRMWARE', of: firmwareText, shrinks: true },
  { title: 'MODELS', of: (device) => digestText(device, 'models') },
  { title: 'RULES', of: (device) => digestText(device, 'rules') },
  { title: 'ID', of: (device) => device.id, drops: 1 },
];

/** Its version, which people know it by; the digest stands in `devices get`. */
function firmwareText(device: Device): string {
  const document = device.running['firmware']?.document;
  const isNamed = typeof document === 'object' && document !== null && 'version' in document;
  return isNamed ? String(document.version) : digestText(device, 'firmware');
}

const digestText = (device: Device, section: string): string =>
  device.running[section]?.digest.slice(0, 12) ?? '-';

function deviceText(device: Device, show: Show): string {
  const { presence } = device;
  const sections = Object.entries(device.running).map(
    ([name, { digest, at, document }]) =>
      `\nrunning ${name}, reported ${show.time(at)}\n  digest ${digest}\n${documentText(document)}`,
  );
  return [
    facts([
      ['device', device.name],
      ['id', device.id],
      ['state', device.state],
      ['site', device.site],
      ['online', presence.online ? 'yes' : 'no'],
      ['since', presence.since === undefined ? undefined : show.time(presence.since)],
      ['last seen', show.time(presence.lastSeen)],
      ['enrolled', show.time(device.createdAt)],
      ['properties', propertiesText(device)],
      ['certificate', certificateText(device, show)],
    ]),
    ...sections,
    `\nnext: fieldloop clips list --device ${device.name}\n`,
  ].join('');
}

function propertiesText({ properties }: Device): string | undefined {
  const texts = Object.entries(properties).map(([name, value]) => `${name} ${String(value)}`);
  return texts.length === 0 ? undefined : texts.join(', ');
}

function certificateText({ certificate, name }: Device, show: Show): string | undefined {
  if (certificate === undefined) return undefined;
  const { fingerprint, notAfter } = certificate;
  const isOver = Date.parse(notAfter) < Date.now();
  const when = `${fingerprint.slice(0, 12)} ${isOver ? 'expired' : 'until'} ${show.time(notAfter)}`;
  if (!isOver) return when;
  return `${when}: the robot needs to enrol again, \`fieldloop tokens create --device ${name}\``;
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
