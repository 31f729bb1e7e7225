import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Backend, DTYPE } from '../../workers/engines/tensorflow/recorder/binding.ts'
import { constantBytes } from '../../workers/engines/tensorflow/recorder/constant.ts'
import type { Node, Value } from '../../workers/engines/tensorflow/recorder/graph.ts'
import { operationsOf } from '../../workers/engines/tensorflow/recorder/library.ts'
import { fieldsOf, Message, textOf } from '../../workers/engines/tensorflow/recorder/proto.ts'
import { simplify } from '../../workers/engines/tensorflow/recorder/simplify.ts'
import { needsTensorFlow, tensors } from './recorded.ts'

const hex = (message: Message) => Buffer.from(message.encode()).toString('hex')

it('messages have the bytes that protocol buffers prescribe', () => {
  assert.equal(hex(new Message().number(1, 150)), '089601') // the example of the encoding's own guide
  assert.equal(hex(new Message().number(1, -2)), '08feffffffffffffffff01')
  assert.equal(hex(new Message().string(2, 'testing')), '120774657374696e67')
  assert.equal(hex(new Message().message(3, new Message().number(1, 150))), '1a03089601')
  assert.equal(hex(new Message().float(4, 1)), '250000803f')
  assert.equal(hex(new Message().number(16, true)), '800101')
})

it('messages are read as they were written', () => {
  const text = 'x'.repeat(300)
  const message = new Message()
    .number(1, 2 ** 40)
    .float(2, 0.5)
    .string(3, text)
    .number(99, 7)
  const fields = [...fieldsOf(message.encode())]
  assert.deepEqual(
    fields.map(({ field, number }) => [field, number]),
    [
      [1, 2 ** 40],
      [3, 0],
      [99, 7],
    ],
  )
  assert.equal(textOf(fields[1]!.bytes), text)
})

it('a constant of one number is kept as one element', () => {
  assert.equal(constantBytes(DTYPE.float32, new Float32Array(100).fill(3)).length, 4)
  assert.equal(constantBytes(DTYPE.float32, Float32Array.of(0, -0)).length, 8, '+0 and −0 are not one')
  assert.equal(constantBytes(DTYPE.int32, Int32Array.of(5, 5, 6)).length, 12)
  assert.equal(constantBytes(DTYPE.bool, Uint8Array.of(1, 1, 1)).length, 1)
  assert.equal(constantBytes(DTYPE.float32, new Float32Array(0)).length, 0)
})

describe('a graph is simplified', () => {
  const form = { dtype: DTYPE.float32, shape: [2] }
  const base = { attributes: [], inputs: [], bytes: new Uint8Array(0), place: new Error('test') }
  const value = (node: Node): Value => ({ node, output: 0 })
  const argument = (name: string): Node => ({ ...base, kind: 'argument', name, outputs: [form] })
  const constant = (...numbers: number[]): Node => {
    const bytes = new Uint8Array(Float32Array.from(numbers).buffer)
    return { ...base, kind: 'constant', name: '', outputs: [form], bytes }
  }
  const call = (name: string, ...inputs: Node[]): Node => ({
    ...base,
    kind: 'operation',
    name,
    inputs: inputs.map(value),
    outputs: [form],
  })
  const namesOf = (nodes: Node[], result: Node) => {
    const graph = { nodes, state: new Map([['w', value(result)]]), metrics: new Map() }
    return simplify(graph).nodes.map(({ name }) => name)
  }

  it('by leaving out what no result needs', () => {
    const [w, x] = [argument('state.w'), argument('inputs.x')]
    const [used, unused] = [call('Sin', w), call('Cos', x)]
    assert.deepEqual(namesOf([w, x, used, unused], used), ['state.w', 'Sin'])
  })

  it('by keeping once what is there twice', () => {
    const w = argument('state.w')
    const [one, two] = [call('Sin', w), call('Sin', w)]
    const sum = call('Add', one, two)
    assert.deepEqual(namesOf([w, one, two, sum], sum), ['state.w', 'Sin', 'Add'])
  })

  it('by passing over casts, reshapes and products with 1 that change nothing', () => {
    const [w, ones] = [argument('state.w'), constant(1, 1)]
    const cast = call('Cast', w)
    const shaped = call('Reshape', cast, ones)
    const product = call('Mul', ones, shaped)
    const end = call('Sin', product)
    assert.deepEqual(namesOf([w, ones, cast, shaped, product, end], end), ['state.w', 'Sin'])
    const halved = call('Mul', w, constant(0.5, 1))
    assert.deepEqual(namesOf([w, halved], halved), ['state.w', 'Mul'], 'a product with another number stays')
  })
})

describe("the library's own list of operations", needsTensorFlow, () => {
  it('tells arguments, attributes and which keep a state', async () => {
    const tf = await tensors()
    const operations = operationsOf((tf.backend() as unknown as Backend).binding)
    assert.deepEqual(
      operations('GatherV2')?.inputs.map(({ name, typeAttribute }) => [name, typeAttribute]),
      [
        ['params', 'Tparams'],
        ['indices', 'Tindices'],
        ['axis', 'Taxis'],
      ],
    )
    assert.equal(operations('ConcatV2')?.inputs[0]?.numberAttribute, 'N')
    assert.equal(operations('StatelessWhile')?.outputs[0]?.typeListAttribute, 'T')
    assert.equal(operations('MatMul')?.attributes.get('T'), null)
    assert.notEqual(operations('MatMul')?.attributes.get('transpose_a'), null)
    const stateful = ['RandomUniform', 'StatelessRandomUniformV2'].map((name) => operations(name)?.isStateful)
    assert.deepEqual(stateful, [true, false])
    assert.equal(operations('NoSuchOperation'), undefined)
  })
})
