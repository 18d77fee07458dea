/** A program of the simulated robots becomes a release that two people approve. */
import { sha256Hex } from '@fieldloop/core';
import { programFile, type ProgramPlan } from '@fieldloop/sim';
import type { Scene } from './scene.ts';

export const stack = 'sim-brain';
export const component = 'brain';

export interface Released {
  readonly version: string;
  /** Of the program's bytes: what robots must say that they run. */
  readonly sha256: string;
}

interface Shown {
  readonly id: string;
  readonly digest: string;
  readonly state: string;
}

/** Bytes of a program beside what it says: what a robot has to fetch. */
const ballast = 192 * 1024;

export async function releaseProgram(
  { engineer, approvers }: Scene,
  plan: Pick<ProgramPlan, 'version' | 'failuresPerHour'>,
  previous?: string,
): Promise<Released> {
  const { api } = engineer;
  const { version } = plan;
  const bytes = programFile({ ...plan, ballast });
  const sha256 = sha256Hex(bytes);
  const name = `${component}-${version}`;
  await api.upload(`/v1/artifacts?sha256=${sha256}&kind=sim&name=${name}`, bytes);
  const text = JSON.stringify({
    apiVersion: 'fieldloop.release/v1',
    kind: 'Release',
    name: stack,
    version,
    ...(previous === undefined ? {} : { previous: `${stack}@${previous}` }),
    order: [component],
    components: [
      {
        name: component,
        kind: 'sim',
        version,
        artifact: { path: `sim/${name}`, sha256, size: bytes.length },
        sim: { script: ['good'] },
      },
    ],
  });
  const made = await api.post<Shown>('/v1/releases', { text });
  const path = `/v1/releases/${made.id}`;
  await api.post(`${path}:evaluate`);
  const yes = { digest: made.digest, reason: 'simulated: nothing speaks against trying it' };
  for (const person of approvers) await person.api.post(`${path}:approve`, yes);
  await approvers[1].api.post(`${path}:release`);
  return { version, sha256 };
}
