import { setTimeout as sleep } from 'node:timers/promises'
import type { JobView } from '../experiment/job-view.ts'
import { ENDED } from '../experiment/states.ts'
import { type ApiClient, ApiError, type EventMessage } from './client.ts'
import { eventMessages } from './event-messages.ts'

const PATIENCE = 10 // reconnections in a row that bring no event

/**
 * Follows a job to its end over server-sent events. A stream that breaks is taken up after the last event
 * that came.
 *
 * @returns the job as it ended
 * @throws ApiError, or CommandError where the service is gone for good
 */
export async function watchJob(
  client: ApiClient,
  id: string,
  tell: (event: EventMessage) => void,
): Promise<JobView> {
  let last = 0
  for (let failures = 0; ; ) {
    try {
      for await (const event of readEvents(client, id, last)) {
        failures = 0
        if (event.id !== null) last = event.id
        tell(event)
      }
      const job = await client.get<JobView>(`/v1/jobs/${id}`)
      if (ENDED.has(job.state)) return job
    } catch (error) {
      if (error instanceof ApiError || ++failures > PATIENCE) throw error
    }
    await sleep(200)
  }
}

async function* readEvents(client: ApiClient, id: string, last: number): AsyncGenerator<EventMessage> {
  const headers: Record<string, string> = last > 0 ? { 'last-event-id': String(last) } : {}
  const reply = await client.fetch(`/v1/jobs/${id}/events`, { headers })
  for await (const { data } of eventMessages(reply)) yield data as EventMessage
}
