import type { JobView } from '../../experiment/job-view.ts'
import { depthOf } from '../../experiment/model-spec.ts'
import type { Prediction } from '../../experiment/prediction.ts'
import type { ResultView, SpectrumView } from '../../experiment/result-view.ts'
import type { ExperimentSpec, Objective } from '../../experiment/spec.ts'
import { type ApiClient, CommandError } from '../client.ts'
import { ProgressBar } from '../progress-bar.ts'
import { watchJob } from '../watch-job.ts'
import type { Setting, Study } from './studies.ts'
import type { Twins } from './twins.ts'

const OBJECTIVES: readonly Objective[] = ['jepa', 'mae']

/** Posts all runs of a study, follows them with bars on standard error and reads their results. */
export async function trainStudy(client: ApiClient, study: Study): Promise<Twins[]> {
  const posted = []
  for (const setting of study.settings) posted.push(await postTwins(client, setting))
  const all: Twins[] = []
  for (const { label, jobs } of posted) {
    const jepa = await finish(client, jobs.jepa, `${label}, JEPA`)
    const mae = await finish(client, jobs.mae, `${label}, MAE`)
    all.push({ label, jepa, mae })
  }
  return all
}

async function postTwins(
  client: ApiClient,
  { label, spec }: Setting,
): Promise<{ label: string; jobs: Record<Objective, JobView> }> {
  const [jepa, mae] = await Promise.all(
    OBJECTIVES.map(async (objective) => {
      const settled = await withTime(client, {
        ...spec(objective),
        name: `${objective.toUpperCase()}, ${label}`,
      })
      return client.post<JobView>('/v1/jobs', settled)
    }),
  )
  return { label, jobs: { jepa: jepa!, mae: mae! } }
}

/** Flow runs a quarter longer than theory says the slowest feature needs, in two significant digits. */
async function withTime(client: ApiClient, spec: ExperimentSpec): Promise<ExperimentSpec> {
  if (spec.training.mode !== 'flow' || spec.init.kind === 'explicit') return spec
  const { lambda, rho } = await client.post<SpectrumView>('/v1/spectra', { data: spec.data })
  const request = {
    objective: spec.objective,
    depth: depthOf(spec.model),
    scale: spec.init.scale,
    lambda,
    rho,
  }
  const { features } = await client.post<Prediction>('/v1/predictions', request)
  const slowest = Math.max(...features.map(({ criticalTime }) => criticalTime ?? 0))
  return { ...spec, training: { mode: 'flow', time: Number((1.25 * slowest).toPrecision(2)) } }
}

async function finish(client: ApiClient, { id }: JobView, label: string): Promise<ResultView> {
  const bar = new ProgressBar(process.stderr, label.padEnd(24))
  try {
    const job = await watchJob(client, id, (event) => bar.draw(event.data))
    bar.draw(job)
    if (job.state !== 'succeeded') {
      throw new CommandError(`${label} ended ${job.state}: ${job.reason?.message ?? 'no reason was given'}`)
    }
  } finally {
    bar.end()
  }
  return client.get<ResultView>(`/v1/jobs/${id}/result`)
}
