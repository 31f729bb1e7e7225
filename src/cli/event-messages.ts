import { CommandError } from './client.ts'

/** One server-sent event: its name, and its data read as JSON. */
interface Message {
  readonly type: string
  readonly data: unknown
}

/** The server-sent events of a reply, as they come. @throws CommandError where one is not JSON */
export async function* eventMessages(reply: Response): AsyncGenerator<Message> {
  if (reply.body === null) return
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of reply.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true })
    const messages = text.split('\n\n')
    text = messages.pop() ?? ''
    for (const message of messages) {
      const data = /^data: (.*)$/m.exec(message)?.[1]
      const type = /^event: (.*)$/m.exec(message)?.[1] ?? 'message'
      if (data !== undefined) yield { type, data: parse(data) }
    }
  }
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data)
  } catch (cause) {
    throw new CommandError('The service sent an event that is not JSON.', { cause })
  }
}
