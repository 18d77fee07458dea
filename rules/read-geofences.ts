/** The geofences of a document. */
import { isPosition } from './geo/earth.ts';
import { type Fence, openCircle, openPolygon, outsideText } from './geo/fence.ts';
import type { Report } from './report.ts';
import { type GeofenceShape, geofenceSchema } from './schema.ts';

/** What is broken still takes its name. */
export function readGeofences(
  entries: readonly (readonly [string, unknown])[],
  report: Report,
): Map<string, Fence | 'broken'> {
  const fences = new Map<string, Fence | 'broken'>();
  for (const [name, raw] of entries) {
    const shape = geofenceSchema.safeParse(raw);
    const fence = shape.success ? readFence(shape.data, ['geofences', name], report) : undefined;
    fences.set(name, fence ?? 'broken');
  }
  return fences;
}

function readFence(
  { polygon, circle }: GeofenceShape,
  at: readonly (string | number)[],
  report: Report,
): Fence | undefined {
  if ((polygon === undefined) === (circle === undefined)) {
    const message =
      polygon === undefined ? 'the geofence has no border' : 'the geofence has two borders';
    const remedy = 'Write polygon: [[52.1, 4.1], …] or circle: {center: [52.1, 4.2], radius: 50}.';
    report.key(at, 'geofence', message, remedy);
    return undefined;
  }
  if (circle !== undefined) {
    const { center, radius } = circle;
    if (isPosition(center[0], center[1])) return openCircle(center, radius);
    const { message, remedy } = outsideText(center);
    report.value([...at, 'circle', 'center'], 'geofence', message, remedy);
    return undefined;
  }
  const opened = openPolygon(polygon ?? []);
  if (!('message' in opened)) return opened;
  report.value([...at, 'polygon', opened.point], 'geofence', opened.message, opened.remedy);
  return undefined;
}
