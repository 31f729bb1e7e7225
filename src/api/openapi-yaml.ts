import pino from 'pino'
import { stringify } from 'yaml'
import type { Dispatch } from '../dispatch/dispatch.ts'
import { buildApp } from './app.ts'
import { Compute } from './compute.ts'
import { apiDocument } from './openapi.ts'
import { softwareVersion } from './software-version.ts'

/** The text of openapi.yaml: the document of an app that serves nobody. */
export async function openapiYaml(): Promise<string> {
  const app = await buildApp({
    dispatch: {} as Dispatch, // describing the routes calls none of them
    compute: new Compute(), // its thread starts with the first question
    bulk: new Compute(),
    ledger: '',
    artifacts: '',
    clock: () => 0,
    log: pino({ level: 'silent' }),
    version: softwareVersion(),
  })
  try {
    await app.ready()
    const head = '# Written by `npm run openapi` from the routes. Change those, not this file.\n'
    return head + stringify(apiDocument(app), { aliasDuplicateObjects: false, lineWidth: 110 })
  } finally {
    await app.close()
  }
}
