/**
 * `npm run bench -- NAME [--json]`: measures one thing against a rival in the same run. Exit code
 * 1 when a bar is missed.
 */
import { asFault, faultLine } from '@fieldloop/core';
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

  annotation  the next of 100,000 tasks, and an answer with the next
  cloud   100,000 clips and 1,000,000 events on SQLite and PostgreSQL, against limits
  dataset a version of 100,000 items, twice: time, memory and the same id
  rules   recordings through reader, accessors and rules, against @mcap/core + rosmsg2
  triage  one window of 100,000 scored clips: draw, and gaps of the event loop
  upload  clips to the cloud's store, against an HTTP PUT of the same bytes
  workflows  steps a second with their history, decisions, 10,000 runs that wait

--json prints { name, machine, rows: [{ figure, unit, value, rival, ratio, bar, holds }] }.
`;

async function main(argv: readonly string[]): Promise<number> {
  const names = argv.filter((word) => !word.startsWith('-'));
  const [name = ''] = names;
  const open = Object.hasOwn(benches, name) ? benches[name] : undefined;
  const unknown = argv.filter((word) => word.startsWith('-') && word !== '--json');
  if (open === undefined || names.length !== 1 || unknown.length > 0) {
    process.stderr.write(usage);
    return argv.includes('--help') ? 0 : 2;
  }
  const bench = await open();
  const rows = await bench((text) => process.stderr.write(`${text}\n`));
  const report: Report = { name, machine: machineText(), rows };
  process.stdout.write(argv.includes('--json') ? `${JSON.stringify(report)}\n` : tableText(report));
  return rows.every((one) => one.holds) ? 0 : 1;
}

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
