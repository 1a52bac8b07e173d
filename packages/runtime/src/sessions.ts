/** The heartbeat sockets of this node, as the registry needs them: to end a session, and to send all elsewhere (drain). */
import type { Revocation, Session, SessionInit } from '@rollcall/core'
import type { EntityId } from '@rollcall/protocol'

interface Open {
  readonly id: number
  readonly init: SessionInit
  readonly entities: Set<EntityId>
}

export class Sessions {
  readonly #open = new Map<number, Open>()
  readonly #byEntity = new Map<EntityId, Set<Open>>()
  #last = 0

  get size(): number {
    return this.#open.size
  }

  /** Opens a session. A native one takes its entities over from older native ones on this node (L8). */
  open(init: SessionInit): Session {
    const session: Open = { id: ++this.#last, init, entities: new Set() }
    this.#open.set(session.id, session)
    for (const id of init.entities) this.#add(session, id)
    return {
      id: session.id,
      add: (id) => this.#add(session, id),
      close: () => this.#close(session),
    }
  }

  revoke({ id, reason, sessionId }: Revocation): void {
    for (const session of [...(this.#byEntity.get(id) ?? [])]) {
      if (sessionId !== undefined && session.id !== sessionId) continue
      // The clients that exist today would only reconnect: their sockets are left alone (L8).
      if (reason === 'superseded' && session.init.kind !== 'native') continue
      this.#drop(session, id)
      session.init.onRevoked(id, reason)
    }
  }

  /** Sends every session elsewhere. */
  move(nodes: readonly string[]): void {
    for (const session of [...this.#open.values()]) session.init.onMoved(nodes)
  }

  #add(session: Open, id: EntityId): void {
    if (session.entities.has(id) || !this.#open.has(session.id)) return
    if (session.init.kind === 'native') {
      for (const older of [...(this.#byEntity.get(id) ?? [])]) {
        if (older.id < session.id) this.revoke({ id, reason: 'superseded', sessionId: older.id })
      }
    }
    session.entities.add(id)
    const sessions = this.#byEntity.get(id) ?? new Set<Open>()
    this.#byEntity.set(id, sessions.add(session))
  }

  #drop(session: Open, id: EntityId): void {
    session.entities.delete(id)
    const sessions = this.#byEntity.get(id)
    sessions?.delete(session)
    if (sessions?.size === 0) this.#byEntity.delete(id)
  }

  #close(session: Open): void {
    for (const id of [...session.entities]) this.#drop(session, id)
    this.#open.delete(session.id)
  }
}
