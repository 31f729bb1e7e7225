import { defineCommand } from 'citty'
import { checkUp } from '../checkup.ts'
import type { Finding } from '../finding.ts'

/** jepalab doctor: what was found on this machine, and the remedy where something is missing. */
export const doctor = defineCommand({
  meta: { name: 'doctor', description: 'Tell what is set up here and what is missing' },
  args: { json: { type: 'boolean', description: 'Print JSON' } },
  async run({ args }) {
    const findings = await checkUp(process.env)
    const ok = findings.every((finding) => finding.ok)
    if (args.json) process.stdout.write(`${JSON.stringify({ ok, findings })}\n`)
    else
      process.stdout.write(
        `${findings.map(lineOf).join('\n')}\n${ok ? 'All is there.' : 'Something is missing.'}\n`,
      )
    return ok ? 0 : 1
  },
})

function lineOf({ name, ok, says, remedy }: Finding): string {
  const line = `${ok ? '✓' : '✗'} ${name.padEnd(10)}  ${says}`
  return remedy === undefined ? line : `${line}\n${' '.repeat(14)}${remedy}`
}
