import { join } from 'node:path'
import { repositoryRoot } from '../../src/experiment/repository.ts'
import { Peer, pythonPeer } from '../contest/peer.ts'

export type PeerName = 'torch' | 'jax' | 'diffrax'
export const PEER_TITLES: Readonly<Record<PeerName, string>> = {
  torch: 'PyTorch',
  jax: 'JAX',
  diffrax: 'diffrax',
}

/** The forms in bench/lanes/peers. */
export function startPeer(name: PeerName, python: string): Promise<Peer> {
  return Peer.start(pythonPeer(name, PEER_TITLES[name], python, join(repositoryRoot(), 'bench/lanes/peers')))
}
