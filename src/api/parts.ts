import type { FastifyBaseLogger } from 'fastify'
import type { Dispatch } from '../dispatch/dispatch.ts'
import type { Compute } from './compute.ts'
import type { Limits } from './limits.ts'

/** What the API is made of. All of it belongs to the caller, who closes it after the app. */
export interface AppParts {
  readonly dispatch: Dispatch
  /** For what a person waits for. */
  readonly compute: Compute
  /** For whatever takes long: reports, sweeps. It gives way to all else. */
  readonly bulk: Compute
  /** The ledger's file, which compute threads read by themselves. */
  readonly ledger: string
  /** The folder that holds the runs' artifacts. */
  readonly artifacts: string
  /** Time of day in milliseconds since 1970 UTC. */
  readonly clock: () => number
  readonly log: FastifyBaseLogger
  readonly version: string
  readonly limits?: Partial<Limits>
}

/** The same with every limit settled: what a route plugin gets. */
export interface RouteParts extends AppParts {
  readonly limits: Limits
  /** Aborted when the app begins to close: streams end on it. */
  readonly closing: AbortSignal
}
