/** What each strategy labels: windows that the product draws, a policy a strategy. */
import type { Calls } from './calls.ts';
import { awaited } from './delay.ts';

export const strategies = ['entropy', 'badge', 'random'] as const;
export type Strategy = (typeof strategies)[number];

export interface Choice {
  readonly id: string;
  readonly unit: string;
  readonly lane: string;
  readonly propensity: number;
}

/** Seconds of one label: only their sum matters here. */
const labelSeconds = 6;

/**
 * The lane of each strategy, and the budget in shares of what the lane is to take. An audit is a
 * tenth of a budget at least: the lanes beside it get the rest.
 */
const plans = {
  entropy: { lane: 'capture', budget: 1 / 0.9, shares: { named: 0, audit: 0.1, capture: 1 } },
  badge: { lane: 'diversity', budget: 1 / 0.9, shares: { named: 0, audit: 0.1, capture: 0 } },
  random: { lane: 'audit', budget: 5, shares: { named: 0, audit: 0.2, capture: 1 } },
} as const;

interface Policy {
  readonly id: string;
  readonly version: number;
}

/** About `wanted` units of `model`, as the product's policy for this strategy drew them. */
export async function draw(
  calls: Calls,
  of: { readonly model: string; readonly strategy: Strategy; readonly wanted: number },
): Promise<readonly Choice[]> {
  const { model, strategy, wanted } = of;
  const { lane, budget, shares } = plans[strategy];
  const name = `${model}-${strategy}`;
  const made = await calls.post<Policy>('/v1/triage/policies', {
    name,
    model,
    auto: false,
    minUnits: 1,
    grain: 'frame',
    budget: { bytes: 2 ** 50, labelMinutes: (budget * wanted * labelSeconds) / 60 },
    labelSeconds,
    shares,
    diversity: 'badge',
    scorers: ['entropy'],
  });
  // The reference keeps near-equal rows, and so does this.
  await calls.patch(`/v1/triage/policies/${made.id}`, { duplicates: null }, made.version);
  const reason = `${strategy} of the bench`;
  const { id } = await calls.post<{ readonly id: string }>('/v1/triage/windows', {
    policy: name,
    reason,
  });
  await awaited(`the draw of ${name}`, async () => {
    const { state } = await calls.get<{ readonly state: string }>(`/v1/triage/windows/${id}`);
    return state === 'drawn' ? true : undefined;
  });
  return await calls.all<Choice>(`/v1/triage/ledger?window=${id}&lane=${lane}`);
}
