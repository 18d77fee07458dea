/** Walks every row of a rosbag2 database: its tree, its messages, their topics and definitions. */
import type { ReadOptions } from '../options.ts';
import { readDb3 } from '../db3/reader.ts';
import type { MessageBlock, Readable } from '../types.ts';
import { type Checked, Findings } from './findings.ts';
import { MessageTally } from './messages.ts';

export async function checkDb3(readable: Readable, options: ReadOptions): Promise<Checked> {
  const findings = new Findings(readable.name);
  const tally = new MessageTally(findings);
  let records = 0;
  findings.warn('db3 files carry no checksums: a flipped bit in a message is not seen', 0);
  const skipped = (fault: unknown): void => findings.damage(fault);
  try {
    for await (const item of readDb3(readable, { ...options, salvage: true, skipped })) {
      records += item.kind === 'block' ? item.block.count : 1;
      if (item.kind === 'block') add(tally, item.block);
      if (item.kind !== 'channel' || (item.channel.schema?.encoding ?? '') !== '') continue;
      const { topic, schema } = item.channel;
      findings.warn(`${topic} (${schema?.name}) has no definition: its fields cannot be read`, 0);
    }
  } catch (error) {
    findings.damage(error);
  }
  return { findings, records, messages: tally.count, chunks: 0 };
}

function add(tally: MessageTally, block: MessageBlock): void {
  for (let i = 0; i < block.count; i += 1) {
    const ns = block.baseNs + BigInt(block.timesNs[i] ?? 0);
    tally.add(block.channelIds[i] ?? 0, 0, ns, block.offset);
  }
}
