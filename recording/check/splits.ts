/** A check of each file of a recording, and of what its `metadata.yaml` states of them. */
import { checkRecording, type CheckReport } from '../check.ts';
import type { SplitRecording } from '../splits.ts';
import type { Finding } from './findings.ts';

export async function checkSplits(recording: SplitRecording): Promise<CheckReport> {
  const reports: CheckReport[] = [];
  for (const split of recording.splits) {
    await using file = await split.open();
    reports.push(await checkRecording(file));
  }
  const sum = (of: (report: CheckReport) => number): number =>
    reports.reduce((total, report) => total + of(report), 0);
  const messages = sum((one) => one.messages);
  const errors = [...reports.flatMap((one) => one.errors), ...statedErrors(recording, messages)];
  return {
    name: recording.name,
    format: reports[0]?.format,
    clean: errors.length === 0,
    records: sum((one) => one.records),
    messages,
    chunks: sum((one) => one.chunks),
    errors,
    warnings: reports.flatMap((one) => one.warnings),
  };
}

function statedErrors(recording: SplitRecording, messages: number): Finding[] {
  const { name, missing, statedMessages } = recording;
  const lacking = missing.map(
    (place): Finding => ({
      place,
      message: 'metadata.yaml lists this file, and it is not there',
      remedy: 'Copy it beside the others.',
      count: 1,
    }),
  );
  if (statedMessages === undefined || statedMessages === messages) return lacking;
  const message = `metadata.yaml states ${statedMessages} messages, and the files hold ${messages}`;
  return [...lacking, { place: name, message, count: 1 }];
}
