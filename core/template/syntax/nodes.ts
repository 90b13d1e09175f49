/** What a template consists of once it is read. */
import type { Context, Renderable } from '../context.ts'

/** A part of a template between two tags, ready to be rendered in the context that the tag was given. */
export type Body = () => string

/** Prints something. */
export type Action = (context: Context, bodies: readonly Body[]) => string

export interface TextNode {
  readonly kind: 'text'
  readonly text: string
}

/** A `{{ variable }}`, or a tag with the parts between it and its end. */
export interface ActionNode {
  readonly kind: 'action'
  readonly line: number
  readonly run: Action
  readonly bodies: readonly (readonly Node[])[]
}

export interface BlockNode {
  readonly kind: 'block'
  readonly line: number
  readonly name: string
  readonly body: readonly Node[]
}

export interface ExtendsNode {
  readonly kind: 'extends'
  readonly line: number
  readonly parent: (context: Context) => Renderable
}

export type Node = TextNode | ActionNode | BlockNode | ExtendsNode
