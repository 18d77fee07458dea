/**
 * The crew of models that score the same frames beside those that act, and only count. It is
 * loaded and tried out like any other, and nothing waits for it.
 */
import type { ModelFault } from '@fieldloop/proto';
import type { ShadowWays } from './models-types.ts';
import type { ModelPlace } from './score/protocol.ts';
import { type Crew, type CrewDeps, openCrew, trialFault, untilReady } from './scoring-crew.ts';

export interface ShadowModels {
  readonly crew: Crew | undefined;
  ways(): ShadowWays;
  /** These models and no others from now on; why they cannot be, when they cannot. */
  use(places: readonly ModelPlace[]): Promise<ModelFault | undefined>;
  stop(): Promise<void>;
}

export interface ShadowDeps extends CrewDeps {
  readonly signal: AbortSignal;
  readonly onWays: (ways: ShadowWays) => void;
  /** The thread died too often. */
  readonly onGaveUp: (fault: ModelFault) => void;
}

const nowhere: ShadowWays = { port: undefined, models: [] };

export function openShadowModels(deps: ShadowDeps): ShadowModels {
  let live: { readonly key: string; readonly crew: Crew } | undefined;
  const ways = (): ShadowWays =>
    live === undefined ? nowhere : { port: live.crew.port(), models: live.crew.models };

  const end = async (): Promise<void> => {
    const crew = live?.crew;
    live = undefined;
    if (crew === undefined) return;
    deps.onWays(nowhere);
    await crew.stop();
  };

  const open = (places: readonly ModelPlace[]): Crew =>
    openCrew(
      {
        name: 'scoring-shadow',
        places,
        isTrial: true,
        onAgain: () => deps.onWays(ways()),
        onDeath({ why, gaveUp }) {
          if (live === undefined) return;
          deps.onWays(nowhere);
          if (gaveUp) deps.onGaveUp({ code: 'internal', message: why });
        },
      },
      deps,
    );

  return {
    get crew() {
      return live?.crew;
    },
    ways,
    async use(places) {
      const key = JSON.stringify(places);
      if (live?.key === key || (live === undefined && places.length === 0)) return undefined;
      await end();
      if (places.length === 0) return undefined;
      const crew = open(places);
      await untilReady(crew, deps.signal);
      const models = Object.fromEntries(places.map(({ id }) => [id, true]));
      const fault = deps.signal.aborted ? undefined : trialFault(crew, { models });
      if (fault !== undefined || deps.signal.aborted) {
        await crew.stop();
        return fault;
      }
      live = { key, crew };
      deps.onWays(ways());
      return undefined;
    },
    stop: end,
  };
}
