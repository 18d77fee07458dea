/**
 * `npm run bench -- NAME [--json]`: measures one thing against a rival in the same run. Exit code
 * 1 when a bar is missed.
 */
import { parseArgs } from 'node:util';
import { asFault, faultLine } from '@fieldloop/core';
import { agentBench, agentParts } from './agent.ts';
import type { FlywheelOptions } from './flywheel.ts';
import { type Bench, machineText, type Report, tableText } from './report.ts';

const benches: Readonly<Record<string, () => Promise<Bench>>> = {
  annotation: async () => (await import('./annotation.ts')).annotationBench,
  cloud: async () => (await import('./cloud.ts')).cloudBench,
  dataset: async () => (await import('./dataset.ts')).datasetBench,
  rules: async () => (await import('./rules.ts')).rulesBench,
  triage: async () => (await import('./triage.ts')).triageBench,
  upload: async () => (await import('./upload.ts')).uploadBench,
  workflows: async () => (await import('./workflows.ts')).workflowsBench,
};

const usage = `usage: npm run bench -- NAME [--json]
       npm run bench -- agent [--only PART] [--json]
       npm run bench -- flywheel [--json] [--data FILE (--label COLUMN | --windows)] [--seeds N]

  agent   the robot's program against its bars; parts: ${agentParts.join(', ')}
  annotation  the next of 100,000 tasks, and an answer with the next
  cloud   100,000 clips and 1,000,000 events on SQLite and PostgreSQL, against limits
  flywheel  recorded robot data through agents, triage, labels, trainer and rollout (ten minutes)
  dataset a version of 100,000 items, twice: time, memory and the same id
  rules   recordings through reader, accessors and rules, against @mcap/core + rosmsg2
  triage  one window of 100,000 scored clips: draw, and gaps of the event loop
  upload  clips to the cloud's store, against an HTTP PUT of the same bytes
  workflows  steps a second with their history, decisions, 10,000 runs that wait

--json prints { name, machine, rows: [{ figure, unit, value, rival, ratio, bar, holds }] }.
`;

const options = {
  json: { type: 'boolean' },
  help: { type: 'boolean' },
  only: { type: 'string' },
  data: { type: 'string' },
  label: { type: 'string' },
  windows: { type: 'boolean' },
  seeds: { type: 'string' },
} as const;

async function main(args: readonly string[]): Promise<number> {
  const given = readArgs(args);
  const [name = ''] = given?.positionals ?? [];
  const wanted = given?.values;
  const open = wanted === undefined ? undefined : benchOf(name, wanted);
  if (wanted?.help === true || open === undefined || given?.positionals.length !== 1) {
    process.stderr.write(usage);
    return wanted?.help === true ? 0 : 2;
  }
  const bench = await open();
  const rows = await bench((text) => process.stderr.write(`${text}\n`));
  const report: Report = { name, machine: machineText(), rows };
  process.stdout.write(wanted?.json === true ? `${JSON.stringify(report)}\n` : tableText(report));
  return rows.every((one) => one.holds) ? 0 : 1;
}

/** Undefined for words that are no option. */
function readArgs(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch {
    return undefined;
  }
}

type Given = NonNullable<ReturnType<typeof readArgs>>['values'];

/** Undefined for what does not fit together; without any of them, the options of no bench. */
function flywheelOf(given: Given): FlywheelOptions | undefined {
  const { data, label, windows, seeds } = given;
  const count = seeds === undefined ? undefined : Number(seeds);
  const isCount = count === undefined || (Number.isInteger(count) && count > 0 && count <= 100);
  // One way to read the labels of a file, and none without a file.
  const ways = Number(label !== undefined) + Number(windows === true);
  return isCount && ways === Number(data !== undefined)
    ? { data, label, windows, seeds: count }
    : undefined;
}

/** Undefined for a bench that does not exist, and for options that are another's. */
function benchOf(name: string, given: Given) {
  const { only } = given;
  const flywheel = flywheelOf(given);
  if (flywheel === undefined || (only !== undefined && name !== 'agent')) return undefined;
  if (name === 'flywheel') return openFlywheel(flywheel);
  const isPlain = Object.values(flywheel).every((one) => one === undefined);
  if (!isPlain) return undefined;
  if (name !== 'agent') return Object.hasOwn(benches, name) ? benches[name] : undefined;
  const isKnown = only === undefined || agentParts.includes(only);
  return isKnown ? () => Promise.resolve(agentBench(only)) : undefined;
}

const openFlywheel = (given: FlywheelOptions) => async (): Promise<Bench> => {
  const { flywheelBench } = await import('./flywheel.ts');
  return async (progress) => await flywheelBench(given, progress);
};

// Ending by `exit` lets the processes of a bench end with it.
process.on('SIGINT', () => process.exit(130));
process.on('SIGTERM', () => process.exit(143));

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const fault = asFault(error);
  process.stderr.write(`${faultLine(fault)}\n`);
  if (fault.code === 'internal' && fault.cause instanceof Error) console.error(fault.cause.stack);
  process.exitCode = 1;
}
