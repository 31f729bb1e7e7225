/** One fault in a body: RFC 6901 pointer to the field and a sentence. */
export interface FieldFault {
  readonly pointer: string
  readonly message: string
}

/**
 * Everything that can go wrong, in one table: code → HTTP status and sentence. The API,
 * docs/errors.md and the tests read this table; no other file invents a code. A sentence states the
 * fact with its number, then what to change.
 */
const failures = {
  BODY_MALFORMED: {
    status: 400,
    say: (f: { why: string }) => `The body is not valid JSON: ${f.why}. Send one JSON object.`,
  },
  BODY_TOO_LARGE: {
    status: 413,
    say: (f: { limit: number }) => `The body is over the limit of ${f.limit} bytes; send a smaller spec.`,
  },
  BODY_TOO_DEEP: {
    status: 400,
    say: (f: { limit: number }) => `The body is nested deeper than ${f.limit} levels; flatten it.`,
  },
  MEDIA_TYPE: {
    status: 415,
    say: (f: { type: string }) => `Content type ${f.type} is not read here; send application/json.`,
  },
  REQUEST_MALFORMED: {
    status: 400,
    say: (f: { why: string }) => `The request cannot be read: ${f.why}. Send a plain HTTP/1.1 request.`,
  },
  REQUEST_TIMEOUT: {
    status: 408,
    say: (f: { seconds: number }) =>
      `The request was not complete after ${f.seconds} s; send it again over a faster connection.`,
  },
  SCHEMA_MISMATCH: {
    status: 400,
    say: (f: { faults: readonly FieldFault[] }) =>
      `The request does not match the schema in ${f.faults.length} place(s); see errors and /docs.`,
  },
  SPEC_INVALID: {
    status: 422,
    say: (f: { faults: readonly FieldFault[] }) =>
      `The experiment cannot be run as it stands: ${f.faults.map((x) => x.message).join(' ')}`,
  },
  DATASET_UNREADABLE: {
    status: 422,
    say: (f: { dataset: string; why: string }) =>
      `Image set ${f.dataset} cannot be read: ${f.why}. Give a registered name, or the path of a whole IDX or npz file.`,
  },
  DATASET_REFUSED: {
    status: 422,
    say: (f: { name: string; why: string }) =>
      `${f.name} does not become an image set: ${f.why}. Nothing of it is kept; see docs/datasets.md.`,
  },
  DATASET_UNKNOWN: {
    status: 404,
    say: (f: { id: string }) => `No image set ${f.id} is registered. List them with GET /v1/datasets.`,
  },
  DATASET_NAME_TAKEN: {
    status: 409,
    say: (f: { name: string; id: string }) =>
      `The name ${f.name} belongs to ${f.id}. Choose another name, or remove that set first.`,
  },
  DATASET_UNSTORED: {
    status: 507,
    say: (f: { folder: string; why: string }) =>
      `The image set cannot be kept in ${f.folder}: ${f.why}. Nothing of it is kept; make room there and add it again.`,
  },
  UPLOAD_TOO_LARGE: {
    status: 413,
    say: (f: { limit: number }) =>
      `The upload is over the limit of ${f.limit} bytes; send less, or give the path of a file on the server.`,
  },
  CUDA_UNAVAILABLE: {
    status: 422,
    say: (f: { why: string }) =>
      `device cuda was asked for but ${f.why}. Install the NVIDIA driver and restart with JEPALAB_TENSORFLOW=cuda, or ask for device auto or cpu.`,
  },
  ENGINE_UNAVAILABLE: {
    status: 422,
    say: (f: { engine: string; why: string }) =>
      `Engine ${f.engine} cannot run this: ${f.why}. Ask for engine auto, or run jepalab doctor for the remedy.`,
  },
  JOB_UNKNOWN: { status: 404, say: (f: { id: string }) => `No job ${f.id}. List jobs with GET /v1/jobs.` },
  SWEEP_UNKNOWN: {
    status: 404,
    say: (f: { id: string }) => `No sweep ${f.id}. List sweeps with GET /v1/sweeps.`,
  },
  PRESET_UNKNOWN: {
    status: 404,
    say: (f: { name: string; near: string | null }) =>
      `No preset ${f.name}. ${f.near === null ? 'List them with GET /v1/presets.' : `Did you mean ${f.near}?`}`,
  },
  ARTIFACT_UNKNOWN: {
    status: 404,
    say: (f: { id: string; name: string }) => `Job ${f.id} has no artifact named ${f.name}. List them first.`,
  },
  RANGE_UNSATISFIABLE: {
    status: 416,
    say: (f: { name: string; bytes: number }) =>
      `The range lies outside of ${f.name}, which has ${f.bytes} bytes; ask for bytes 0 to ${f.bytes - 1}.`,
  },
  ROUTE_UNKNOWN: {
    status: 404,
    say: (f: { method: string; path: string }) => `There is no ${f.method} ${f.path}. See /docs.`,
  },
  STATE_CONFLICT: {
    status: 409,
    say: (f: { id: string; state: string; wanted: string }) =>
      `${f.id.startsWith('s') ? 'Sweep' : 'Job'} ${f.id} is ${f.state}, so ${f.wanted} makes no sense now.`,
  },
  RUNS_FAILED: {
    status: 409,
    say: (f: { id: string; total: number; failed: number; cancelled: number }) =>
      `${f.failed + f.cancelled} of ${f.total} runs have no result (${f.failed} failed, ${f.cancelled} cancelled); list them with GET /v1/jobs?sweep=${f.id}&state=failed and post the sweep again to run them anew.`,
  },
  QUEUE_UNREACHABLE: {
    status: 503,
    say: (f: { why: string }) =>
      `Redis cannot be reached: ${f.why}. The job is kept and queued once Redis is back.`,
  },
  NOT_READY: {
    status: 503,
    say: (f: { what: string; why: string }) =>
      `The service is not ready: ${f.what} ${f.why}. Try again shortly.`,
  },
  REDIS_UNSTARTED: {
    status: 500,
    say: (f: { why: string }) =>
      `The embedded Redis does not start: ${f.why}. Run jepalab doctor, or set REDIS_URL to a Redis elsewhere.`,
  },
  HOME_IN_USE: {
    status: 500,
    say: (f: { folder: string; pid: string }) =>
      `Another service (process ${f.pid}) uses ${f.folder}. Stop it, or set JEPALAB_HOME to another folder.`,
  },
  WORKER_CRASHED: {
    status: 500,
    say: (f: { crashes: number; why: string }) =>
      `The worker of this run ended ${f.crashes} times (${f.why}). See the worker's log, lower the memory it needs, and post the experiment again.`,
  },
  ARTIFACTS_UNWRITABLE: {
    status: 500,
    say: (f: { folder: string; why: string }) =>
      `The artifact folder ${f.folder} cannot be written: ${f.why}. Make room or give the worker the right to write there, then post the experiment again.`,
  },
  ARTIFACT_DAMAGED: {
    status: 500,
    say: (f: { name: string; why: string }) =>
      `Artifact ${f.name} is damaged: ${f.why}. Post the experiment with the next replicate to make it anew.`,
  },
  ENVIRONMENT_INVALID: {
    status: 500,
    say: (f: { name: string; value: string; wanted: string }) =>
      `${f.name} is "${f.value}" but must be ${f.wanted}. Change it in the environment or in .env.`,
  },
  INTERNAL: { status: 500, say: (_: Record<string, never>) => 'The server failed; the log has the reason.' },
} as const

export type FailureCode = keyof typeof failures
export type Facts<C extends FailureCode> = Parameters<(typeof failures)[C]['say']>[0]

/** The one error class. `facts` carries the numbers, so that no caller parses a message. */
export class ExperimentError<C extends FailureCode = FailureCode> extends Error {
  override readonly name = 'ExperimentError'
  readonly code: C
  readonly facts: Facts<C>
  readonly statusCode: number

  constructor(code: C, facts: Facts<C>, options?: ErrorOptions) {
    const { status, say } = failures[code]
    super((say as (f: Facts<C>) => string)(facts), options)
    this.code = code
    this.facts = facts
    this.statusCode = status
  }
}

export const failureCodes = Object.keys(failures) as FailureCode[]

/** The HTTP status of a code. */
export function failureStatus(code: FailureCode): number {
  return failures[code].status
}
