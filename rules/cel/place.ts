/** Positions as closures see them, and what is asked of them. */
import { type Slots, slotState } from '@fieldloop/recording/slots';
import { distanceM, isPosition } from '../geo/earth.ts';
import type { Fence } from '../geo/fence.ts';
import { openGeohash } from '../geo/geohash.ts';
import type { Moment, NumberOf, TextOf, TruthOf } from './compare.ts';

/** `read` brings latitude and longitude up to date; false while there is no position. */
export interface Place {
  lat: number;
  lon: number;
  read(): boolean;
}

/** What remembers a position. */
export interface PlaceMemory {
  known(nowNs: number): boolean;
  readonly number: number;
  /** The longitude; the latitude is `number`. */
  readonly second?: number | undefined;
}

/** A signal: the latitude in one slot, the longitude in the next. */
export function slotPlace({ states, numbers }: Slots, slot: number): Place {
  const place = {
    lat: Number.NaN,
    lon: Number.NaN,
    read(): boolean {
      const isKnown = states[slot] === slotState.number && states[slot + 1] === slotState.number;
      if (!isKnown) return false;
      place.lat = numbers[slot] ?? Number.NaN;
      place.lon = numbers[slot + 1] ?? Number.NaN;
      return isPosition(place.lat, place.lon);
    },
  };
  return place;
}

/** Two numbers. They may run comparisons, which reset `miss`: it is kept around them. */
export function numbersPlace(lat: NumberOf, lon: NumberOf, moment: Moment): Place {
  const place = {
    lat: Number.NaN,
    lon: Number.NaN,
    read(): boolean {
      const missed = moment.miss;
      moment.miss = false;
      place.lat = lat();
      place.lon = lon();
      const isKnown = !moment.miss;
      moment.miss = missed;
      return isKnown && isPosition(place.lat, place.lon);
    },
  };
  return place;
}

export function choicePlace(when: TruthOf, chosen: Place, otherwise: Place): Place {
  const place = {
    lat: Number.NaN,
    lon: Number.NaN,
    read(): boolean {
      const truth = when();
      if (truth === 2) return false;
      const from = truth === 1 ? chosen : otherwise;
      if (!from.read()) return false;
      place.lat = from.lat;
      place.lon = from.lon;
      return true;
    },
  };
  return place;
}

export function memoryPlace(memory: PlaceMemory, moment: Moment): Place {
  const place = {
    lat: Number.NaN,
    lon: Number.NaN,
    read(): boolean {
      if (!memory.known(moment.nowNs)) return false;
      place.lat = memory.number;
      place.lon = memory.second ?? Number.NaN;
      return true;
    },
  };
  return place;
}

export function insideFence(place: Place, fence: Fence): TruthOf {
  return () => (place.read() ? (fence.contains(place.lat, place.lon) ? 1 : 0) : 2);
}

/** Metres to the border of a geofence, above 0 inside; NaN while the position is unknown. */
export function fenceMargin(place: Place, fence: Fence): NumberOf {
  return () => (place.read() ? fence.marginM(place.lat, place.lon) : Number.NaN);
}

export function distanceBetween(a: Place, b: Place, moment: Moment): NumberOf {
  return () => {
    const isKnown = a.read() && b.read();
    if (isKnown) return distanceM(a.lat, a.lon, b.lat, b.lon);
    moment.miss = true;
    return Number.NaN;
  };
}

export function geohashOf(place: Place, length: number): TextOf {
  const hash = openGeohash(length);
  return () => (place.read() ? hash(place.lat, place.lon) : undefined);
}

/** For people: degrees to a tenth of a metre. */
export function placeText(place: Place): TextOf {
  return () => (place.read() ? `${place.lat.toFixed(6)}, ${place.lon.toFixed(6)}` : undefined);
}
