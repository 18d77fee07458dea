/** `recording check`: every record, every checksum, every index against its content. */
import { checkBag } from './check/bag.ts';
import { checkDb3 } from './check/db3.ts';
import { type Checked, type Finding, Findings } from './check/findings.ts';
import { checkMcap } from './check/mcap.ts';
import type { ReadOptions } from './options.ts';
import { formatOf } from './read.ts';
import type { Readable, RecordingFormat } from './types.ts';

export type { Finding } from './check/findings.ts';

export interface CheckReport {
  readonly name: string;
  readonly format: RecordingFormat | undefined;
  /** No error; warnings may be there. */
  readonly clean: boolean;
  readonly records: number;
  readonly messages: number;
  readonly chunks: number;
  readonly errors: readonly Finding[];
  readonly warnings: readonly Finding[];
}

const checks = { mcap: checkMcap, rosbag1: checkBag, db3: checkDb3 } as const;

/** Never throws for what is wrong with the recording: that is the report. */
export async function checkRecording(
  readable: Readable,
  options: ReadOptions = {},
): Promise<CheckReport> {
  const { name } = readable;
  let format: RecordingFormat | undefined;
  let check: Checked;
  try {
    format = options.format ?? (await formatOf(readable));
    check = await checks[format](readable, options);
  } catch (error) {
    const findings = new Findings(name);
    findings.damage(error);
    check = { findings, records: 0, messages: 0n, chunks: 0 };
  }
  const { errors, warnings } = check.findings;
  return {
    name,
    format,
    clean: errors.length === 0,
    records: check.records,
    messages: Number(check.messages),
    chunks: check.chunks,
    errors,
    warnings,
  };
}
