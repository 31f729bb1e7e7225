import type { JobView } from '../experiment/job-view.ts'
import type { ResultView } from '../experiment/result-view.ts'
import { WITH_RESULT } from '../experiment/states.ts'
import type { ApiClient } from './client.ts'
import { ProgressBar } from './progress-bar.ts'
import { resultTable } from './result-table.ts'
import { watchJob } from './watch-job.ts'

/**
 * Follows a job to its end with a bar on standard error and prints what it learned.
 *
 * @returns the exit code: 0 where there is a result
 */
export async function followJob(
  client: ApiClient,
  id: string,
  options: { json?: boolean | undefined },
): Promise<number> {
  const bar = new ProgressBar(process.stderr, id.slice(0, 8))
  let job: JobView
  try {
    job = await watchJob(client, id, (event) => bar.draw(event.data))
    bar.draw(job)
  } finally {
    bar.end()
  }
  return printOutcome(client, job, options)
}

/** Prints the result of a job that has ended, or why there is none. @returns the exit code */
export async function printOutcome(
  client: ApiClient,
  job: JobView,
  { json = false }: { json?: boolean | undefined },
): Promise<number> {
  if (job.reason) process.stderr.write(`${job.state}: ${job.reason.message}\n`)
  if (!WITH_RESULT.has(job.state)) {
    if (json) process.stdout.write(`${JSON.stringify(job)}\n`)
    else if (!job.reason) process.stderr.write(`${job.id} is ${job.state}.\n`)
    return 1
  }
  const result = await client.get<ResultView>(`/v1/jobs/${job.id}/result`)
  process.stdout.write(json ? `${JSON.stringify(result)}\n` : `\n${resultTable(result)}\n`)
  return 0
}
