import { didYouMean, Fault, nearest } from '@fieldloop/core';

/**
 * Numbers that the cloud knows of the fleet without a robot telling them. Every other name of a
 * metric is a series of the devices' telemetry, such as `disk.free`.
 */
export interface FleetSignal {
  readonly name: string;
  /** Whose number it is: of each device, or of the whole fleet. */
  readonly of: 'device' | 'fleet';
  readonly unit: string;
  /** Whether it is counted over the condition's window; otherwise it is how things are now. */
  readonly windowed: boolean;
  readonly doc: string;
}

const signal = (
  of: FleetSignal['of'],
  name: string,
  rest: Pick<FleetSignal, 'unit' | 'doc'> & { readonly windowed?: true },
): FleetSignal => ({ windowed: false, ...rest, name, of });

export const fleetSignals: readonly FleetSignal[] = [
  signal('device', 'device.offline', {
    unit: 's',
    doc: 'How long the device has been without a connection; 0 while it has one.',
  }),
  signal('device', 'device.silent', {
    unit: 's',
    doc: 'How long ago the last row or chunk of the device arrived; since it was made known when none did.',
  }),
  signal('device', 'certificate.days_left', {
    unit: 'd',
    doc: 'Days until the active certificate of the device ends.',
  }),
  signal('device', 'clips.rate', {
    unit: '/h',
    windowed: true,
    doc: 'Clips of the device that arrived in the window, an hour.',
  }),
  signal('device', 'events.rate', {
    unit: '/h',
    windowed: true,
    doc: 'Events and markers of the device that arrived in the window, an hour.',
  }),
  signal('device', 'ingest.lost', {
    unit: 'rows',
    windowed: true,
    doc: 'Rows that the device said in the window it will never send.',
  }),
  signal('fleet', 'devices.total', {
    unit: '',
    doc: 'Devices that may connect.',
  }),
  signal('fleet', 'devices.online', {
    unit: '',
    doc: 'Devices with a connection.',
  }),
  signal('fleet', 'devices.offline', {
    unit: '',
    doc: 'Devices that may connect and have no connection.',
  }),
  signal('fleet', 'ingest.refused', {
    unit: '',
    windowed: true,
    doc: 'Connections, enrolments and rows that the cloud refused in the window.',
  }),
  signal('fleet', 'storage.used', {
    unit: 'B',
    doc: 'Bytes of all objects that the cloud keeps.',
  }),
  signal('fleet', 'storage.free', {
    unit: 'B',
    doc: "Free bytes of the disk that holds the cloud's objects.",
  }),
  signal('fleet', 'webhooks.failing', {
    unit: '',
    doc: 'Webhooks and channels whose last message did not arrive.',
  }),
  signal('fleet', 'gates.oldest', {
    unit: 's',
    doc: 'How long the gate that waits longest has waited for a decision; 0 while none does.',
  }),
  signal('fleet', 'gates.overdue', {
    unit: '',
    doc: 'Open gates whose time is over.',
  }),
  signal('fleet', 'runs.troubled', {
    unit: '',
    doc: 'Runs of workflows that are parked, stuck or blocked: each needs a person.',
  }),
  signal('fleet', 'outbox.rate', {
    unit: '/h',
    windowed: true,
    doc: 'Things that happened in the window, an hour.',
  }),
];

export const fleetSignal = (name: string): FleetSignal | undefined =>
  fleetSignals.find((one) => one.name === name);

/** Series that agents send; rules, topics and scorers have their own besides. */
export const knownSeries: readonly { readonly name: string; readonly doc: string }[] = [
  { name: 'agent.rss', doc: 'Bytes of memory of the agent.' },
  { name: 'agent.cpu', doc: 'Share of one core that the agent used.' },
  {
    name: 'agent.gap_p99_ms',
    doc: "How long 99 of 100 gaps of the agent's main loop took at most.",
  },
  { name: 'agent.shed_steps', doc: 'Steps that the agent gives up because the machine is short.' },
  { name: 'machine.temperature', doc: 'Degrees Celsius, where a sensor is configured.' },
  { name: 'machine.battery', doc: 'Charge from 0 to 1, where a battery is configured.' },
  { name: 'disk.free', doc: "Free bytes of the disk of the agent's buffer." },
  { name: 'buffer.bytes', doc: 'Bytes in the buffer of the agent.' },
  { name: 'buffer.clips', doc: 'Clips in the buffer of the agent.' },
  {
    name: 'buffer.clips.<state>',
    doc: 'Of them those that are sealed, offered, uploading or refused.',
  },
  { name: 'buffer.<class>.bytes', doc: 'Bytes of clips of a class in the buffer.' },
  { name: 'buffer.evicted', doc: 'Clips that went for lack of room in the minute.' },
  { name: 'uplink.rate', doc: 'Bytes of clips sent, a second.' },
  { name: 'uplink.backlog_s', doc: 'Age of the oldest clip that waits to be sent, in seconds.' },
  { name: 'uplink.backlog_clips', doc: 'Clips that wait to be sent.' },
  { name: 'uplink.backlog_rows', doc: 'Rows that wait to be sent.' },
  { name: 'uplink.reconnects', doc: 'Connections to the cloud that ended in the minute.' },
  { name: 'uplink.held', doc: '1 while policies of the network keep clips back, else 0.' },
  { name: 'uplink.spent', doc: 'Bytes of the day that the policy of its network has used.' },
  {
    name: 'clock.offset_ms',
    doc: "How far the robot's clock is ahead of the cloud's, in milliseconds.",
  },
  { name: 'source.lag_ms', doc: 'How far behind the newest message the agent reads.' },
  {
    name: 'source.clock_offset_ms',
    doc: "How far log times are behind the robot's clock, in milliseconds.",
  },
  { name: 'source.reconnects', doc: 'Connections of sources that ended in the minute.' },
  { name: 'topic.<topic>.hz', doc: 'Messages a second of a topic.' },
  { name: 'topic.<topic>.bytes', doc: 'Bytes a second of a topic.' },
  { name: 'score.<scorer>.p50_ms', doc: 'How long half of the scores took at most.' },
  { name: 'score.<scorer>.p99_ms', doc: 'How long 99 of 100 scores took at most.' },
  { name: 'score.skipped', doc: 'Frames that no model scored in the minute because it was busy.' },
  { name: 'score.faults', doc: 'Frames without a score in the minute.' },
  { name: 'score.unfed', doc: 'Frames of the minute for which an input of the model was missing.' },
  { name: 'window.seconds', doc: 'Seconds of log time that the window holds.' },
  { name: 'dropped.<reason>', doc: 'Messages that were not looked at in the minute.' },
  { name: 'rules.evaluations', doc: 'How often a rule was looked at in the minute.' },
  { name: 'rules.unknown', doc: 'Looks at a rule whose signals were not known.' },
  { name: 'rules.decode_faults', doc: 'Values that could not be decoded in the minute.' },
  { name: 'rules.suppressed', doc: 'Triggers of the minute that became no clip of their own.' },
  { name: 'rules.suppressed.<reason>', doc: 'Of them those with this reason.' },
  { name: 'rules.<rule>.fired', doc: 'How often a rule fired in the minute.' },
  {
    name: 'rules.<rule>.unknown',
    doc: 'Of the looks at a rule in the minute, the share whose signals were not known.',
  },
];

/** `disk.` and `free`. */
const parted = (name: string): readonly [head: string, tail: string] => {
  const dot = name.indexOf('.') + 1;
  return [name.slice(0, dot), name.slice(dot)];
};

/** What the names of all series of our agents begin with. */
const seriesHeads: ReadonlySet<string> = new Set(knownSeries.map(({ name }) => parted(name)[0]));
const plainNames: readonly string[] = [...fleetSignals, ...knownSeries]
  .map(({ name }) => name)
  .filter((name) => !name.includes('<'));
/** `^rules\.suppressed\..+$` */
const openNames: readonly RegExp[] = knownSeries
  .filter(({ name }) => name.includes('<'))
  .map(({ name }) => new RegExp(`^${name.replaceAll('.', '\\.').replaceAll(/<\w+>/g, '.+')}$`));

/** Fault `invalid` for a metric that is no signal and that no agent would send. */
export function demandSeriesName(metric: string): void {
  if (plainNames.includes(metric) || openNames.some((open) => open.test(metric))) return;
  const [head, tail] = parted(metric);
  const siblings = plainNames.map(parted).filter((known) => known[0] === head);
  // A newer agent may send more of its own numbers, but hardly one that is a slip of a known name.
  const slip = nearest(
    tail,
    siblings.map((known) => known[1]),
  );
  if (seriesHeads.has(head) && tail !== '' && slip === undefined) return;
  const hint = didYouMean(metric, slip === undefined ? plainNames : [head + slip]);
  throw new Fault('invalid', `there is no signal or series "${metric}" so far.${hint}`, {
    place: '/body/condition/metric',
    remedy:
      'Use a name that `fieldloop policies signals` lists, or a series that a robot has sent.',
  });
}
