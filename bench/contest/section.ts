/** The text of BENCH.md with the section of a suite, between its marks, written anew. */
export function withSection(text: string, suite: string, section: string): string {
  const [open, close] = [
    `<!-- ${suite}: written by npm run bench -- --suite ${suite} -->`,
    `<!-- /${suite} -->`,
  ]
  const [from, to] = [text.indexOf(open), text.indexOf(close)]
  if (from < 0 || to < from) throw new Error(`BENCH.md has no section from ${open} to ${close}.`)
  return `${text.slice(0, from)}${open}\n\n${section}\n${text.slice(to)}`
}
