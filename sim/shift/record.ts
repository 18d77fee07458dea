/** Writes a shift into an MCAP file, an hour of log time in seconds: no picture is drawn. */
import { Fault, seededRandom } from '@fieldloop/core';
import type { Appendable } from '@fieldloop/recording';
import { limits } from '../limits.ts';
import { openRecorder } from '../mcap-file.ts';
import { defaultStartNs, type RecordSummary } from '../record.ts';
import { tickNs, ticks } from '../world/tick.ts';
import { openDrive } from './drive.ts';
import { shiftMessages } from './messages.ts';
import { shiftOutputs } from './outputs.ts';
import { isMishap, type MishapKind, shiftScript } from './script.ts';

export interface ShiftOptions {
  readonly seed: number | string;
  readonly seconds: number;
  readonly out: Appendable;
  readonly startNs?: bigint;
}

/** What truly happened from `atNs` to `untilNs`. */
export interface ShiftTruth {
  readonly kind: MishapKind;
  readonly atNs: bigint;
  readonly untilNs: bigint;
}

export interface ShiftSummary extends RecordSummary {
  readonly truth: readonly ShiftTruth[];
}

export async function recordShift(options: ShiftOptions): Promise<ShiftSummary> {
  const { out, seconds, startNs = defaultStartNs } = options;
  if (!(seconds > 0 && seconds <= limits.recordSeconds)) {
    throw new Fault('invalid', `a shift of ${seconds} s cannot be written`, {
      remedy: `Ask for more than 0 and at most ${limits.recordSeconds} seconds.`,
    });
  }
  const seed = String(options.seed);
  const script = shiftScript(seed, seconds);
  const random = seededRandom(`${seed}/noise`);
  const drive = openDrive(seed, script);
  const recorder = await openRecorder((bytes) => out.write(bytes), 'amr-01', shiftOutputs);
  let messages = 0;
  const last = ticks(seconds);
  while (drive.tick < last) {
    drive.step();
    const ns = startNs + BigInt(drive.tick) * tickNs;
    for (const message of shiftMessages({ drive, ns, random })) {
      await recorder.add(message);
      messages += 1;
    }
  }
  const bytes = await recorder.finish();
  await out.sync();
  const at = (s: number): bigint => startNs + BigInt(Math.round(s * 1e9));
  const truth = script.flatMap(({ kind, atS, untilS }): ShiftTruth[] =>
    isMishap(kind) ? [{ kind, atNs: at(atS), untilNs: at(untilS) }] : [],
  );
  return { messages, bytes, startNs, endNs: startNs + BigInt(last) * tickNs, truth };
}
