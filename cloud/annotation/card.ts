/** A task as the one who answers it sees it: small, and with nothing of what others said. */
import { instantField, instantText, nsField } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import type { Db } from '../store/db.ts';
import type { LabelValue } from './annotation.ts';
import { answersOf } from './answers.ts';
import type { Given } from './give.ts';
import { classesJson, classesSchema, valueJson, valueSchema } from './json.ts';
import { mediaOf, type TaskDeps } from './media.ts';
import { ontologyStore } from './ontology-store.ts';
import { taskTypes, type TaskType } from './task.ts';

const cardSchema = z
  .object({
    id: z.string(),
    type: z.enum(taskTypes),
    ontology: z.string().openapi({ description: 'Key in `ontologies` of the answer.' }),
    topic: z.string(),
    startNs: nsField,
    endNs: nsField,
    clip: z.string().openapi({ description: 'Address of the cut that shows it.' }),
    picture: z.string().optional(),
    proposal: valueSchema
      .optional()
      .openapi({ description: 'What a machine says, or who wrote the text before.' }),
    answers: z
      .array(z.object({ annotator: z.string(), value: valueSchema }))
      .optional()
      .openapi({ description: 'What people said: for a senior who decides.' }),
    why: z
      .string()
      .optional()
      .openapi({ description: 'What people could not settle: for a senior who decides.' }),
    untilAt: instantField,
  })
  .openapi('TaskCard');

export const givenSchema = z
  .object({
    items: z.array(cardSchema),
    ontologies: z.record(
      z.string(),
      z.object({
        name: z.string(),
        classes: classesSchema.openapi({ description: 'The first nine have the keys 1 to 9.' }),
        guide: z.string().optional(),
      }),
    ),
  })
  .openapi('GivenTasks');

export type GivenJson = z.infer<typeof givenSchema>;

/** Ontologies stand beside the tasks, each once. */
export async function givenJson(
  deps: TaskDeps,
  given: readonly Given[],
  of: { readonly url: string; readonly guide: boolean },
): Promise<GivenJson> {
  const items: GivenJson['items'] = [];
  const ontologies: GivenJson['ontologies'] = {};
  for (const { task, untilAt, assisted } of given) {
    const media = await mediaOf(deps, task, { expiresAt: untilAt, base: of.url });
    const proposal = assisted ? await proposalOf(deps.read, task) : undefined;
    const answers = task.state === 'adjudication' ? await saidOf(deps.read, task.id) : undefined;
    items.push({
      id: task.id,
      type: task.type as TaskType,
      ontology: task.ontology_sha256,
      topic: task.topic,
      startNs: String(task.start_ns),
      endNs: String(task.end_ns),
      ...media,
      ...(proposal === undefined ? {} : { proposal: valueJson(proposal) }),
      ...(answers === undefined ? {} : { answers, ...whyOf(task) }),
      untilAt: instantText(untilAt),
    });
    const known = await ontologyStore(deps.read).demand(task.ontology_sha256);
    ontologies[task.ontology_sha256] ??= {
      name: known.name,
      classes: classesJson(known),
      ...(of.guide && known.guide !== undefined ? { guide: known.guide } : {}),
    };
  }
  return { items, ontologies };
}

const whyOf = ({ why }: Given['task']) => (why === null ? {} : { why });

async function proposalOf(db: Db, task: Given['task']): Promise<LabelValue | undefined> {
  if (task.type !== 'text') {
    return task.prefill === null ? undefined : (JSON.parse(task.prefill) as LabelValue);
  }
  return (await answersOf(db, [task.id])).get(task.id)?.at(-1)?.value;
}

async function saidOf(
  db: Db,
  taskId: string,
): Promise<NonNullable<GivenJson['items'][number]['answers']>> {
  const answers = (await answersOf(db, [taskId])).get(taskId) ?? [];
  return answers.map(({ annotator, value }) => ({ annotator, value: valueJson(value) }));
}
