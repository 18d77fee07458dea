/** Positions on the earth: degrees of WGS84, latitude first. */

/** Mean radius R1 of the earth, m (Moritz 2000, "Geodetic Reference System 1980"). */
const radiusM = 6_371_008.8;
const radians = Math.PI / 180;
/** Metres of one degree along a great circle. */
export const metresPerDegree = radiusM * radians;

/** Whether two numbers are a position; NaN and what lies outside the ranges are none. */
export function isPosition(lat: number, lon: number): boolean {
  return lat >= -90 && lat <= 90 && lon >= -180 && lon <= 180;
}

/**
 * Metres along the sphere by the haversine formula (Sinnott 1984, "Virtues of the Haversine"),
 * which stays exact for small distances; within 0.6 % of the ellipsoid.
 */
export function distanceM(lat1: number, lon1: number, lat2: number, lon2: number): number {
  const sinLat = Math.sin(((lat2 - lat1) * radians) / 2);
  const sinLon = Math.sin(((lon2 - lon1) * radians) / 2);
  const cosines = Math.cos(lat1 * radians) * Math.cos(lat2 * radians);
  const h = sinLat * sinLat + cosines * sinLon * sinLon;
  return 2 * radiusM * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** How much shorter a degree of longitude is than one of latitude. */
export function longitudeScale(lat: number): number {
  return Math.cos(lat * radians);
}
