import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** A fault of the machine that its user can mend: the fact, then the command that mends it. */
export class SetupTrouble extends Error {
  /** @param {string} fact @param {string} remedy */
  constructor(fact, remedy, options) {
    super(`${fact}\n  ${remedy}`, options)
    this.name = 'SetupTrouble'
    this.fact = fact
    this.remedy = remedy
  }
}

/** The full path of a program on the PATH, or null. */
export function findProgram(name, path = process.env.PATH ?? '') {
  const folders = path.split(delimiter).filter((folder) => folder !== '')
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file)) ?? null
}

/** The path of Python 3, or null. */
export function findPython() {
  return findProgram('python3') ?? findProgram('python')
}

const managers = [
  { program: 'apt-get', install: 'apt-get update && apt-get install -y', names: {} },
  { program: 'dnf', install: 'dnf install -y', names: { 'g++': 'gcc-c++', 'redis-server': 'redis' } },
  {
    program: 'pacman',
    install: 'pacman -S --noconfirm',
    names: { 'g++': 'gcc', 'redis-server': 'redis', 'python3-pip': 'python-pip' },
  },
  { program: 'zypper', install: 'zypper install -y', names: { 'g++': 'gcc-c++', 'redis-server': 'redis' } },
]

/** The command that installs Debian's packages, in the words of this machine's package manager. */
export function installCommand(...debianNames) {
  const manager = managers.find(({ program }) => findProgram(program) !== null) ?? managers[0]
  const command = `${manager.install} ${debianNames.map((name) => manager.names[name] ?? name).join(' ')}`
  return process.getuid?.() === 0 ? command : `sudo sh -c '${command}'`
}
