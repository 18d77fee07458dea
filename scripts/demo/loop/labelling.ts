/** A window is drawn within its budget, its tasks are answered, and consensus makes labels. */
import { join } from 'node:path';
import { Fault, seededRandom } from '@fieldloop/core';
import { until } from './api.ts';
import { answerTasks, type Answered, type Answering, type Staff } from './people.ts';
import { classes, labels, policy } from './prepare.ts';
import type { Stage } from './stage.ts';
import { readTruth } from './truth.ts';

interface Window {
  readonly id: string;
  readonly state: string;
  readonly units: number;
  readonly result?: {
    readonly lanes: Readonly<Record<string, { readonly units: number }>>;
    readonly notes: readonly string[];
  };
}

interface Task {
  readonly id: string;
  readonly device: string;
  readonly startNs: string;
  readonly state: string;
  readonly people: number;
}

const drawMs = 60_000;
const answerMs = 300_000;
const tellMs = 10_000;

export async function labelWindow(at: Stage, staff: Staff): Promise<void> {
  const { stage, say, signal } = at;
  const { api } = staff.engineer;
  stage(`Triage: what is worth the time of people, ${labels} labels at most`);
  const frozen = await api.post<Window>('/v1/triage/windows', { policy, reason: 'the demo' });
  const drawn = await until('the draw', { signal, withinMs: drawMs }, async () => {
    const window = await api.get<Window>(`/v1/triage/windows/${frozen.id}`);
    return window.state === 'drawn' ? window : undefined;
  });
  const lanes = Object.entries(drawn.result?.lanes ?? {}).map(
    ([lane, { units }]) => `${lane} ${units}`,
  );
  say(`  ${drawn.id}: of ${drawn.units} frames ${lanes.join(', ')}`);
  for (const note of drawn.result?.notes ?? []) say(`  ${note}`);
  stage('Annotation: people answer, consensus decides; nobody sees what others said');
  let before = 0;
  const steady = { signal, withinMs: drawMs, everyMs: 2_500 };
  // A moment that was chosen twice opens one task: they are there when no more come.
  const asked = await until('its tasks', steady, async () => {
    const tasks = await api.all<Task>('/v1/tasks');
    if (tasks.length > 0 && tasks.length === before) return tasks;
    before = tasks.length;
    return undefined;
  });
  await answered(at, staff, asked);
}

async function answered(at: Stage, staff: Staff, tasks: readonly Task[]): Promise<void> {
  const { stage: _, say, signal, site, seed } = at;
  const { api } = staff.engineer;
  const truth = await readTruth(join(site.folder, 'truth.ndjson'));
  const known = new Map(tasks.map((task) => [task.id, task]));
  const devices = await api.all<{ id: string; name: string }>('/v1/devices');
  const nameOf = (device: string): string =>
    devices.find(({ id }) => id === device)?.name ?? device;
  const stopping = new AbortController();
  const random = seededRandom(`people ${seed}`);
  const answering: Answering = {
    signal: AbortSignal.any([signal, stopping.signal]),
    classes,
    chance: () => random.next(),
    seen(id) {
      const task = known.get(id);
      const found = task && truth.at(nameOf(task.device), BigInt(task.startNs));
      if (found !== undefined) return found.ahead;
      throw new Fault('internal', `the truth of ${id} is not known`, { remedy: 'Report it.' });
    },
  };
  const count: Answered = { answers: 0, mistakes: 0 };
  const working = staff.annotators.map(async (one) => await answerTasks(one, answering, count));
  const over = ['resolved', 'void'];
  let senior: Promise<void> | undefined;
  let toldAt = performance.now();
  try {
    await Promise.race([
      Promise.all(working),
      until('an answer to every task', { signal, withinMs: answerMs }, async () => {
        const now = await api.all<Task>('/v1/tasks');
        const open = now.filter(({ state }) => !over.includes(state));
        if (performance.now() - toldAt > tellMs || open.length === 0) {
          toldAt = performance.now();
          say(`  ${count.answers} answers, ${now.length - open.length} of ${now.length} resolved`);
        }
        const disputed = open.filter(({ state }) => state === 'adjudication');
        if (disputed.length > 0 && disputed.length === open.length && senior === undefined) {
          say(`  Sol decides ${disputed.length} on which they do not agree`);
          senior = decide(staff, answering, count);
          senior.catch(() => undefined);
        }
        return open.length === 0 ? true : undefined;
      }),
    ]);
  } finally {
    stopping.abort();
  }
  await Promise.all([...working, senior]);
  say(`  of ${count.answers} answers ${count.mistakes} were mistakes made on purpose`);
}

/** Whoever is to decide is known once they asked for a task; an engineer makes them senior. */
async function decide(staff: Staff, answering: Answering, count: Answered): Promise<void> {
  const { senior, engineer } = staff;
  await senior.api.post('/v1/tasks:next', { count: 0 });
  await engineer.api.patch(`/v1/annotators/${senior.id}`, { senior: true }, 1);
  await answerTasks(senior, answering, count);
}
