/**
 * Functions that remember. Their state is folded when an input may have changed, whether or not
 * a rule reads it then: `a && max(x, "2s") > 1.0` gives the same as the other way round.
 */
import type { CellInput, MemoryCell } from './cell.ts';
import { openCount, openHeld, openMoment, openOnce } from './condition.ts';
import { openHistory } from './history.ts';
import { openInForce } from './in-force.ts';
import { openPlaceHistory } from './places.ts';
import { openAge, openGap, openRate } from './topic.ts';
import { openAverage, openDrop, openExtreme, openQuantile } from './window.ts';
import { openZscore } from './zscore.ts';

export function openCell(input: CellInput): MemoryCell {
  switch (input.fn) {
    case 'prev':
    case 'changed':
      return input.place === undefined ? openHistory(input) : openPlaceHistory(input, input.place);
    case 'rise':
    case 'fall':
      return openMoment(input);
    case 'held':
      return openHeld(input);
    case 'once':
      return openOnce(input);
    case 'count':
      return openCount(input);
    case 'rate':
      return openRate(input);
    case 'age':
      return openAge();
    case 'gap':
      return openGap();
    case 'min':
    case 'max':
      return openExtreme(input);
    case 'avg':
      return openAverage(input);
    case 'p':
      return openQuantile(input);
    case 'drop':
      return openDrop(input);
    case 'zscore':
      return openZscore(input);
    case 'lowest':
    case 'highest':
      return openInForce(input);
  }
}
