/** Saves the rows of a rosbag2 database that can be read, as an MCAP with profile `ros2`. */
import type { Fault } from '@fieldloop/core';
import { messageAt } from '../clip/select.ts';
import { openClipWriter } from '../clip/writer.ts';
import { readDb3 } from '../db3/reader.ts';
import type { Appendable, Readable } from '../types.ts';
import type { RepairOptions } from './mcap.ts';
import { RepairLog, type RepairReport } from './report.ts';

/** Fault `corrupt` when not even the topics can be read. */
export async function repairDb3(
  readable: Readable,
  out: Appendable,
  options: RepairOptions,
): Promise<RepairReport> {
  const log = new RepairLog(readable.name);
  const { library, signal } = options;
  const writer = await openClipWriter(out, { profile: 'ros2', library });
  const skipped = (fault: Fault): void => {
    const offset = fault.details?.['offset'];
    const at = typeof offset === 'number' ? offset : 0;
    const what = fault.message.includes(': row ') ? 'row' : 'bytes';
    log.lose({ offset: at, bytes: 0, what, why: fault.message });
  };
  for await (const item of readDb3(readable, { salvage: true, skipped, signal })) {
    if (item.kind === 'channel') await writer.channel(item.channel);
    if (item.kind !== 'block') continue;
    for (let i = 0; i < item.block.count; i += 1) {
      const message = messageAt(item.block, i);
      await writer.message(message.channelId, message);
    }
    log.kept.messages += item.block.count;
  }
  const { messageCount, startNs, endNs } = await writer.finish();
  const range = messageCount === 0 ? {} : { startNs, endNs };
  return log.report({ format: 'db3', sizeBytes: readable.size ?? 0, ...range });
}
