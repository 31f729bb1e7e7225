import { main } from './main.ts'

/** The process of the command line. Standard output may still be flushing, so it ends by itself. */
process.exitCode = await main(process.argv.slice(2))
