/** `prev` and `changed` of positions: the latest known one and the one before it. */
import type { Json } from '@fieldloop/core';
import type { Place } from '../cel/place.ts';
import type { CellInput, MemoryCell } from './cell.ts';
import { jsonNumber, numberOf } from './state.ts';

export function openPlaceHistory(input: CellInput, place: Place): MemoryCell {
  const isPrev = input.fn === 'prev';
  // NaN while there is none: a position is never NaN.
  let lat = Number.NaN;
  let lon = Number.NaN;
  let latBefore = Number.NaN;
  let lonBefore = Number.NaN;
  let changedNs = Number.NaN;
  const cell = {
    number: 0,
    second: 0,
    text: undefined,
    known(nowNs: number): boolean {
      if (isPrev) {
        cell.number = latBefore;
        cell.second = lonBefore;
        return !Number.isNaN(latBefore);
      }
      cell.number = changedNs === nowNs ? 1 : 0;
      return !Number.isNaN(lat);
    },
    fold(nowNs: number): void {
      if (!place.read()) return;
      const isOther = place.lat !== lat || place.lon !== lon;
      if (isOther && !Number.isNaN(lat)) changedNs = nowNs;
      latBefore = lat;
      lonBefore = lon;
      lat = place.lat;
      lon = place.lon;
    },
    reset(): void {
      lat = Number.NaN;
      lon = Number.NaN;
      latBefore = Number.NaN;
      lonBefore = Number.NaN;
      changedNs = Number.NaN;
    },
    save: (): Json => [lat, lon, latBefore, lonBefore, changedNs].map(jsonNumber),
    load(state: Json): void {
      const saved = (state as Json[]).map(numberOf);
      [lat, lon, latBefore, lonBefore, changedNs] = saved as [
        number,
        number,
        number,
        number,
        number,
      ];
    },
  };
  return cell;
}
