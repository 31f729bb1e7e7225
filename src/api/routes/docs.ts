import swaggerUi from '@fastify/swagger-ui'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { apiDocument } from '../openapi.ts'
import type { RouteParts } from '../parts.ts'
import { operation } from '../replies.ts'

/** The API's own description, for programs and for people. */
export const docsRoutes =
  (_: RouteParts): FastifyPluginAsyncTypebox =>
  async (app) => {
    const response = { 200: Type.Object({}, { description: 'The OpenAPI 3.1 document of this server' }) }
    app.get('/openapi.json', operation('service', 'readOpenapi', 'This document', { response }), async () =>
      apiDocument(app),
    )
    await app.register(swaggerUi, {
      routePrefix: '/docs',
      transformSpecification: () => apiDocument(app),
      transformSpecificationClone: false,
    })
  }
