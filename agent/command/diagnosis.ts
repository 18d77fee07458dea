/** What `diagnose` answers: one document that says how this robot is, cut to what the wire takes. */
import { statfs } from 'node:fs/promises';
import { arch, freemem, loadavg, platform, release, totalmem, uptime } from 'node:os';
import { canonicalJson, type Json } from '@fieldloop/core';
import { maxDiagnosisText } from '../limits.ts';
import { agentVersion } from '../version.ts';
import type { Answer } from './run.ts';

export interface DiagnosisDeps {
  /** Of the buffer. */
  readonly folder: string;
  readonly now: () => number;
  /** Without circles: it becomes JSON. */
  readonly status: () => unknown;
  /** Newest last. */
  readonly complaints: () => readonly unknown[];
}

export async function diagnose(deps: DiagnosisDeps): Promise<Answer> {
  const { bavail, bsize, blocks, ffree } = await statfs(deps.folder);
  const head = {
    versions: {
      agent: agentVersion,
      node: process.versions.node,
      platform: platform(),
      kernel: release(),
      arch: arch(),
    },
    machine: {
      uptimeS: Math.round(uptime()),
      load: loadavg().map((load) => Math.round(load * 100) / 100),
      memoryFreeBytes: freemem(),
      memoryBytes: totalmem(),
      agentRssBytes: process.memoryUsage.rss(),
    },
    disk: {
      freeBytes: bavail * bsize,
      bytes: blocks * bsize,
      freeInodes: ffree,
    },
    clock: { unixMs: deps.now(), timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone },
  };
  const status = JSON.parse(JSON.stringify(deps.status())) as Json;
  const faults = JSON.parse(JSON.stringify(deps.complaints())) as Json[];
  // The oldest complaint goes first, then the status as a whole: the machine is never left out.
  for (;;) {
    const answer = { ...head, status, faults };
    if (canonicalJson(answer).length <= maxDiagnosisText) return answer;
    if (faults.length === 0) return { ...head, faults: [], status: 'too long to be told' };
    faults.shift();
  }
}
