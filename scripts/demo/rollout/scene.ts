/** The processes of the demo, and the simulated people who steer it over the public API alone. */
import { appendFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type CloudProcess, type Running, startCloud, startProgram } from '@fieldloop/e2e';
import { openApi } from '../loop/api.ts';
import { openAccount, type Person } from '../loop/people.ts';
import { claimFolder, type SitePlan, writeProfile } from '../site.ts';

export interface Scene extends AsyncDisposable {
  readonly folder: string;
  /** Plans: nobody approves what they planned. */
  readonly engineer: Person;
  /** Two who approve, the second a release manager. */
  readonly approvers: readonly [Person, Person];
  /** Resolves with the first process that ended by itself. */
  readonly firstEnd: Promise<Running>;
}

export interface ScenePlan extends Pick<SitePlan, 'root' | 'folder' | 'step'> {
  readonly devices: number;
  readonly seed: number;
  /** Hours of a robot's life in an hour. */
  readonly speed: number;
}

const graceMs = 10_000;

export async function openScene(plan: ScenePlan): Promise<Scene> {
  const { root, folder, step } = plan;
  await claimFolder(folder);
  const processes: Running[] = [];
  const ended = Promise.withResolvers<Running>();
  const keep = (running: Running): void => {
    processes.push(running);
    void running.exited.then(() => ended.resolve(running));
    appendFileSync(join(folder, 'pids'), `${running.pid}\n`);
  };
  const stop = async (): Promise<void> => {
    // The fleet first, so that its last words find a cloud.
    for (const running of processes.toReversed()) await running.stop(graceMs);
    await rm(join(folder, 'pids'), { force: true });
  };
  try {
    const cloud = await step('cloud: API, broker, enrolment', () => startCloud(root, folder));
    keep(cloud.running);
    await writeProfile(root, cloud);
    const name = `${plan.devices} simulated robots: a key each, enrolled, on the real wire`;
    await step(name, async () => {
      const fleet = startFleet(plan, cloud);
      keep(fleet);
      await fleet.ready;
    });
    const api = openApi(cloud.urls.http, cloud.key);
    const person = async (who: string, role: 'engineer' | 'release_manager'): Promise<Person> =>
      await openAccount(cloud.urls.http, api, { name: who, role });
    const engineer = await person('Ines', 'engineer');
    const approvers = [await person('Jon', 'engineer'), await person('Mara', 'release_manager')];
    const [jon = engineer, mara = engineer] = approvers;
    return {
      folder,
      engineer,
      approvers: [jon, mara],
      firstEnd: ended.promise,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function startFleet({ root, folder, devices, seed, speed }: ScenePlan, cloud: CloudProcess) {
  const main = join(root, 'sim/fleet/main.ts');
  const where = ['--cloud', cloud.urls.http, '--folder', join(folder, 'fleet')];
  const what = ['--devices', String(devices), '--seed', String(seed), '--speed', String(speed)];
  return startProgram({
    name: 'fleet',
    args: [main, ...where, ...what],
    cwd: root,
    logFile: join(folder, 'fleet.log'),
    env: { FIELDLOOP_API_KEY: cloud.key },
  });
}
