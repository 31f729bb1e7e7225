import type { Judge } from './evidence.ts'
import { undecided } from './tally.ts'

export const judgeGeneralised: Judge = () => undecided('')
