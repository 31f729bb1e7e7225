import { join, relative } from 'node:path'
import { ApiClient } from '../client.ts'
import { startService } from '../local-service.ts'
import { shortTime } from '../progress-bar.ts'
import { type Study, studies } from './studies.ts'
import { trainStudy } from './train-study.ts'
import { twinsTable } from './twins.ts'
import { type Verdict, verdicts } from './verdicts.ts'
import { writeFigures } from './write-figures.ts'

/**
 * Starts a whole service on a free port, asks it over HTTP for the paper's experiments, prints what was
 * measured beside what theory predicts and writes the figures.
 *
 * @returns the exit code: 0 where every study's claim was measured to hold
 */
export async function runDemo(): Promise<number> {
  const began = performance.now()
  const env = { LOG_LEVEL: 'warn', ...process.env, JEPALAB_PORT: '0' }
  const service = await startService(env, (line) => process.stderr.write(`${line}\n`))
  try {
    process.stdout.write(`The service listens on ${service.url}.\n`)
    const client = new ApiClient(service.url)
    const folder = join(service.settings.home, 'demo')
    const found: Verdict[] = []
    for (const study of studies) found.push(await show(client, folder, study))
    const held = found.filter(({ holds }) => holds).length
    process.stdout.write(
      `\n${held} of ${found.length} claims were measured to hold, in ${shortTime((performance.now() - began) / 1000)}.\n` +
        `Figures: ${relative(process.cwd(), folder) || '.'}/*.png and .svg. The jobs stay: npm run serve, then npx jepalab ls.\n`,
    )
    return held === found.length ? 0 : 1
  } finally {
    await service.close()
  }
}

async function show(client: ApiClient, folder: string, study: Study): Promise<Verdict> {
  process.stdout.write(`\n${study.title}. ${study.question}\n`)
  const all = await trainStudy(client, study)
  const verdict = verdicts[study.name]!(all)
  await writeFigures(client, folder, study, all)
  process.stdout.write(
    `\n${twinsTable(all)}\n\n${verdict.holds ? '✓' : '✗ does not hold:'} ${verdict.sentence}\n`,
  )
  return verdict
}
