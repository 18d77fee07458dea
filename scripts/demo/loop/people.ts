/**
 * Simulated people: each has an account and a key of their own and uses the public API alone. Who
 * answers tasks looks at the simulator's truth, and errs at a stated rate.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Fault } from '@fieldloop/core';
import { type Api, openApi } from './api.ts';

export type Role = 'annotator' | 'engineer' | 'release_manager';

export interface Person {
  readonly id: string;
  readonly name: string;
  readonly api: Api;
}

export interface Staff {
  readonly annotators: readonly Person[];
  /** Decides where annotators do not agree. */
  readonly senior: Person;
  /** Sets things up and plans rollouts. */
  readonly engineer: Person;
  readonly reviewer: Person;
  readonly manager: Person;
}

export const mistakeRate = 0.03;

/** Opens the accounts: an invitation, its link, a password, a login; as any person would. */
export async function hire(url: string, admin: Api): Promise<Staff> {
  const open = async (name: string, role: Role): Promise<Person> =>
    await openAccount(url, admin, { name, role });
  const names = ['Ada', 'Bao', 'Cem', 'Dina', 'Eda'];
  const annotators = [];
  for (const name of names) annotators.push(await open(name, 'annotator'));
  return {
    annotators,
    senior: await open('Sol', 'annotator'),
    engineer: await open('Ines', 'engineer'),
    reviewer: await open('Jon', 'engineer'),
    manager: await open('Mara', 'release_manager'),
  };
}

export async function openAccount(
  url: string,
  admin: Api,
  { name, role }: { readonly name: string; readonly role: Role },
): Promise<Person> {
  const email = `${name.toLowerCase()}@example.com`;
  const password = `simulated ${name} of the demo`;
  const made = await admin.post<{ id: string; link: { token: string } }>('/v1/users', {
    email,
    name,
    role,
  });
  const nobody = openApi(url);
  await nobody.post('/v1/links:redeem', { token: made.link.token, password });
  const login = await nobody.post<{ key?: string }>('/v1/login', {
    email,
    password,
    kind: 'token',
    name: 'demo',
  });
  if (login.key === undefined) {
    throw new Fault('unavailable', `${name} got no key`, { remedy: 'Look at the log.' });
  }
  return { id: made.id, name, api: openApi(url, login.key) };
}

interface Card {
  readonly id: string;
  readonly answers?: readonly unknown[];
}

export interface Answering {
  readonly signal: AbortSignal;
  /** What truly is there. */
  readonly seen: (task: string) => string;
  readonly classes: readonly string[];
  /** Between 0 and 1. */
  readonly chance: () => number;
}

export interface Answered {
  answers: number;
  mistakes: number;
}

/** Takes task after task until the signal; one who finds none asks again. */
export async function answerTasks(
  person: Person,
  { signal, seen, classes, chance }: Answering,
  count: Answered,
): Promise<void> {
  let held: readonly Card[] = [];
  while (!signal.aborted) {
    const [card] = held;
    if (card === undefined) {
      held = (await person.api.post<{ items: Card[] }>('/v1/tasks:next', { count: 1 })).items;
      if (held.length === 0) await delay(500, undefined, { signal }).catch(() => undefined);
      continue;
    }
    const truth = seen(card.id);
    const isMistake = chance() < mistakeRate;
    const others = classes.filter((name) => name !== truth);
    const said = isMistake ? others[Math.floor(chance() * others.length)] : truth;
    const path = `/v1/tasks/${card.id}:submit`;
    const body = { class: said ?? truth, seconds: 4, count: 1 };
    try {
      held = (await person.api.post<{ items: Card[] }>(path, body)).items;
      count.answers += 1;
      if (isMistake) count.mistakes += 1;
    } catch (error) {
      // Resolved by others in between: the next one.
      if (!(error instanceof Fault) || error.code !== 'conflict') throw error;
      held = [];
    }
  }
}

export interface Gate {
  readonly id: string;
  readonly kind: string;
  readonly question: string;
  readonly subject: { readonly id: string; readonly digest: string };
  readonly evidenceDigest: string;
}

/** Decides by the digest of what was read. False when somebody was faster, or it changed. */
export async function decideGate(
  person: Person,
  gate: Gate,
  { option, reason }: { readonly option: string; readonly reason: string },
): Promise<boolean> {
  try {
    const body = { option, reason: `simulated: ${reason}`, evidence: gate.evidenceDigest };
    await person.api.post(`/v1/gates/${gate.id}:decide`, body);
    return true;
  } catch (error) {
    if (error instanceof Fault && error.code === 'conflict') return false;
    throw error;
  }
}

export const openGates = async (person: Person): Promise<readonly Gate[]> =>
  (await person.api.get<{ items: Gate[] }>('/v1/gates?mine=true&limit=50')).items;
