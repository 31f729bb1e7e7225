import { ExperimentError } from '../experiment/failure.ts'

/**
 * Reads a JSON body. Depth is bounded before parsing, because deep nesting breaks whatever walks the value
 * later; a syntax error is reported with its place, because the engine's own message often has none.
 *
 * @throws BODY_MALFORMED, BODY_TOO_DEEP
 */
export function parseJsonBody(body: Uint8Array, maxDepth: number): unknown {
  const text = decode(body)
  if (text.trim() === '') throw new ExperimentError('BODY_MALFORMED', { why: 'it is empty' })
  if (deepestNesting(text) > maxDepth) throw new ExperimentError('BODY_TOO_DEEP', { limit: maxDepth })
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ExperimentError('BODY_MALFORMED', { why: explainSyntax(text) }, { cause })
  }
}

function decode(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch (cause) {
    throw new ExperimentError('BODY_MALFORMED', { why: 'it is not UTF-8 text' }, { cause })
  }
}

function deepestNesting(text: string): number {
  let depth = 0
  let deepest = 0
  for (let i = 0; i < text.length; i++) {
    const c = text[i]
    if (c === '"') i = endOfText(text, i)
    else if (c === '{' || c === '[') deepest = Math.max(deepest, ++depth)
    else if (c === '}' || c === ']') depth--
  }
  return deepest
}

/** The index of the closing quote of the text that opens at `start`. */
function endOfText(text: string, start: number): number {
  let i = start + 1
  while (i < text.length && text[i] !== '"') i += text[i] === '\\' ? 2 : 1
  return i
}

/** One token of JSON: punctuation, text, number, or one of the three words. */
const TOKEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: JSON texts may not hold them raw
  /[ \t\r\n]*(?:([{}[\],:])|("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-]))/y

/**
 * What may stand at a place. `first` and `firstKey` follow an opening bracket, where the list or object may
 * also end at once.
 */
type Expected = 'value' | 'first' | 'firstKey' | 'key' | 'colon' | 'next' | 'end'

function explainSyntax(text: string): string {
  const open: string[] = []
  let expected: Expected = 'value'
  TOKEN.lastIndex = 0
  for (;;) {
    const from = TOKEN.lastIndex
    const match: RegExpExecArray | null = TOKEN.exec(text)
    const follows: Expected | undefined = match ? accept(match, expected, open) : undefined
    if (follows === undefined) return describe(text, from)
    expected = follows
  }
}

/** What may follow a token, or undefined where the token itself may not stand. */
function accept(match: RegExpExecArray, expected: Expected, open: string[]): Expected | undefined {
  const [, mark, quoted] = match
  const after = (): Expected => (open.length > 0 ? 'next' : 'end')
  if (expected === 'end') return undefined
  if (expected === 'colon') return mark === ':' ? 'value' : undefined
  if (mark === '}' || mark === ']') {
    const first = expected === 'first' || expected === 'firstKey'
    if ((expected !== 'next' && !first) || open.pop() !== (mark === '}' ? '{' : '[')) return undefined
    return after()
  }
  if (expected === 'next') return mark === ',' ? (open.at(-1) === '{' ? 'key' : 'value') : undefined
  if (expected === 'key' || expected === 'firstKey') return quoted === undefined ? undefined : 'colon'
  if (mark === ',' || mark === ':') return undefined
  if (mark === undefined) return after()
  open.push(mark)
  return mark === '{' ? 'firstKey' : 'first'
}

function describe(text: string, from: number): string {
  const at = from + text.slice(from).search(/[^ \t\r\n]|$/)
  if (at >= text.length) return `it ends too early, at position ${at}`
  const found = /^-?\w+|^./su.exec(text.slice(at, at + 20))?.[0] ?? text[at]
  const line = text.slice(0, at).split('\n')
  const where = `position ${at} (line ${line.length}, column ${line.at(-1)!.length + 1})`
  const hint = /^-?(nan|inf)/i.test(found ?? '') ? '; JSON has finite numbers only' : ''
  return `unexpected ${found} at ${where}${hint}`
}
