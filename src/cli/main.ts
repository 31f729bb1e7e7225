import { type ArgsDef, type CommandDef, renderUsage, runCommand } from 'citty'
import { ExperimentError } from '../experiment/failure.ts'
import { nearestName } from '../experiment/nearest-name.ts'
import { CommandError } from './client.ts'

// biome-ignore lint/suspicious/noExplicitAny: commands differ in their arguments
type Command = CommandDef<any>

/** Loaded on use, so that `jepalab ls` does not wait for what `serve` needs. */
const COMMANDS: Record<string, { readonly about: string; load(): Promise<Command> }> = {
  demo: {
    about: "Train the paper's experiments, print tables, write figures",
    load: async () => (await import('./commands/demo.ts')).demo,
  },
  serve: {
    about: 'Start API, Redis and workers',
    load: async () => (await import('./commands/serve.ts')).serve,
  },
  worker: {
    about: 'Start workers for a service elsewhere (REDIS_URL)',
    load: async () => (await import('./commands/worker.ts')).worker,
  },
  run: {
    about: 'Post an experiment and watch it',
    load: async () => (await import('./commands/run.ts')).run,
  },
  sweep: {
    about: 'Post many runs at once, or preset:NAME, and watch them',
    load: async () => (await import('./commands/sweep.ts')).sweep,
  },
  presets: {
    about: "List the paper's experiments",
    load: async () => (await import('./commands/presets.ts')).presets,
  },
  ls: { about: 'List jobs or sweeps, newest first', load: async () => (await import('./commands/ls.ts')).ls },
  show: {
    about: 'Show a job or a sweep and its result',
    load: async () => (await import('./commands/show.ts')).show,
  },
  watch: {
    about: 'Follow a job or a sweep to its end',
    load: async () => (await import('./commands/watch.ts')).watch,
  },
  cancel: { about: 'End a job or a sweep', load: async () => (await import('./commands/cancel.ts')).cancel },
  figure: {
    about: 'Save the figure of a job or a sweep',
    load: async () => (await import('./commands/figure.ts')).figure,
  },
  export: {
    about: "Save a job's trajectory, or a sweep's table",
    load: async () => (await import('./commands/export.ts')).exportJob,
  },
  datasets: {
    about: 'List image sets, add files or folders, remove one',
    load: async () => (await import('./commands/datasets.ts')).datasets,
  },
  doctor: {
    about: 'Tell what is set up here and what is missing',
    load: async () => (await import('./commands/doctor.ts')).doctor,
  },
}

/**
 * The command line without the process around it: runs one command.
 *
 * @param argv what follows the program's name
 * @returns the exit code: 0, or 1 where the command or the job failed
 */
export async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(overview())
    return name === undefined ? 1 : 0
  }
  try {
    const command = await commandNamed(name)
    if (rest.includes('--help') || rest.includes('-h')) {
      process.stdout.write(`${await renderUsage(command, { meta: { name: 'jepalab' } })}\n`)
      return 0
    }
    refuseUnknownOptions(command.args as ArgsDef, rest)
    const { result } = await runCommand(command, { rawArgs: rest })
    return typeof result === 'number' ? result : 0
  } catch (error) {
    process.stderr.write(`${tell(error)}\n`)
    return 1
  }
}

async function commandNamed(name: string): Promise<Command> {
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (command) return command.load()
  const near = nearestName(name, Object.keys(COMMANDS))
  const hint = near === undefined ? 'See jepalab --help.' : `Did you mean ${near}?`
  throw new CommandError(`There is no command ${name}. ${hint}`)
}

/** citty takes any option; a misspelt one would be ignored in silence. */
function refuseUnknownOptions(args: ArgsDef, given: readonly string[]): void {
  const known = Object.entries(args).flatMap(([name, { type, ...rest }]) => {
    if (type === 'positional') return []
    return [`--${name}`, ...[(rest as { alias?: string }).alias ?? []].flat().map((letter) => `-${letter}`)]
  })
  for (const option of given) {
    if (option === '--') return
    const name = option.split('=')[0]!
    if (!/^-[-a-z]/i.test(name) || known.includes(name)) continue
    const near = nearestName(name, known)
    const hint = near === undefined ? 'See --help.' : `Did you mean ${near}?`
    throw new CommandError(`There is no option ${name} here. ${hint}`)
  }
}

function tell(error: unknown): string {
  if (error instanceof CommandError || error instanceof ExperimentError) return error.message
  if (error instanceof Error && error.name === 'CLIError') return `${error.message}. See --help.`
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

function overview(): string {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length))
  const lines = Object.entries(COMMANDS).map(([name, { about }]) => `  ${name.padEnd(width)}  ${about}`)
  const usage =
    'jepalab trains JEPA and masked autoencoders and compares what they learn with theory.\n\nusage'
  return `${usage}: jepalab COMMAND [options]\n\n${lines.join('\n')}\n\njepalab COMMAND --help tells more.\n`
}
