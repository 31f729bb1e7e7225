import assert from 'node:assert/strict'
import { it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { holdLease } from '../../workers/lease.ts'

const LOCK_MS = 400

it('a lease that is renewed is kept', async () => {
  const lease = holdLease(async () => true, LOCK_MS)
  await wait(3 * LOCK_MS)
  assert.equal(lease.lost.aborted, false)
  lease.release()
  lease.release()
})

it('a lease that cannot be renewed is lost before its lock ends, whatever the time of day says', async () => {
  const began = performance.now()
  const now = Date.now
  Date.now = () => now() - 3_600_000 // the clock on the wall steps back
  const lease = holdLease(() => Promise.reject(new Error('Redis is away')), LOCK_MS)
  try {
    await new Promise((resolve) => lease.lost.addEventListener('abort', resolve))
    const took = performance.now() - began
    assert.ok(took >= 0.75 * LOCK_MS, `lost after ${took} ms`)
    assert.ok(took < LOCK_MS, `lost after ${took} ms of a lock of ${LOCK_MS} ms`)
  } finally {
    Date.now = now
    lease.release()
  }
})

it('a renewal that hangs counts as none', async () => {
  const lease = holdLease(() => new Promise(() => {}), LOCK_MS)
  await wait(LOCK_MS)
  assert.equal(lease.lost.aborted, true)
})

it('a lock that another holds ends the lease at the next renewal', async () => {
  const began = performance.now()
  const lease = holdLease(async () => false, LOCK_MS)
  await new Promise((resolve) => lease.lost.addEventListener('abort', resolve))
  const took = performance.now() - began
  assert.ok(took < 0.75 * LOCK_MS, `lost after ${took} ms`) // a quarter of the lock, on a loaded machine
})
