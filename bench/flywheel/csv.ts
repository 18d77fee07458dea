/** The bench's one door to papaparse. */
import { Fault } from '@fieldloop/core';
import papaparse from 'papaparse';

/** Lines of cells, empty lines left out. Fault `invalid` names the row that cannot be read. */
export function parseCsv(text: string): readonly (readonly string[])[] {
  const { data, errors } = papaparse.parse<string[]>(text, { skipEmptyLines: 'greedy' });
  // A single column is told from no delimiter by us; the parser only warns.
  const [wrong] = errors.filter(({ type }) => type === 'Quotes');
  if (wrong !== undefined) {
    throw new Fault('invalid', wrong.message, {
      place: `row ${(wrong.row ?? 0) + 1}`,
      remedy: 'Close the quotes.',
    });
  }
  return data;
}
