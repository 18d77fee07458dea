/** The recipe of the built-in trainer, checked before a training is queued. */
import { Fault } from '@fieldloop/core';
import { z } from '../../http/openapi.ts';
import { type Config, usualConfig } from '../training.ts';
import type { Recipe } from './recipe.ts';

const schema = z
  .strictObject({
    kind: z.enum(['mlp', 'head']).default(usualConfig.kind),
    hidden: z.array(z.int().min(1).max(4096)).max(8).optional(),
    epochs: z.int().min(1).max(10_000).default(usualConfig.epochs),
    batch: z.int().min(1).max(65_536).default(usualConfig.batch),
    learningRate: z.number().positive().max(10).default(usualConfig.learningRate),
    weightDecay: z.number().min(0).max(10).default(usualConfig.weightDecay),
    scheduler: z.enum(['cosine', 'constant']).default(usualConfig.scheduler),
    warmStart: z.boolean().default(usualConfig.warmStart),
    standardise: z.boolean().default(usualConfig.standardise),
    classes: z.array(z.string().min(1).max(64)).min(2).max(1000).optional(),
  })
  .transform(({ hidden, ...given }) => ({
    ...given,
    hidden: hidden ?? (given.kind === 'head' ? [] : [...usualConfig.hidden]),
  }));

/**
 * With everything said that was left out. Fault `invalid` names the place; without a base nothing
 * can begin with its weights.
 */
export function checkRecipe(config: Config, hasBase = true): Recipe & Config {
  const parsed = schema.safeParse(config);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Fault('invalid', `the config of the built-in trainer: ${issue?.message ?? ''}`, {
      place: `/body/config/${(issue?.path ?? []).map(String).join('/')}`,
      remedy: 'docs/operating/training.md lists what the built-in trainer takes.',
    });
  }
  const recipe = parsed.data;
  if (recipe.kind === 'head' && (recipe.hidden.length > 0 || recipe.standardise)) {
    throw new Fault('invalid', 'a head has no hidden layers and takes the input as its base does', {
      place: '/body/config/kind',
      remedy: 'Leave hidden and standardise out, or use kind: mlp.',
    });
  }
  if (recipe.warmStart && recipe.standardise) {
    throw new Fault('invalid', 'weights of a base take the input as the base does', {
      place: '/body/config/standardise',
      remedy: 'Leave standardise or warmStart out.',
    });
  }
  if (!hasBase && (recipe.warmStart || recipe.kind === 'head')) {
    throw new Fault('invalid', 'there is no base model to begin with', {
      place: `/body/config/${recipe.warmStart ? 'warmStart' : 'kind'}`,
      remedy: 'Import one with `fieldloop models import`, or train fresh weights.',
    });
  }
  const { classes, ...rest } = recipe;
  return classes === undefined ? rest : { ...rest, classes };
}
