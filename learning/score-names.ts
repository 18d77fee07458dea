/** The numbers that a scorer may give of a frame. Rules read them as signals by these names. */
export const scoreTexts = {
  entropy:
    'Classification: entropy of the probabilities over ln K, 0 to 1; of segments the mean of their steps.',
  margin: 'Classification: 1 - (best - second best), 0 to 1.',
  energy: 'Classification by logits: -T · logsumexp(z / T); the higher, the stranger.',
  doubt:
    '1 - the largest probability; of a detector the mean of 4c(1 - c) over its boxes; of segments ' +
    'the mean entropy of their steps and that of the steps at a change of class, 0 to 2.',
  disagreement: 'Ensembles of classifiers: Jensen-Shannon divergence of the members, 0 to 1.',
  flicker: 'Detection: share of the boxes of the frame before that are not there again, 0 to 1.',
  boxes: 'Detection: number of boxes above the threshold of the model.',
  top: 'Detection: score of the surest box, 0 to 1; 0 without boxes.',
  value: 'Regression: what the model says; of several numbers the first.',
  deviation: 'Regression: standard deviation by the ensemble and by the variance it states.',
  auxiliary: 'What the head says that was trained on where the model is wrong; no bounds.',
  novelty: 'With an embedding: distance to the nearest of the last 256 that went into clips.',
} as const;

export type ScoreName = keyof typeof scoreTexts;

/** In a fixed order. */
export const scoreNames = Object.keys(scoreTexts) as readonly ScoreName[];
