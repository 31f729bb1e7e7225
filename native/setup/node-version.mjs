/** Ends the process where Node is older than package.json's engines say. Written so that any Node can read it. */
export function demandNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 20)) return
  console.error(
    `Node ${process.versions.node} is too old: jepalab needs 20.20 or newer, from https://nodejs.org`,
  )
  process.exit(1)
}
