/** The types of `request.session` follow the `SessionData` that a project declares. */
import { expect } from 'chai'
import { expectTypeOf } from 'expect-type'
import { setup } from '#core/apps'
import { openSession, type Session, type SessionBase, type SessionData } from '#core/contrib/sessions'
import type { ReservedSessionName } from '#core/contrib/sessions'
import { MemoryStore } from './memory_store.ts'

declare module '#core/contrib/sessions' {
  interface SessionData {
    num_visits?: number
    wishes?: string[]
    // @ts-expect-error -- the names of methods are reserved, and the error is here, where the project declares one
    items?: string[]
    // @ts-expect-error
    update?: boolean
    // @ts-expect-error
    load?: { weight: number }
  }
}

type ReservedIn<T> = { [K in keyof T]-?: [T[K]] extends [ReservedSessionName | undefined] ? K : never }[keyof T]

describe('the types of a session', () => {
  let session: Session
  before(() => setup())
  beforeEach(() => {
    session = openSession(new MemoryStore())
  })

  it('are those of SessionData for properties', () => {
    expectTypeOf(session.num_visits).toEqualTypeOf<number | undefined>()
    // @ts-expect-error
    session.num_visits = 'three'
    expect(session.num_visits).to.equal('three')
  })

  it('are those of SessionData for get, with undefined for a key that may not be there', () => {
    session.set('num_visits', 3)
    expectTypeOf(session.get('num_visits')).toEqualTypeOf<number | undefined>()
    expectTypeOf(session.get('num_visits', 0)).toEqualTypeOf<number>()
    expectTypeOf(session.get('wishes', null)).toEqualTypeOf<string[] | null>()
    expectTypeOf(session.pop('wishes')).toEqualTypeOf<string[] | undefined>()
    expectTypeOf(session.setDefault('num_visits', 1)).toEqualTypeOf<number>()
    expect(session.get('num_visits')).to.equal(3)
  })

  it('are unknown for a key that SessionData does not have', () => {
    session.set('undeclared', ['anything'])
    expectTypeOf(session.get('undeclared')).toEqualTypeOf<unknown>()
    expectTypeOf(session.get('undeclared', 1)).toEqualTypeOf<unknown>()
    expect(session.get('undeclared')).to.deep.equal(['anything'])
  })

  it('refuse a value of another type for a declared key', () => {
    // @ts-expect-error
    session.set('num_visits', 'three')
    // @ts-expect-error
    session.setDefault('wishes', [1])
    expect(session.get('num_visits')).to.equal('three')
  })

  it('keep the methods whose names a project tried to declare', () => {
    expectTypeOf(session.items()).toEqualTypeOf<[string, unknown][]>()
    session.set('items', ['book'])
    expect(session.get('items')).to.deep.equal(['book'])
    expect(session.items()).to.deep.equal([['items', ['book']]])
  })

  it('reserve exactly the names of the members that views use', () => {
    type Member = Extract<keyof SessionBase, string> | 'constructor' | 'then'
    expectTypeOf<ReservedIn<SessionData>>().toEqualTypeOf<Member>()
  })

  it('have no member that only the middleware needs', () => {
    for (const name of ['needsFetch', 'fetch', 'hasUnsavedChanges', 'describeDevice', 'metadata', 'peek', 'store']) {
      session.set(name, 'content')
      expect(session[name as never]).to.equal('content')
    }
  })
})
