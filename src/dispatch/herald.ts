import type { EventBook } from '../ledger/events.ts'
import type { LedgerEvent } from '../ledger/run.ts'
import type { JobEvent, JobEventData } from './job-event.ts'

/** Tells what happens to runs to whoever listens in this process. */
export interface Herald {
  /** Tells an event that the ledger keeps, by its id. */
  tellKept(id: number): void
  /** Tells progress that is not kept. */
  tellLive(run: string, at: number, data: JobEventData): void
  subscribe(run: string | null, listener: (event: JobEvent) => void): () => void
}

/** @param onError hears of a listener that threw; the others are told all the same */
export function openHerald(events: EventBook, onError: (error: unknown) => void): Herald {
  const all = new Set<(event: JobEvent) => void>()
  const byRun = new Map<string, Set<(event: JobEvent) => void>>()
  const tell = (event: JobEvent) => {
    for (const listener of [...(byRun.get(event.run) ?? []), ...all]) {
      try {
        listener(event)
      } catch (error) {
        onError(error)
      }
    }
  }
  return {
    tellKept: (id) => {
      const event = all.size === 0 && byRun.size === 0 ? null : events.find(id)
      if (event !== null) tell(toJobEvent(event))
    },
    tellLive: (run, at, data) => {
      if (all.size > 0 || byRun.has(run)) tell({ id: null, run, type: 'progress', at: timeOfDay(at), data })
    },
    subscribe: (run, listener) => {
      const group = run === null ? all : (byRun.get(run) ?? new Set())
      if (run !== null) byRun.set(run, group)
      group.add(listener)
      return () => {
        group.delete(listener)
        if (run !== null && group.size === 0 && byRun.get(run) === group) byRun.delete(run)
      }
    },
  }
}

/** A kept event as users read it. */
export function toJobEvent({ id, run, type, at, data }: LedgerEvent): JobEvent {
  return { id, run, type: type as JobEvent['type'], at: timeOfDay(at), data: data as JobEventData }
}

/** RFC 3339 UTC. */
export function timeOfDay(at: number): string {
  return new Date(at).toISOString()
}
