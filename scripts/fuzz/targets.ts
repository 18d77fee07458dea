/** What can be fuzzed: one line a target, each loaded only when it is asked for. */
import type { fuzzApi } from '@fieldloop/cloud/fuzz';
import type { FuzzTarget } from '@fieldloop/core/fuzz';

interface Entry {
  readonly about: string;
  /** Unless told otherwise. */
  readonly inputs: number;
  readonly load: () => Promise<FuzzTarget>;
}

export type TargetName = keyof typeof targets;

export const targets = {
  api: {
    about: 'every operation of the API by its own document: no 500, none outside the document',
    inputs: 20_000,
    load: async () => apiTarget((await import('@fieldloop/cloud/fuzz')).fuzzApi),
  },
  recordings: {
    about: 'MCAP, bags, db3 and clips through every reader, check and repair: values or Faults',
    inputs: 250_000,
    load: async () => (await import('@fieldloop/recording/fuzz')).fuzzRecordings,
  },
  schemas: {
    about: 'definitions, descriptors, paths and messages: values or Faults, never a neighbour',
    inputs: 300_000,
    load: async () => (await import('@fieldloop/recording/fuzz')).fuzzSchemas,
  },
  rules: {
    about: 'rule sets and expressions: problems with places, or rules that run and restart',
    inputs: 250_000,
    load: async () => (await import('@fieldloop/rules/fuzz')).fuzzRules,
  },
  config: {
    about: 'agent.yaml, pushed rule sets, bytes of the wire, local requests: taken or refused',
    inputs: 250_000,
    load: async () => (await import('@fieldloop/agent/fuzz')).fuzzConfig,
  },
} satisfies Readonly<Record<string, Entry>>;

/** The API tells of answers by status and of the operations that were reached. */
function apiTarget(ask: typeof fuzzApi): FuzzTarget {
  return async ({ seed, inputs, onProgress }) => {
    const report = await ask({
      seed,
      requests: inputs,
      ...(onProgress === undefined ? {} : { onProgress }),
    });
    const { statuses, reached, operations, failures } = report;
    const counts = Object.entries(statuses).map(([status, count]) => `${status} ${count} times`);
    return {
      inputs: report.requests,
      lines: [
        `${reached.length} of ${operations} operations answered with success`,
        `answers: ${counts.join(', ')}`,
      ],
      failures,
    };
  };
}
