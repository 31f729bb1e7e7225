import { defineCommand } from 'citty'
import { runDemo } from '../demo/demo.ts'

/** jepalab demo: the paper's claims, trained here and now. */
export const demo = defineCommand({
  meta: { name: 'demo', description: "Train the paper's experiments, print tables, write figures" },
  args: {},
  run: () => runDemo(),
})
