import { defineCommand } from 'citty'
import type { JobView } from '../../experiment/job-view.ts'
import { depthOf } from '../../experiment/model-spec.ts'
import { ENDED } from '../../experiment/states.ts'
import { connect, findId, ID_ARG, isSweep, JSON_ARG, URL_ARG } from '../connection.ts'
import { printOutcome } from '../follow-job.ts'
import { showSweep } from '../show-sweep.ts'

/** jepalab show ID: a job or a sweep, its warnings, and its result once it has one. */
export const show = defineCommand({
  meta: { name: 'show', description: 'Show a job or a sweep and its result' },
  args: { ...ID_ARG, ...JSON_ARG, ...URL_ARG },
  async run({ args }) {
    const client = connect(args)
    const id = await findId(client, args.id)
    if (isSweep(id)) return showSweep(client, id, args)
    const job = await client.get<JobView>(`/v1/jobs/${id}`)
    if (args.json) {
      process.stdout.write(`${JSON.stringify(job)}\n`)
      return 0
    }
    process.stdout.write(`${describe(job)}\n`)
    if (ENDED.has(job.state)) await printOutcome(client, job, {})
    return 0
  },
})

function describe(job: JobView): string {
  const { id, state, attempt, progress, spec, warnings, createdAt, finishedAt, sweeps } = job
  const { objective, data, model, init, training } = spec
  const lines = [
    `${id}${spec.name === undefined ? '' : `  ${spec.name}`}`,
    `${state}, ${Math.floor(progress.fraction * 100)} %, attempt ${attempt}`,
    `${objective} of depth ${depthOf(model)} on ${data.kind}, ${init.kind} start, ${training.mode}`,
    `created ${createdAt}${finishedAt === null ? '' : `, ended ${finishedAt}`}`,
    ...(spec.tags?.length ? [`tags ${spec.tags.join(', ')}`] : []),
    ...(sweeps.length > 0 ? [`in sweeps ${sweeps.join(', ')}`] : []),
    ...warnings.map(({ pointer, message }) => `warning  ${pointer}  ${message}`),
  ]
  return lines.join('\n')
}
