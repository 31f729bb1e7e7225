import { axisValues, checkAxes, countPoints } from '../experiment/axes.ts'
import { ExperimentError, type FieldFault } from '../experiment/failure.ts'
import { canonicalJson, sweepId } from '../experiment/identity.ts'
import { checkSweepSchema } from '../experiment/schema.ts'
import type { Axes, Axis, SweepSpec } from '../experiment/sweep.ts'
import type { SweepView } from '../experiment/sweep-view.ts'
import { labelled, type Sweep } from '../ledger/sweep.ts'
import type { PlacedRun } from '../ledger/sweep-runs.ts'
import type { SweepQuery } from '../ledger/sweeps.ts'
import { mostRuns } from '../report/sweeps/boundary.ts'
import { checkDepth } from './admission.ts'
import type { Desk } from './desk.ts'
import type { Courses, SweepWork } from './sweep-course.ts'
import { sweepViewOf } from './sweep-view.ts'

/** What the API does with sweeps. */
export interface SweepDesk {
  /**
   * Admits a sweep: every point of it is held to what a run must be before any is queued. `created` is false where the
   * same sweep is there already and under way or done.
   *
   * @throws BODY_TOO_DEEP, SCHEMA_MISMATCH, SPEC_INVALID, DATASET_UNREADABLE
   */
  postSweep(body: unknown): Promise<{ view: SweepView; created: boolean }>
  /** Adds values to axes; only the runs that are missing are trained. @throws SWEEP_UNKNOWN, STATE_CONFLICT while it is being cancelled, and as `postSweep` */
  extendSweep(id: string, body: unknown): Promise<SweepView>
  /** Ends a sweep with those of its runs that nobody else asks for. @throws SWEEP_UNKNOWN, STATE_CONFLICT where it has ended */
  cancelSweep(id: string): SweepView
  /** @throws SWEEP_UNKNOWN */
  findSweep(id: string): SweepView
  /** Newest first. @throws SCHEMA_MISMATCH where `after` is no cursor of ours */
  listSweeps(query: Partial<SweepQuery>): { items: SweepView[]; nextCursor: string | null }
  /** Runs in the order of the points, with their places, after a place (the first ones where it is left out). @throws SWEEP_UNKNOWN */
  sweepRuns(id: string, page: { readonly after?: number; readonly limit: number }): PlacedRun[]
  /** The JSON text of the SweepAnalysis; null before the sweep's end. @throws SWEEP_UNKNOWN */
  sweepAnalysis(id: string): string | null
}

const PAGE = 50
const CHECKED_AT_ONCE = 500

export function openSweepDesk(desk: Desk, courses: Courses, work: SweepWork, maxRuns: number): SweepDesk {
  const { ledger, clock } = desk
  const known = (id: string): Sweep => {
    const sweep = ledger.sweeps.find(id)
    if (sweep === null) throw new ExperimentError('SWEEP_UNKNOWN', { id })
    return sweep
  }
  const view = (id: string) => {
    const sweep = known(id)
    return sweepViewOf(sweep, ledger.sweeps.counts(id), clock())
  }
  const begin = (id: string) => {
    courses.take(id)
    desk.bell.ring()
    return view(id)
  }
  const check = async (spec: SweepSpec) => {
    checkAxes(spec, maxRuns)
    checkSearch(spec, maxRuns)
    const count = countPoints(spec)
    for (let from = 0; from < count; from += CHECKED_AT_ONCE) await work.check(spec, from, CHECKED_AT_ONCE)
  }
  /** A boundary search finds its points as it goes. */
  const pointsOf = (spec: SweepSpec) => (spec.search === 'boundary' ? 0 : countPoints(spec))
  return {
    postSweep: async (body) => {
      checkDepth(body)
      checkSweepSchema(body)
      const spec = settled(body)
      const id = sweepId(spec)
      const isToBegin = () => {
        const { state = null } = ledger.sweeps.find(id) ?? {}
        return state === null || RETRIABLE.has(state)
      }
      if (isToBegin()) await check(spec)
      if (!isToBegin()) {
        ledger.sweeps.label(id, spec) // it may have been posted or extended meanwhile
        return { view: view(id), created: false }
      }
      const before = ledger.sweeps.find(id)
      if (before === null) ledger.sweeps.post(id, spec, pointsOf(spec), clock())
      else ledger.sweeps.restart(id, labelled(before.spec, spec), pointsOf(before.spec))
      desk.log.info({ sweep: id, points: pointsOf(spec) }, 'sweep posted')
      return { view: begin(id), created: true }
    },
    extendSweep: async (id, body) => {
      checkDepth(body)
      checkSweepSchema({ base: known(id).spec.base, ...(body as object) })
      for (;;) {
        const { spec, state, revision } = known(id)
        if (state === 'cancelling') throw new ExperimentError('STATE_CONFLICT', { id, state, wanted: 'more' })
        const extended = { ...spec, axes: joined(spec, (body as { axes: Axes }).axes) }
        await check(extended)
        if (known(id).revision !== revision) continue // somebody else has extended it meanwhile
        ledger.sweeps.restart(id, extended, pointsOf(extended))
        desk.log.info({ sweep: id, points: pointsOf(extended) }, 'sweep extended')
        return begin(id)
      }
    },
    cancelSweep: (id) => {
      const { state, finishedAt } = known(id)
      if (finishedAt !== null) throw new ExperimentError('STATE_CONFLICT', { id, state, wanted: 'cancel' })
      ledger.sweeps.setState(id, 'cancelling', clock())
      return begin(id)
    },
    findSweep: view,
    listSweeps: (query) => {
      const { items, nextCursor } = ledger.sweeps.list({ limit: PAGE, ...query })
      const views = items.map((sweep) => sweepViewOf(sweep, ledger.sweeps.counts(sweep.id), clock()))
      return { items: views, nextCursor }
    },
    sweepRuns: (id, { after = -1, limit }) => {
      known(id)
      return ledger.sweeps.runs(id, after, limit)
    },
    sweepAnalysis: (id) => {
      known(id)
      return ledger.sweeps.analysis(id)
    },
  }
}

/** A search is held to the most runs that it may come to. @throws SPEC_INVALID */
function checkSearch(spec: SweepSpec, maxRuns: number): void {
  const most = spec.search === 'boundary' ? mostRuns(spec) : 0
  if (most <= maxRuns) return
  const message = `The search may take ${most} runs and JEPALAB_MAX_RUNS allows ${maxRuns}; give the first axis fewer values, or a larger tolerance.`
  throw new ExperimentError('SPEC_INVALID', { faults: [{ pointer: '/axes', message }] })
}

const RETRIABLE: ReadonlySet<string> = new Set(['failed', 'partially_succeeded', 'cancelled'])

/** The sweep with what decides its points filled in, so that leaving a default out makes no other sweep of it. */
function settled(spec: SweepSpec): SweepSpec {
  const search = spec.search ?? 'grid'
  return { ...spec, search, ...(search === 'boundary' && { tolerance: spec.tolerance ?? 0.01 }) }
}

/** The axes of a sweep with more values. @throws SPEC_INVALID where that is no extension */
function joined({ axes, search, base }: SweepSpec, more: Axes): Axes {
  const faults: FieldFault[] = []
  const all: Record<string, Axis> = { ...axes }
  if (Object.keys(more).length === 0)
    faults.push({
      pointer: '/axes',
      message: `0 axes are given; name one of ${Object.keys(axes).join(', ')}.`,
    })
  for (const [path, axis] of Object.entries(more)) {
    const before = axes[path]
    const why =
      search === 'random'
        ? 'A random search has no values to add to; post it again with a larger count.'
        : before === undefined
          ? `The sweep has no axis ${path}; it has ${Object.keys(axes).join(', ')}. Post a new sweep for another axis.`
          : search === 'boundary' && path !== Object.keys(axes)[0]
            ? `A boundary is sought along ${path}; only its first axis can be given more values.`
            : null
    if (why !== null) faults.push({ pointer: `/axes/${path}`, message: why })
    else all[path] = union(before as Axis, axis, base.seed ?? 0)
  }
  if (faults.length > 0) throw new ExperimentError('SPEC_INVALID', { faults })
  return all
}

function union(before: Axis, more: Axis, seed: number): Axis {
  const areSeeds = !Array.isArray(before) && !Array.isArray(more) && 'seeds' in before && 'seeds' in more
  if (areSeeds) return { seeds: Math.max(before.seeds, more.seeds) }
  const values = axisValues(before, seed)
  const known = new Set(values.map(canonicalJson))
  return [...values, ...axisValues(more, seed).filter((value) => !known.has(canonicalJson(value)))]
}
