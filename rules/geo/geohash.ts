/**
 * Geohash (Niemeyer 2008): the cell of a grid that a position lies in, each character halving
 * longitude and latitude five times in turn.
 */
const alphabet = '0123456789bcdefghjkmnpqrstuvwxyz';

/** Characters that a geohash may have; twelve are a few centimetres. */
export const geohashMost = 12;

/** Gives the geohash of positions; the text is made anew only when the cell is another one. */
export function openGeohash(length: number): (lat: number, lon: number) => string {
  const bits = length * 5;
  const lonCells = 2 ** Math.ceil(bits / 2);
  const latCells = 2 ** Math.floor(bits / 2);
  let lonBefore = -1;
  let latBefore = -1;
  let text = '';
  return (lat, lon) => {
    // The last cell takes its upper border too.
    const lonCell = Math.min(lonCells - 1, Math.floor(((lon + 180) / 360) * lonCells));
    const latCell = Math.min(latCells - 1, Math.floor(((lat + 90) / 180) * latCells));
    if (lonCell === lonBefore && latCell === latBefore) return text;
    lonBefore = lonCell;
    latBefore = latCell;
    text = '';
    let lonRest = lonCells;
    let latRest = latCells;
    let digit = 0;
    for (let bit = 0; bit < bits; bit += 1) {
      const isLon = bit % 2 === 0;
      if (isLon) lonRest /= 2;
      else latRest /= 2;
      const cell = isLon ? lonCell : latCell;
      const isUpper = Math.floor(cell / (isLon ? lonRest : latRest)) % 2;
      digit = digit * 2 + isUpper;
      if (bit % 5 !== 4) continue;
      text += alphabet.charAt(digit);
      digit = 0;
    }
    return text;
  };
}
