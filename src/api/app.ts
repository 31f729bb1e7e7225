import swagger from '@fastify/swagger'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, LogController } from 'fastify'
import { ExperimentError } from '../experiment/failure.ts'
import { answerBrokenRequest, holdToTime } from './broken-request.ts'
import { drain } from './drain.ts'
import { isUpload } from './import-reply.ts'
import { parseJsonBody } from './json-body.ts'
import { LIMITS, type Limits } from './limits.ts'
import { describeApi } from './openapi.ts'
import type { AppParts } from './parts.ts'
import { problemOf } from './problem.ts'
import { artifactRoutes } from './routes/artifacts.ts'
import { datasetRoutes } from './routes/datasets.ts'
import { docsRoutes } from './routes/docs.ts'
import { estimateRoutes } from './routes/estimates.ts'
import { eventRoutes } from './routes/events.ts'
import { figureRoutes } from './routes/figures.ts'
import { healthRoutes } from './routes/health.ts'
import { jobRoutes } from './routes/jobs.ts'
import { predictionRoutes } from './routes/predictions.ts'
import { presetRoutes } from './routes/presets.ts'
import { resultRoutes } from './routes/results.ts'
import { spectrumRoutes } from './routes/spectra.ts'
import { sweepFigureRoutes } from './routes/sweep-figures.ts'
import { sweepResultRoutes } from './routes/sweep-results.ts'
import { sweepRoutes } from './routes/sweeps.ts'
import { trajectoryRoutes } from './routes/trajectories.ts'
import { compileValidator } from './validator.ts'

/** A room's plugins in the order of the public contract. */
const ROUTES = [
  jobRoutes,
  resultRoutes,
  trajectoryRoutes,
  figureRoutes,
  eventRoutes,
  artifactRoutes,
  sweepRoutes,
  sweepResultRoutes,
  sweepFigureRoutes,
  presetRoutes,
  datasetRoutes,
  estimateRoutes,
  predictionRoutes,
  spectrumRoutes,
  healthRoutes,
  docsRoutes,
]

/** The HTTP API, built and not listening. */
export async function buildApp(parts: AppParts): Promise<FastifyInstance> {
  const limits = { ...LIMITS, ...parts.limits }
  const app = fastify({
    loggerInstance: parts.log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.uploadMs,
    // Node has one time for all bodies, that of the longest; the others are held to theirs by holdToTime.
    http: {
      connectionsCheckingInterval: Math.min(5_000, limits.requestMs),
      headersTimeout: limits.requestMs,
      requestTimeout: limits.uploadMs,
    },
    clientErrorHandler: answerBrokenRequest(limits),
    frameworkErrors: (error, request, reply) =>
      void sendProblem(error, request, reply as FastifyReply, limits),
    routerOptions: { maxParamLength: 300 },
  }).withTypeProvider<TypeBoxTypeProvider>()
  bound(app, limits)
  const closing = new AbortController()
  app.addHook('preClose', async () => closing.abort())
  await app.register(swagger, describeApi(parts.version))
  for (const routes of ROUTES) await app.register(routes({ ...parts, limits, closing: closing.signal }))
  return app
}

/** How many times the limit a body may be and still get an answer rather than a closed connection. */
const DRAINED = 8

/** Bodies, schemas and errors of every route. */
function bound(app: FastifyInstance, limits: Limits): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (_: FastifyRequest, body: Buffer) => parseJsonBody(body, limits.bodyDepth),
  )
  app.setValidatorCompiler(compileValidator)
  // Replies are made by typed code and held to their schemas by tests; a serializer per schema would only
  // cost start-up time, and turns Infinity into a wrong number where JSON.stringify writes null.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data))
  app.addHook('onRequest', async (request) => {
    if (!isUpload(request)) holdToTime(request.raw, limits)
  })
  app.setErrorHandler(async (error, request, reply) => {
    if ((error as { statusCode?: number }).statusCode === 413)
      await drain(request.raw, DRAINED * limits.bodyBytes)
    return sendProblem(error, request, reply, limits)
  })
  app.setNotFoundHandler((request) => {
    throw new ExperimentError('ROUTE_UNKNOWN', { method: request.method, path: request.url.slice(0, 200) })
  })
}

function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply, limits: Limits) {
  const problem = problemOf(error, request, limits)
  const jobId = (request.params as { id?: string } | undefined)?.id
  if (problem.status >= 500) request.log.error({ err: error, jobId }, problem.detail)
  return reply.code(problem.status).type('application/problem+json').send(problem)
}
