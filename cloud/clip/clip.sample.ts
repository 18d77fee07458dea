/** Manifests for tests: like a robot's, small, and different by their number. */
import { sha256Hex } from '@fieldloop/core';
import type { ClipManifest, Severity } from '@fieldloop/proto';

/** The n-th UUIDv7 of a fixed time. */
export const sampleUuid = (n: number): string =>
  `01900000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;

export const sampleStartNs = 1_717_171_717_000_000_000n;

export interface SampleOptions {
  readonly device?: string;
  readonly severity?: Severity;
  readonly rule?: string;
  readonly tags?: readonly string[];
  readonly scores?: Readonly<Record<string, number>>;
  readonly sha256?: string;
  readonly sizeBytes?: number;
  readonly startNs?: bigint;
}

/** Clip `n` starts n seconds after the sample's start and lasts five. */
export function sampleManifest(n: number, options: SampleOptions = {}): ClipManifest {
  const start = options.startNs ?? sampleStartNs + BigInt(n) * 1_000_000_000n;
  const severity = options.severity ?? 'warning';
  return {
    schema: 'fieldloop.clip/v1',
    clipId: sampleUuid(n),
    sessionId: sampleUuid(0xffff),
    device: options.device ?? 'amr-01',
    source: 'sim',
    startNs: String(start),
    endNs: String(start + 5_000_000_000n),
    severity,
    class: severity,
    tags: [...(options.tags ?? ['demo'])],
    markers: [
      {
        rule: options.rule ?? 'near-miss',
        ruleSet: 'amr',
        version: 3,
        ruleSetDigest: sha256Hex('rules'),
        severity,
        why: 'something came close while the robot moved',
        atNs: String(start + 3_000_000_000n),
        expression: 'min_range < 0.4 && vx > 0.2',
        values: { min_range: 0.31, vx: 0.52 },
      },
    ],
    topics: [
      { topic: '/odom', schema: 'nav_msgs/msg/Odometry', count: 250 },
      { topic: '/scan', schema: 'sensor_msgs/msg/LaserScan', count: 50 },
    ],
    messageCount: 300,
    scores: { ...(options.scores ?? { 'classifier.entropy': 0.25 }) },
    models: { classifier: sha256Hex('model') },
    agentVersion: '0.1.0',
    preTruncated: false,
    sha256: options.sha256 ?? sha256Hex(`clip ${n}`),
    sizeBytes: options.sizeBytes ?? 4096,
  };
}
